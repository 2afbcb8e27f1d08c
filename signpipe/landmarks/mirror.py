"""A person as in a mirror: a left-handed one signs as a right-handed one would."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.skeleton import POSE_LANDMARKS

_OTHER = {"left": "right", "right": "left"}


def _mirrored_name(name: str) -> str:
    return "_".join(_OTHER.get(word, word) for word in name.split("_"))


POSE_MIRROR = [POSE_LANDMARKS.index(_mirrored_name(name)) for name in POSE_LANDMARKS]


def mirrored(landmarks: Landmarks) -> Landmarks:
    """The landmarks of the mirrored picture, left and right exchanged; the face is left out."""
    return replace(
        landmarks,
        pose=_flipped(landmarks.pose[:, POSE_MIRROR]),
        left_hand=_flipped(landmarks.right_hand),
        right_hand=_flipped(landmarks.left_hand),
        face=None,
    )


def _flipped(points: NDArray[np.float32]) -> NDArray[np.float32]:
    flipped = points.copy()
    flipped[..., 0] = 1 - flipped[..., 0]
    return flipped
