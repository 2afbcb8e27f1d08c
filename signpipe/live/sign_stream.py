"""Landmarks frame by frame to events: hands up, a sign from t0 to t1, hands down.

A sign goes from rest to rest. Memory and work a frame do not depend on how long the stream is.
"""

import math
from dataclasses import dataclass

from signpipe.landmarks.pack import Landmarks
from signpipe.live.hand_height import BodyMeasure
from signpipe.live.rest import HandAtRest
from signpipe.live.sign_frames import SignFrames
from signpipe.live.stream_settings import StreamSettings

FALLBACK_ASPECT = 4 / 3  # of a picture of unknown size: webcams


@dataclass(frozen=True)
class HandsUp:
    """At `time` seconds hands came up: a sign may have begun."""

    time: float


@dataclass(frozen=True)
class SignShown:
    """A sign from `start` to `end` seconds of the stream, with the landmarks of its frames.

    The landmarks' own times begin at 0.
    """

    start: float
    end: float
    landmarks: Landmarks


@dataclass(frozen=True)
class HandsDown:
    """At `time` seconds hands came to rest."""

    time: float


Event = HandsUp | SignShown | HandsDown


class SignStream:
    """Push frames, get events: `HandsUp` and `HandsDown` take turns, with signs between them.

    `width` and `height` are the picture's, in pixels; without them it is taken for 4:3. Events come
    in order of time, and signs are disjoint; mostly there is one between up and down, none if the
    hands were up too shortly, several if they were up for very long.
    """

    def __init__(
        self,
        *,
        width: int | None = None,
        height: int | None = None,
        settings: StreamSettings | None = None,
    ) -> None:
        self.settings = settings or StreamSettings()
        self._body = BodyMeasure(width / height if width and height else FALLBACK_ASPECT)
        self._frames = SignFrames()
        self._now = self._floor = -math.inf  # the last frame; where the last event was
        self._rests = HandAtRest(self.settings), HandAtRest(self.settings)
        self._start: float | None = None  # since when hands are up
        self._up_frames = 0
        self.hands_up = False  # whether `HandsUp` was told, and `HandsDown` not yet

    def push(self, time: float, frame: Landmarks) -> list[Event]:
        """The events that a frame (Landmarks of length 1) at `time` seconds makes certain.

        Frames that are not later than the one before are passed over.
        """
        if not self._now < time < math.inf:
            return []
        events = self.end() if time - self._now > self.settings.gap else []
        if self._now == -math.inf:
            self._floor = time
        self._now = time
        hands = self._body.hands(time, frame)
        states = [rest.see(time, hand) for rest, hand in zip(self._rests, hands, strict=True)]
        self._frames.add(time, frame, hands)
        if self._start is None and "up" not in states:
            self._frames.forget(time - self.settings.margin)
            return events
        if self._start is None:
            self._start = time
        if "up" in states:
            return events + self._raised(self._start)
        wait = self.settings.lost if "unknown" in states else self.settings.rest
        return events + (self._close() if time - self._last_up() >= wait else [])

    def extend(self, landmarks: Landmarks) -> list[Event]:
        """`push` for each frame of Landmarks that have times."""
        assert landmarks.times is not None
        events: list[Event] = []
        for i, time in enumerate(landmarks.times.tolist()):
            at = slice(i, i + 1)
            pose, left, right = landmarks.pose, landmarks.left_hand, landmarks.right_hand
            events += self.push(time, Landmarks(pose[at], left[at], right[at]))
        return events

    def end(self) -> list[Event]:
        """The events that the end of the stream makes certain; what comes later begins anew."""
        events = self._close()
        self._rests = HandAtRest(self.settings), HandAtRest(self.settings)
        self._frames = SignFrames()
        return events

    def _last_up(self) -> float:
        return max(rest.last_up for rest in self._rests)

    def _begins(self, start: float) -> float:
        return max(start - self.settings.margin, self._floor)

    def _raised(self, start: float) -> list[Event]:
        self._up_frames += 1
        if not self.hands_up and self._up_frames > 1 and self._now - start >= self.settings.rise:
            self.hands_up = True
            return [HandsUp(self._begins(start))]
        if self._now - start < self.settings.longest:
            return []
        cut = self._frames.stillest(start + self.settings.longest / 2, self._now)
        sign = self._sign(self._begins(start), cut)
        self._start = self._floor = cut
        self._frames.forget(cut)
        return [sign]

    def _close(self) -> list[Event]:
        """Hands rest since they were last up."""
        if self._start is None:
            return []
        start, end = self._start, max(self._last_up(), self._start)
        events: list[Event] = []
        if self.hands_up:
            to = min(end + self.settings.margin, self._now)
            if end - start >= self.settings.shortest:
                events.append(self._whole_sign(start, end))
            events.append(HandsDown(to))
            self._floor = to
        self._start, self._up_frames, self.hands_up = None, 0, False
        self._frames.forget(self._now - self.settings.margin)
        return events

    def _whole_sign(self, start: float, end: float) -> SignShown:
        settings = self.settings
        first, last = self._frames.trim(start, end, settings.way, settings.way_speed)
        return self._sign(self._begins(first), min(last + settings.margin, self._now))

    def _sign(self, start: float, end: float) -> SignShown:
        return SignShown(start, end, self._frames.cut(start, end))
