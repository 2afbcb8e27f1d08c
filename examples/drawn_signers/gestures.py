"""The twelve gestures. They are nobody's language; some differ from another in one thing only."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from drawn_signers.body import Hand
from drawn_signers.hand import (
    FIST,
    FLAT,
    ONE_FINGER,
    OPEN,
    THUMB,
    TWO_FINGERS,
    HandShape,
    Vector,
)

Curve = Callable[[float], Vector]  # progress 0..1 -> x, y, z


def _still(progress: float) -> Vector:
    return np.zeros(3)


def _swing(progress: float) -> Vector:
    return np.array([np.sin(4 * np.pi * progress), 0.0, 0.0])


def _sweep(progress: float) -> Vector:
    return np.array([np.sin(3 * np.pi * progress), 0.0, 0.0])


def _rise(progress: float) -> Vector:
    return np.array([0.0, np.cos(np.pi * progress), 0.0])


def _beat(progress: float) -> Vector:
    return np.array([0.0, np.cos(4 * np.pi * progress), 0.0])


def _tap(progress: float) -> Vector:
    return np.array([np.cos(4 * np.pi * progress), 0.0, 0.0])


def _circle(progress: float) -> Vector:
    angle = 2 * np.pi * progress
    return np.array([np.sin(angle), -np.cos(angle), 0.0])


def _part(progress: float) -> Vector:
    return np.array([np.cos(np.pi * progress), 0.0, 0.0])


def _meet(progress: float) -> Vector:
    return _part(1 - progress)


def _bob(progress: float) -> Vector:
    return np.array([0.0, np.sin(3 * np.pi * progress), 0.0])


@dataclass(frozen=True)
class Movement:
    """How the wrist moves about its place, and how the fingers turn, while a gesture lasts.

    `path` is in units of `size` (metres); `turn` (x, y, z) is added to the fingers' direction.
    """

    path: Curve
    size: float
    turn: Curve = _still
    turn_size: float = 0.0


@dataclass(frozen=True, eq=False)
class Gesture:
    """A gesture as a right-handed signer does it.

    `place` is the point about which the wrist moves, in metres from between the shoulders;
    `fingers` and `palm` are directions. The other hand rests (None), mirrors the first one
    ("mirrors") or does so with its movement reversed ("opposes").
    """

    name: str
    shape: HandShape
    place: tuple[float, float, float]
    fingers: tuple[float, float, float]
    palm: tuple[float, float, float]
    movement: Movement
    other_hand: Literal["mirrors", "opposes"] | None = None

    def hands(self, progress: float, reach: float = 1.0) -> tuple[Hand, Hand | None]:
        """Right and left hand at `progress` (0..1); `reach` scales the movement's size."""
        right = self._hand(progress, reach)
        if self.other_hand is None:
            return right, None
        left = right if self.other_hand == "mirrors" else self._hand(progress, -reach)
        return right, left.mirrored()

    def _hand(self, progress: float, reach: float) -> Hand:
        move = self.movement
        return Hand(
            np.array(self.place) + reach * move.size * move.path(progress),
            np.array(self.fingers) + reach * move.turn_size * move.turn(progress),
            np.array(self.palm),
            self.shape,
        )


_FORWARDS = (0.0, 0.1, 1.0)  # palm to the viewer
_UP = (0.05, -1.0, 0.15)
_BACK = (0.05, -1.0, -0.25)  # up and a little back: fists are hard to see when they lean forward

_COUNT = Gesture(
    "count_one", ONE_FINGER, (-0.24, -0.02, 0.24), _UP, _FORWARDS, Movement(_beat, 0.035)
)
_DRAW = Gesture(
    "draw_circle", ONE_FINGER, (-0.18, 0.13, 0.24), _UP, _FORWARDS, Movement(_circle, 0.08)
)
_TAP = Gesture(
    "tap_temple", FLAT, (-0.255, -0.15, 0.14), (0.7, -0.65, 0.1), (0, 0.1, -1), Movement(_tap, 0.03)
)
_CURTAIN = Gesture(
    "open_curtain", OPEN, (-0.215, 0.10, 0.24), _UP, _FORWARDS, Movement(_part, 0.08), "mirrors"
)
_JUGGLE = Gesture(
    "juggle", OPEN, (-0.19, 0.14, 0.24), _BACK, _FORWARDS, Movement(_bob, 0.065), "opposes"
)

GESTURES = (
    Gesture(
        "wave",
        OPEN,
        (-0.28, -0.13, 0.18),
        (0.0, -1.0, 0.1),
        _FORWARDS,
        Movement(_swing, 0.05, _swing, 0.35),
    ),
    Gesture(
        "thumbs_up",
        THUMB,
        (-0.20, 0.15, 0.24),
        (0.9, -0.1, 0.3),
        (0.3, 0.1, -1),
        Movement(_rise, 0.04),
    ),
    _COUNT,
    replace(_COUNT, name="count_two", shape=TWO_FINGERS),
    _DRAW,
    replace(_DRAW, name="draw_line", movement=Movement(_sweep, 0.08)),
    _TAP,
    replace(_TAP, name="tap_chest", place=(-0.22, 0.19, 0.24)),
    _CURTAIN,
    replace(_CURTAIN, name="close_curtain", movement=Movement(_meet, 0.08)),
    _JUGGLE,
    replace(_JUGGLE, name="drum", shape=FIST),
)

# Each of these pairs is alike in everything but the one thing named.
MINIMAL_PAIRS: dict[Literal["shape", "movement", "place"], tuple[tuple[str, str], ...]] = {
    "shape": (("count_one", "count_two"), ("juggle", "drum")),
    "movement": (("draw_circle", "draw_line"), ("open_curtain", "close_curtain")),
    "place": (("tap_temple", "tap_chest"),),
}
