"""Where a person's hands are in one frame, measured by the person's own body."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.skeleton import POSE_LANDMARKS

SIDES = ("left", "right")
SHOULDERS = [POSE_LANDMARKS.index(f"{side}_shoulder") for side in SIDES]
WRISTS = [POSE_LANDMARKS.index(f"{side}_wrist") for side in SIDES]
TRUSTED = 0.5  # from this visibility on, a wrist of the pose is taken for where the hand is
STEADY = 1.0  # seconds over which shoulder widths are averaged
KEPT = 1.0  # seconds for which shoulders that are not seen are taken for where they were
USUAL_WIDTH = 0.35  # of shoulders, in picture heights, where none were seen: before a webcam

Point = tuple[float, float]


@dataclass(frozen=True)
class Hand:
    """A hand in one frame.

    `place` is (x, y) in shoulder widths from between the shoulders, y downwards; None where nothing
    is known. `detected` says that the hand itself was found, `guessed` that the place is the pose's
    guess about a wrist it does not see. `height` is y, or 0 where no shoulders were seen: there a
    hand that is found is taken to be in front of the chest.
    """

    place: Point | None = None
    height: float = 0.0
    detected: bool = False
    guessed: bool = False


class BodyMeasure:
    """Frames of one person in, hands measured by the person's shoulders out.

    `aspect` is the picture's width / height. Shoulders that are lost for a moment are remembered.
    """

    def __init__(self, aspect: float) -> None:
        self._aspect = aspect
        self._centre: Point = (0.0, 0.0)
        self._width = 0.0  # 0 if shoulders were never seen
        self._seen = -math.inf  # when they were

    def hands(self, time: float, frame: Landmarks) -> tuple[Hand, Hand]:
        """The left and the right hand of a frame (Landmarks of length 1) at `time` seconds."""
        pose = frame.pose[0]
        self._look_at_shoulders(time, pose)
        left = self._hand(time, frame.left_hand[0], pose[WRISTS[0]])
        return left, self._hand(time, frame.right_hand[0], pose[WRISTS[1]])

    def _look_at_shoulders(self, time: float, pose: NDArray[np.float32]) -> None:
        (ax, ay), (bx, by) = pose[SHOULDERS, :2].tolist()
        width = math.hypot((ax - bx) * self._aspect, ay - by)
        if not 0 < width < math.inf:  # not seen, or nonsense
            return
        share = 1 - math.exp((self._seen - time) / STEADY)
        self._width += share * (width - self._width)
        self._centre = (ax + bx) / 2 * self._aspect, (ay + by) / 2
        self._seen = time

    def _hand(self, time: float, hand: NDArray[np.float32], wrist: NDArray[np.float32]) -> Hand:
        x, y = hand[0, :2].tolist()
        detected = math.isfinite(x) and math.isfinite(y)
        if time - self._seen > KEPT:
            if not detected:
                return Hand()
            unit = self._width or USUAL_WIDTH
            return Hand((x * self._aspect / unit, y / unit), 0.0, detected=True)
        guessed = False
        if not detected:
            x, y, _, visibility = wrist.tolist()
            guessed = not visibility >= TRUSTED
            if not (math.isfinite(x) and math.isfinite(y)):
                return Hand()
        right, down = x * self._aspect - self._centre[0], y - self._centre[1]
        place = right / self._width, down / self._width
        return Hand(place, place[1], detected, guessed)
