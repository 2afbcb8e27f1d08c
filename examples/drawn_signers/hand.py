"""A hand of 21 joints, made from how far each finger is bent and how far they are spread.

Points and directions are in metres, x to the right of the picture, y down, z to the viewer.
"""

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

Vector = npt.NDArray[np.float64]
Side = Literal["right", "left"]  # the signer's, so "right" is on the left of the picture

# In the hand's own axes (along the fingers, towards the thumb, out of the palm), index to little.
_KNUCKLES = np.array(
    [[0.092, 0.028, 0.004], [0.095, 0.006, 0.0], [0.089, -0.016, 0.0], [0.079, -0.036, 0.004]]
)
_BONES = np.array(
    [
        [0.043, 0.026, 0.022],
        [0.047, 0.030, 0.023],
        [0.043, 0.028, 0.023],
        [0.034, 0.021, 0.020],
    ]
)
_FAN = np.radians([9.0, 1.0, -7.0, -16.0])  # direction of each finger in a spread hand
_LAST_JOINT = 0.62  # the outer joint cannot bend alone: it follows the middle one
_THUMB_BASE = np.array([0.022, 0.024, 0.010])
_THUMB_BONES = (0.044, 0.033, 0.027)


@dataclass(frozen=True, eq=False)
class HandShape:
    """What the fingers do, whatever the hand's place and direction.

    flexion: (4, 2) degrees at knuckle and middle joint, index to little finger; 0 is straight.
    spread: 0 for closed fingers, 1 for spread ones.
    thumb_out: 0 for a thumb along the hand, 1 for one stretched away from it.
    thumb_across: 1 for a thumb folded over the palm, 0 for none, below 0 for bent backwards.
    """

    flexion: Vector
    spread: float
    thumb_out: float
    thumb_across: float

    def towards(self, other: "HandShape", share: float) -> "HandShape":
        """The shape at `share` (0..1) of the way from this one to `other`."""
        here, there = 1 - share, share
        return HandShape(
            here * self.flexion + there * other.flexion,
            here * self.spread + there * other.spread,
            here * self.thumb_out + there * other.thumb_out,
            here * self.thumb_across + there * other.thumb_across,
        )


_STRAIGHT, _CURLED = (3.0, 5.0), (82.0, 100.0)
OPEN = HandShape(np.array([(5.0, 8.0)] * 4), 1.0, 1.0, 0.0)
FLAT = HandShape(np.array([(3.0, 4.0)] * 4), 0.15, 0.35, 0.0)
RELAXED = HandShape(np.array([(12.0, 18.0)] * 4), 0.3, 0.4, 0.1)
FIST = HandShape(np.array([_CURLED] * 4), 0.0, 0.15, 1.0)
ONE_FINGER = HandShape(np.array([_STRAIGHT, _CURLED, _CURLED, _CURLED]), 0.0, 0.15, 1.0)
TWO_FINGERS = HandShape(np.array([_STRAIGHT, _STRAIGHT, _CURLED, _CURLED]), 1.3, 0.15, 1.0)
THUMB = HandShape(np.array([(80.0, 100.0)] * 4), 0.0, 1.15, -0.3)


def unit(vector: Vector) -> Vector:
    """`vector` with length 1. Raises ValueError for a vector without direction."""
    length = float(np.linalg.norm(vector))
    if length < 1e-9:
        raise ValueError("a vector of length 0 has no direction")
    return vector / length


def hand_joints(
    wrist: Vector, fingers: Vector, palm: Vector, shape: HandShape, side: Side, size: float = 1.0
) -> Vector:
    """The (21, 3) joints, in the order of MediaPipe's hand landmarks.

    `fingers` is the direction of straight fingers and `palm` the direction the palm faces; they
    need neither length 1 nor a right angle between them, but must not be parallel (ValueError).
    """
    along = unit(fingers)
    out = unit(palm - along * (along @ palm))
    thumbwards = np.cross(out, along) * (1 if side == "right" else -1)
    joints = np.zeros((21, 3))
    joints[1:5] = _thumb(shape)
    for finger in range(4):
        joints[5 + 4 * finger : 9 + 4 * finger] = _finger(finger, shape)
    return wrist + size * (joints @ np.stack([along, thumbwards, out]))


def _thumb(shape: HandShape) -> Vector:
    out, across = shape.thumb_out, shape.thumb_across
    first = unit(np.array([0.75 - 0.15 * out, 0.25 + 0.62 * out, 0.25 + 0.25 * across]))
    second = unit(first + np.array([0.25, -0.05 - 0.75 * across, 0.25 * across]))
    third = unit(second + np.array([0.15, -0.1 - 0.8 * across, 0.15 * across]))
    bones = [length * way for length, way in zip(_THUMB_BONES, (first, second, third), strict=True)]
    return _THUMB_BASE + np.cumsum([np.zeros(3), *bones], axis=0)


def _finger(finger: int, shape: HandShape) -> Vector:
    knuckle, middle = np.radians(shape.flexion[finger])
    bends = np.cumsum([knuckle, middle, _LAST_JOINT * middle])
    fan = shape.spread * _FAN[finger]
    straight = np.array([np.cos(fan), np.sin(fan), 0.0])
    ways = np.outer(np.cos(bends), straight) + np.outer(np.sin(bends), [0.0, 0.0, 1.0])
    bones = _BONES[finger][:, None] * ways
    return _KNUCKLES[finger] + np.vstack([np.zeros(3), np.cumsum(bones, axis=0)])
