import numpy as np
import pytest

from signpipe.search.skeletons import SHAPE
from signpipe.search.traits import traits
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND


def clip(right, left=None):
    """A skeleton whose shoulders are 0.2 apart at height 0.4, hands at (x, y) by frame."""
    found = np.full(SHAPE, np.nan, np.float16)
    found[:, 43], found[:, 46] = (0.6, 0.4), (0.4, 0.4)
    found[:, RIGHT_HAND] = np.broadcast_to(right, (SHAPE[0], 2))[:, None]
    if left is not None:
        found[: len(left), LEFT_HAND] = np.array(left)[:, None]
    return found


@pytest.mark.parametrize(
    ("right", "expected"),
    [
        ((0.5, 0.2), (1, "head", "still")),
        ((0.5, 0.5), (1, "chest", "still")),
        ((0.5, 0.9), (1, "low", "still")),
        (np.stack([np.linspace(0.4, 0.6, 32), np.full(32, 0.5)], 1), (1, "chest", "small")),
        (np.stack([np.linspace(0.2, 0.8, 32), np.full(32, 0.5)], 1), (1, "chest", "wide")),
    ],
)
def test_place_and_movement(right, expected):
    found = traits(clip(right))
    assert (found.hands, found.place, found.movement) == expected


def test_hands():
    assert traits(clip((0.5, 0.5), [(0.5, 0.5)] * 20)).hands == 2
    assert traits(clip((0.5, 0.5), [(0.5, 0.5)] * 10)).hands == 1


def test_without_shoulders():
    bare = clip((0.5, 0.5))
    bare[:, [43, 46]] = np.nan
    assert (traits(bare).place, traits(bare).movement) == ("", "")
