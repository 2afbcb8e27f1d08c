"""Poses of the upper body: where the hands are, and the arm joints that follow from it.

The origin lies between the shoulders; metres, x to the right of the picture, y down, z to the
viewer. The signer's right side therefore has negative x.
"""

from dataclasses import dataclass, replace

import numpy as np

from drawn_signers.hand import HandShape, Side, Vector, hand_joints, unit
from drawn_signers.signers import Build

_MIRROR = np.array([-1.0, 1.0, 1.0])
_UPPER_ARM, _FOREARM = 0.285, 0.25
_ELBOW_WAY = np.array([-0.6, 0.9, -0.35])  # right elbows point down, outwards and back
SHOULDER = np.array([-0.175, 0.02, 0.0])  # the right one


@dataclass(frozen=True, eq=False)
class Hand:
    """One hand: its wrist's place, the directions of fingers and palm, and its shape."""

    wrist: Vector
    fingers: Vector
    palm: Vector
    shape: HandShape

    def mirrored(self) -> "Hand":
        return Hand(self.wrist * _MIRROR, self.fingers * _MIRROR, self.palm * _MIRROR, self.shape)

    def towards(self, other: "Hand", share: float) -> "Hand":
        """The hand at `share` (0..1) of the way from this one to `other`.

        It turns and takes its shape in the first half of the way, as people do.
        """
        turned = min(1.0, 2 * share)
        return Hand(
            (1 - share) * self.wrist + share * other.wrist,
            (1 - turned) * unit(self.fingers) + turned * unit(other.fingers),
            (1 - turned) * unit(self.palm) + turned * unit(other.palm),
            self.shape.towards(other.shape, turned),
        )


@dataclass(frozen=True, eq=False)
class Pose:
    """One instant. `head` is its offset in metres, `eyes` how far they are open (0..1)."""

    right: Hand
    left: Hand
    head: Vector
    eyes: float = 1.0

    def mirrored(self) -> "Pose":
        return replace(
            self,
            right=self.left.mirrored(),
            left=self.right.mirrored(),
            head=self.head * _MIRROR,
        )


@dataclass(frozen=True, eq=False)
class Arm:
    """Joints of one arm in metres; `hand` is (21, 3) and begins with the hand's own wrist."""

    shoulder: Vector
    elbow: Vector
    wrist: Vector
    hand: Vector


def arm_joints(hand: Hand, side: Side, build: Build) -> Arm:
    """The arm that brings `hand` to its place, or as near to it as the arm is long."""
    outwards = np.ones(3) if side == "right" else _MIRROR
    shoulder = SHOULDER * outwards * [build.shoulders, 1, 1]
    upper, fore = _UPPER_ARM * build.arms, _FOREARM * build.arms
    way = unit(hand.wrist - shoulder)
    distance = min(float(np.linalg.norm(hand.wrist - shoulder)), 0.995 * (upper + fore))
    # The elbow lies on a circle around the line from shoulder to wrist; the pole picks the point.
    along = (upper**2 - fore**2 + distance**2) / (2 * distance)
    pole = _ELBOW_WAY * outwards
    aside = unit(pole - way * (way @ pole))
    elbow = shoulder + along * way + np.sqrt(max(upper**2 - along**2, 0.0)) * aside
    wrist = shoulder + distance * way
    joints = hand_joints(
        wrist + 0.012 * unit(hand.fingers), hand.fingers, hand.palm, hand.shape, side, build.hands
    )
    return Arm(shoulder, elbow, wrist, joints)
