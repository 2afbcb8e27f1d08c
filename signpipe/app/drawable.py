"""Landmarks as the browser draws them: numbers in [0, 1] of the picture, nothing else."""

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.skeleton import POSE_LINES

PARTS = ("pose", "left_hand", "right_hand")
DIGITS = 4
# Of the pose only what is drawn: nose, shoulders, elbows, wrists, hips.
POSE_POINTS = sorted({0, *(point for line in POSE_LINES for point in line)})


def drawable(landmarks: Landmarks, frame: int = 0) -> dict[str, Any]:
    """One frame: of each part x and y of its points, one after the other; None if it is not seen.
    Imported clips may lack some points of a part: these are None.

    Of the pose there are `POSE_POINTS` alone.
    """
    return {part: _flat(getattr(landmarks, part)[frame], part) for part in PARTS}


def drawable_clip(landmarks: Landmarks) -> dict[str, Any]:
    """A clip: its frames, and their times in seconds where they are known."""
    times = landmarks.times
    return {
        "times": None if times is None else [round(float(t), 3) for t in times],
        "frames": [drawable(landmarks, frame) for frame in range(len(landmarks))],
    }


def _flat(points: NDArray[np.float32], part: str) -> list[float | None] | None:
    chosen = points[POSE_POINTS, :2] if part == "pose" else points[:, :2]
    if np.isnan(chosen).all():
        return None
    values = chosen.ravel().tolist()
    return [None if math.isnan(value) else round(value, DIGITS) for value in values]
