"""Events of a stream with what each sign is: joins `SignStream` with a recogniser.

A sign is answered as soon as hands rest, in a time that does not depend on the stream: signs have a
longest length.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from signpipe.answers import Answer
from signpipe.landmarks.pack import Landmarks
from signpipe.live.sign_stream import Event, HandsDown, HandsUp, SignShown, SignStream
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
    """`SignStream` whose signs are answered. With `always` no sign is "none of these".

    `parts` may make several signs of one before they are answered.
    """

    def __init__(
        self,
        decider: Decides,
        *,
        width: int | None = None,
        height: int | None = None,
        always: bool = False,
        settings: StreamSettings | None = None,
        parts: Callable[[SignShown], Sequence[SignShown]] = lambda sign: [sign],
    ) -> None:
        self._decider, self._always, self._parts = decider, always, parts
        self._size = width, height
        self._signs = SignStream(width=width, height=height, settings=settings)

    def push(self, time: float, frame: Landmarks) -> list[AnsweredEvent]:
        """As `SignStream.push`."""
        return self._answered(self._signs.push(time, frame))

    def extend(self, landmarks: Landmarks) -> list[AnsweredEvent]:
        """As `SignStream.extend`."""
        return self._answered(self._signs.extend(landmarks))

    def end(self) -> list[AnsweredEvent]:
        """As `SignStream.end`."""
        return self._answered(self._signs.end())

    def _answered(self, events: Sequence[Event]) -> list[AnsweredEvent]:
        answered: list[AnsweredEvent] = []
        for event in events:
            if isinstance(event, SignShown):
                answered += [self._answer(sign) for sign in self._parts(event)]
            else:
                answered.append(event)
        return answered

    def _answer(self, sign: SignShown) -> AnsweredSign:
        width, height = self._size
        answer = self._decider.decide(
            sign.landmarks, width=width, height=height, always=self._always
        )
        return AnsweredSign(sign.start, sign.end, answer)
