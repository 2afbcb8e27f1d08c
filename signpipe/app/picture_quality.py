"""Whether the camera's picture is good to recognise signs in, judged by what is seen in it."""

from dataclasses import dataclass

import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.skeleton import POSE_LANDMARKS

DARK, BRIGHT = 0.2, 0.85  # mean brightness, in [0, 1], below and above which little is recognised
SHOULDERS = [POSE_LANDMARKS.index(f"{side}_shoulder") for side in ("left", "right")]
WRISTS = {side: POSE_LANDMARKS.index(f"{side}_wrist") for side in ("left", "right")}
VISIBLE = 0.5  # MediaPipe's own visibility


@dataclass(frozen=True)
class PictureQuality:
    """What is in view, and `light`: "good", "too dark" or "too bright"."""

    person: bool
    shoulders: bool
    left_hand: bool
    right_hand: bool
    light: str


def judge_picture(landmarks: Landmarks, brightness: float) -> PictureQuality:
    """The quality of one frame's picture; `brightness` is its mean, in [0, 1].

    A hand counts as in view where it is found, or where its wrist is inside the picture.
    """
    light = "too dark" if brightness < DARK else "too bright" if brightness > BRIGHT else "good"
    if not landmarks.seen("pose").any():
        return PictureQuality(False, False, False, False, light)
    inside = _inside(landmarks)
    hands = {
        side: bool(landmarks.seen(f"{side}_hand")[0] or inside[wrist])
        for side, wrist in WRISTS.items()
    }
    shoulders = bool(inside[SHOULDERS].all())
    return PictureQuality(True, shoulders, hands["left"], hands["right"], light)


def _inside(landmarks: Landmarks) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
    pose = landmarks.pose[0]
    return ((pose[:, :2] >= 0) & (pose[:, :2] <= 1)).all(axis=1) & (pose[:, 3] >= VISIBLE)
