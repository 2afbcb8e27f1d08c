"""Events of a stream with what each sign is: joins `SignStream` with a recogniser.

A sign is answered as soon as hands rest, in a time that does not depend on the stream: signs have a
longest length.
"""

from dataclasses import dataclass
from typing import Protocol

from signpipe.answers import Answer
from signpipe.landmarks.pack import Landmarks
from signpipe.live.sign_stream import HandsDown, HandsUp, SignShown, SignStream
from signpipe.live.stream_settings import StreamSettings


class Decides(Protocol):
    """What answers: a `Recognizer`, or anything else that decides about landmarks."""

    def decide(
        self, landmarks: Landmarks, *, width: int | None, height: int | None, always: bool
    ) -> Answer: ...


@dataclass(frozen=True)
class AnsweredSign:
    """A sign from `start` to `end` seconds of the stream, and what it is."""

    start: float
    end: float
    answer: Answer


AnsweredEvent = HandsUp | AnsweredSign | HandsDown


class AnsweredStream:
    """`SignStream` whose signs are answered. With `always` no sign is "none of these"."""

    def __init__(
        self,
        decider: Decides,
        *,
        width: int | None = None,
        height: int | None = None,
        always: bool = False,
        settings: StreamSettings | None = None,
    ) -> None:
        self._decider, self._always = decider, always
        self._size = width, height
        self._signs = SignStream(width=width, height=height, settings=settings)

    def push(self, time: float, frame: Landmarks) -> list[AnsweredEvent]:
        """As `SignStream.push`."""
        return [self._answered(event) for event in self._signs.push(time, frame)]

    def extend(self, landmarks: Landmarks) -> list[AnsweredEvent]:
        """As `SignStream.extend`."""
        return [self._answered(event) for event in self._signs.extend(landmarks)]

    def end(self) -> list[AnsweredEvent]:
        """As `SignStream.end`."""
        return [self._answered(event) for event in self._signs.end()]

    def _answered(self, event: HandsUp | SignShown | HandsDown) -> AnsweredEvent:
        if not isinstance(event, SignShown):
            return event
        width, height = self._size
        answer = self._decider.decide(
            event.landmarks, width=width, height=height, always=self._always
        )
        return AnsweredSign(event.start, event.end, answer)
