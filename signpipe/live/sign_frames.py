"""The frames of the sign that is being shown, and of the moments before it: no others are kept."""

import math
from collections import deque
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.live.hand_height import Hand

Array = NDArray[np.float32]
PARTS = ("pose", "left_hand", "right_hand")


@dataclass(frozen=True)
class _Frame:
    time: float
    speed: float  # of the faster hand, in shoulder widths a second; inf if it is not known
    rising: float  # the same of the one that rises or falls faster, upwards; 0 if not known
    arrays: tuple[Array, ...]


class SignFrames:
    """Frames in order of time. Add at the end, drop from the beginning, cut out a sign."""

    def __init__(self) -> None:
        self._frames: deque[_Frame] = deque()
        self._hands: tuple[Hand, ...] = ()  # of the last frame

    def __len__(self) -> int:
        return len(self._frames)

    def add(self, time: float, frame: Landmarks, hands: tuple[Hand, ...]) -> None:
        """Keep a copy of a frame (Landmarks of length 1) with its hands."""
        speed, rising = math.inf, 0.0
        known = [
            (hand.place, before.place)
            for hand, before in zip(hands, self._hands, strict=False)
            if hand.place and before.place
        ]
        if known:
            passed = time - self._frames[-1].time
            speed = max(math.dist(*places) for places in known) / passed
            rising = max((before[1] - now[1] for now, before in known), key=abs) / passed
        arrays = tuple(getattr(frame, part)[0].copy() for part in PARTS)
        self._frames.append(_Frame(time, speed, rising, arrays))
        self._hands = hands

    def forget(self, before: float) -> None:
        """Drop the frames before a time."""
        while self._frames and self._frames[0].time < before:
            self._frames.popleft()

    def cut(self, start: float, end: float) -> Landmarks:
        """Landmarks of the frames from `start` to `end`, both included; the first is at time 0."""
        frames = [frame for frame in self._frames if start <= frame.time <= end]
        times = np.array([frame.time for frame in frames])
        parts = zip(*(frame.arrays for frame in frames), strict=True)
        pose, left_hand, right_hand = (np.stack(arrays) for arrays in parts)
        return Landmarks(pose, left_hand, right_hand, times - times[0])

    def trim(self, start: float, end: float, way: float, speed: float) -> tuple[float, float]:
        """From `start` to `end` without the way up and the way down.

        They are what is faster than `speed` (shoulder widths a second) up or down, without a
        break, for at most `way` seconds each.
        """
        frames = [frame for frame in self._frames if start <= frame.time <= end]
        first, last = 0, len(frames) - 1
        while first < last and frames[first + 1].rising > speed:
            first += 1
        while first < last and frames[last].rising < -speed:
            last -= 1
        return min(frames[first].time, start + way), max(frames[last].time, end - way)

    def stillest(self, start: float, end: float) -> float:
        """The time from `start` to `end` at which hands move least; `end` if none is known."""
        frames = [frame for frame in self._frames if start <= frame.time <= end]
        return min(frames, key=lambda frame: frame.speed).time if frames else end
