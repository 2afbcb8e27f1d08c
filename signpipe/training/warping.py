"""Clips compared frame by frame, with time stretched to fit: dynamic time warping of keypoints."""

from itertools import pairwise

import numpy as np
from dtaidistance import dtw_ndim
from numpy.typing import NDArray

from signpipe.parts.store import Parts
from signpipe.skeleton import KEYPOINTS, TRUNK
from signpipe.training.features import right_handed, sampled_views, unit_hands
from signpipe.training.views import split_valid

FRAMES = 16
WINDOW = 6  # frames by which one clip may run ahead of the other
TRUNK_SHARE = 0.3  # of a frame's trunk, in shoulder widths, beside its hands of length 1
SHAPE = (FRAMES, 2 * KEYPOINTS)
ROWS = 64  # clips of which all distances are made at a time
Sequences = NDArray[np.float32]  # (B, FRAMES, 98)


def sequences(parts: Parts, rows: NDArray[np.int64]) -> Sequences:
    """What is compared of the clips `rows`: each frame's hands, the busier first, and its trunk."""
    found = [np.empty((0, *SHAPE), np.float32)]
    for sampled in sampled_views(parts, rows, FRAMES):
        points, valid = right_handed(*split_valid(sampled))
        known = (points * valid[..., None]).numpy()
        trunk = known[:, :, TRUNK].reshape(*known.shape[:2], -1)
        found.append(np.concatenate([unit_hands(known), TRUNK_SHARE * trunk], axis=2))
    return np.concatenate(found)


def warped_distances(queries: Sequences, clips: Sequences) -> NDArray[np.float32]:
    """(Q, C): the root of the mean square distance of frames that time warping has paired.

    The mean is over FRAMES, however many pairs there are.
    """
    found = np.empty((len(queries), len(clips)), np.float32)
    if not found.size:
        return found
    others = list(clips.astype(np.float64))
    starts = [*range(0, len(queries), ROWS), len(queries)]
    for start, end in pairwise(starts):
        own = list(queries[start:end].astype(np.float64))
        count, whole = len(own), len(own) + len(others)
        table = dtw_ndim.distance_matrix_fast(
            own + others, block=((0, count), (count, whole)), window=WINDOW
        )
        found[start:end] = table[:count, count:] / np.sqrt(FRAMES)
    return found
