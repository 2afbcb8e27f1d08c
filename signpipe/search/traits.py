"""What a sign looks like at a glance, to narrow a search: hands, place and movement."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from signpipe.search.skeletons import Skeleton
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK

Place = Literal["head", "chest", "low"]
Movement = Literal["still", "small", "wide"]
PLACES, MOVEMENTS = get_args(Place), get_args(Movement)
BOTH = 0.5  # of the frames in which one hand is seen, the other must be seen for two hands
HEAD, LOW = -0.2, 1.2  # shoulder widths below the shoulders
STILL, WIDE = 0.25, 0.75  # shoulder widths from where the hand mostly is
LEFT_SHOULDER, RIGHT_SHOULDER = TRUNK.start + 1, TRUNK.start + 4


@dataclass(frozen=True)
class Traits:
    """`hands` 1 or 2; where the busier hand mostly is, and how far it gets from there.

    `place` is head, chest or low, `movement` still, small or wide; both are "" where no shoulders
    were seen.
    """

    hands: int
    place: str
    movement: str


def traits(clip: Skeleton) -> Traits:
    """Of a clip in which a hand was seen."""
    numbers = clip.astype(np.float32)
    right, left = (_middle(numbers[:, part]) for part in (RIGHT_HAND, LEFT_HAND))
    busy, other = sorted((right, left), key=_seen, reverse=True)
    hands = 2 if _seen(other) >= BOTH * _seen(busy) else 1
    shoulders = numbers[:, [LEFT_SHOULDER, RIGHT_SHOULDER]]
    known = ~np.isnan(shoulders).any(axis=(1, 2))
    if not known.any() or not _seen(busy):
        return Traits(hands, "", "")
    one, two = np.median(shoulders[known], axis=0)
    width = max(float(np.linalg.norm(one - two)), 1e-3)
    middle = (busy[~np.isnan(busy[:, 0])] - (one + two) / 2) / width
    mostly = np.median(middle, axis=0)
    way = float(np.linalg.norm(middle - mostly, axis=1).max())
    place = "head" if mostly[1] < HEAD else "low" if mostly[1] > LOW else "chest"
    return Traits(hands, place, "still" if way < STILL else "wide" if way > WIDE else "small")


def _middle(hand: NDArray[np.float32]) -> NDArray[np.float32]:
    """(T, 21, 2) -> (T, 2)."""
    return hand.mean(axis=1)


def _seen(middle: NDArray[np.float32]) -> int:
    return int((~np.isnan(middle[:, 0])).sum())
