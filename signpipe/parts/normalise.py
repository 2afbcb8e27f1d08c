"""Landmarks of one clip -> 49 normalised keypoints with confidences.

MediaPipe gives positions as shares of the picture, in which a circle is an ellipse unless the
picture is square; x is stretched by the aspect ratio first, so that all lengths are comparable.
"""

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.settings import PrepareSettings
from signpipe.skeleton import KEYPOINTS, LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_IN_POSE

Array = NDArray[np.float32]

LEFT_SHOULDER, RIGHT_SHOULDER = 1, 4  # in the trunk
FALLBACK_ASPECT = 4 / 3  # of packs that do not tell their pictures' size: webcams


def to_keypoints(
    landmarks: Landmarks,
    settings: PrepareSettings,
    width: int | None = None,
    height: int | None = None,
) -> Array:
    """(T, 49, 3) float32: x, y and confidence in [0, 1] of every keypoint.

    A hand's keypoints are centred in its own box, whose half side is 1; the trunk's are centred
    between the shoulders, in shoulder widths (or centred in the picture, whose half side is 1).
    Hands have confidence 1 or 0, trunk joints the pose's visibility; where it is 0, x and y are 0.
    `width` and `height` are the picture's, in pixels.
    """
    aspect = width / height if width and height else FALLBACK_ASPECT
    stretch = np.array([aspect, 1.0], dtype=np.float32)
    keypoints = np.zeros((len(landmarks), KEYPOINTS, 3), dtype=np.float32)
    for part, place in (("right_hand", RIGHT_HAND), ("left_hand", LEFT_HAND)):
        seen = landmarks.seen(part)
        hand = hand_in_box(getattr(landmarks, part)[seen, :, :2] * stretch, settings.hand_box)
        if part == "left_hand":  # so that both look like right hands
            hand[..., 0] *= -1
        keypoints[seen, place, :2] = hand
        keypoints[seen, place, 2] = 1.0
    seen = landmarks.seen("pose")
    pose = landmarks.pose[seen][:, list(TRUNK_IN_POSE)]
    trunk = pose[..., :2] * stretch
    if settings.trunk == "shoulders":
        keypoints[seen, TRUNK, :2] = trunk_by_shoulders(trunk)
    else:
        keypoints[seen, TRUNK, :2] = (trunk - stretch / 2) * 2
    keypoints[seen, TRUNK, 2] = np.clip(np.nan_to_num(pose[..., 3]), 0, 1)
    keypoints[np.isnan(keypoints).any(axis=-1)] = 0  # packs from elsewhere may lack single joints
    return keypoints


def hand_in_box(hand: Array, size: float) -> Array:
    """(T, 21, 2) -> the same, relative to a square box around each frame's hand.

    The box has the hand's centre and `size` times its larger extent; its edges lie at -1 and 1.
    """
    low, high = np.nanmin(hand, axis=1, keepdims=True), np.nanmax(hand, axis=1, keepdims=True)
    extent = (high - low).max(axis=-1, keepdims=True)
    return (hand - (low + high) / 2) * 2 / (size * np.maximum(extent, 1e-6))


def trunk_by_shoulders(trunk: Array) -> Array:
    """(T, 7, 2) -> the same, centred between each frame's shoulders, in shoulder widths.

    The width is the clip's median, since a single frame's changes when the person turns.
    """
    if not len(trunk):
        return trunk
    left, right = trunk[:, LEFT_SHOULDER], trunk[:, RIGHT_SHOULDER]
    width = np.nanmedian(np.linalg.norm(left - right, axis=-1))
    return (trunk - ((left + right) / 2)[:, None]) / max(float(width), 1e-3)
