"""Whether a clip shows a person whose hands rest: low, or out of view."""

import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.live.hand_height import SHOULDERS, WRISTS

FALLBACK_ASPECT = 4 / 3  # of a picture of unknown size: webcams
# Chosen on openly licensed clips: 0.4 % of 11,408 signs are beyond, and 49 % of 600 idle clips.
LEAST_SEEN = 0.2  # share of frames that show a hand
LOWEST = 1.0  # below the shoulders, in shoulder widths: where a hand is at its highest
HIGHEST_SHARE = 10  # per cent of frames in which a hand is as high, so that one does not count


def hands_rest(landmarks: Landmarks, width: int | None = None, height: int | None = None) -> bool:
    """Whether hands are hardly seen in T > 0 frames, or never come up; sizes are in pixels.

    Where no shoulders are seen, only whether hands are.
    """
    seen = landmarks.seen("left_hand") | landmarks.seen("right_hand")
    if seen.mean() < LEAST_SEEN:
        return True
    aspect = width / height if width and height else FALLBACK_ASPECT
    points = landmarks.pose[:, :, :2] * np.array([aspect, 1.0], np.float32)
    shoulders = points[:, SHOULDERS]
    sizes = np.linalg.norm(shoulders[:, 0] - shoulders[:, 1], axis=1)
    sizes = sizes[np.isfinite(sizes)]
    if not len(sizes) or not np.median(sizes) > 0:
        return False
    below = (points[:, WRISTS, 1] - shoulders[:, :, 1].mean(axis=1)[:, None]) / np.median(sizes)
    columns = (column[np.isfinite(column)] for column in below.T)
    highest = [np.percentile(column, HIGHEST_SHARE) for column in columns if len(column)]
    return bool(highest) and min(highest) > LOWEST
