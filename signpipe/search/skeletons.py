"""A clip as a few small skeletons of numbers: what a dictionary keeps to show its examples by."""

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.skeleton import KEYPOINTS, LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_IN_POSE

FRAMES = 32
SHAPE = (FRAMES, KEYPOINTS, 2)
HIDDEN = 0.3  # pose landmarks below this visibility are guesses
Skeleton = NDArray[np.float16]  # SHAPE


def skeleton(landmarks: Landmarks, aspect: float) -> Skeleton:
    """FRAMES moments of T > 0 frames, evenly from the first to the last.

    x and y of the 49 keypoints in picture heights, NaN where one was not seen; hands are as they
    are in the picture. `aspect` is the picture's width by its height.
    """
    chosen = np.linspace(0, len(landmarks) - 1, FRAMES).round().astype(int)
    found = np.empty(SHAPE, np.float32)
    pose = landmarks.pose[chosen][:, list(TRUNK_IN_POSE)]
    found[:, TRUNK] = np.where(pose[..., 3:] >= HIDDEN, pose[..., :2], np.nan)
    found[:, RIGHT_HAND] = landmarks.right_hand[chosen, :, :2]
    found[:, LEFT_HAND] = landmarks.left_hand[chosen, :, :2]
    found[..., 0] *= aspect
    return np.clip(found, -10, 10).astype(np.float16)


def landmarks_of(kept: Skeleton) -> Landmarks:
    """The landmarks of a skeleton, of a picture that is as wide as it is high."""
    pose = np.full((len(kept), 33, 4), np.nan, np.float32)
    pose[:, list(TRUNK_IN_POSE), :2] = kept[:, TRUNK]
    pose[..., 3] = ~np.isnan(pose[..., 0])
    left, right = (np.full((len(kept), 21, 3), np.nan, np.float32) for _ in range(2))
    left[..., :2], right[..., :2] = kept[:, LEFT_HAND], kept[:, RIGHT_HAND]
    return Landmarks(pose, left, right)
