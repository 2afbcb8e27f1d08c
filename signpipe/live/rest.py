"""Whether a hand is up, or rests: low, or still for long where it is."""

import math
from typing import Literal

from signpipe.live.hand_height import Hand, Point
from signpipe.live.stream_settings import StreamSettings

State = Literal["up", "resting", "unknown"]


class HandAtRest:
    """One hand, frame by frame. `last_up` is when it was last up, in seconds."""

    def __init__(self, settings: StreamSettings) -> None:
        self._settings = settings
        self._up = False
        self.last_up = -math.inf
        self._anchor: Point | None = None  # where the hand has stayed
        self._since = 0.0  # since when
        self._resting = False  # whether it rests there
        self._home: Point | None = None  # where it rested last, if that is a place to come back to

    def see(self, time: float, hand: Hand) -> State:
        """What the hand does in the frame at `time` seconds, later than the one before."""
        settings = self._settings
        low = hand.height > (settings.lowered if self._up else settings.raised)
        if hand.place is None or (hand.guessed and not low):
            return "unknown"
        self._up = not low and not self._stays(time, hand.place)
        if self._up:
            self.last_up = time
        return "up" if self._up else "resting"

    def _stays(self, time: float, place: Point) -> bool:
        """Whether the hand rests where it is, above where hands are low."""
        settings = self._settings
        away = math.inf if self._anchor is None else math.dist(place, self._anchor)
        if away > (settings.leave_radius if self._resting else settings.still_radius):
            self._anchor, self._since, self._resting = place, time, False
        at_home = self._home is not None and math.dist(place, self._home) < settings.still_radius
        needed = settings.settle if at_home else settings.still
        if not self._resting and time - self._since >= needed:
            self._resting = True
            self._home = place if place[1] > settings.home_below else None
        return self._resting
