"""How well taught signs are told apart: each take named by the others, and what is confused."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.live.takes import Take, Takes
from signpipe.live.taught_signs import LeftOut, TaughtSigns
from signpipe.model.class_means import unit_rows
from signpipe.model.rejection import Rejection

MOST_SIGNS = 2_000  # beyond, the most alike pair is not looked for


@dataclass(frozen=True)
class ConfusedPair:
    """Two signs that are easily confused: how many takes of one were named as the other, how alike
    their means are (cosine), and of each the take that is most like the other sign."""

    signs: tuple[str, str]
    mistakes: int
    likeness: float
    takes: tuple[Take, Take]


@dataclass(frozen=True)
class TeachingReport:
    """What a taught recogniser knows, and how well.

    `takes` counts each sign's takes, `idle` those of a person who does not sign. Of `asked` takes,
    which have others of their sign, `right` were named rightly by these; `by_sign` has both for
    each sign. `confused` is None with fewer than two signs.
    """

    takes: dict[str, int]
    idle: int
    asked: int
    right: int
    by_sign: dict[str, tuple[int, int]]  # right, asked
    confused: ConfusedPair | None
    rejection: Rejection

    @property
    def accuracy(self) -> float | None:
        """The share of takes, left out one by one, that are named rightly; None of none."""
        return self.right / self.asked if self.asked else None


def report(takes: Takes, taught: TaughtSigns, rejection: Rejection) -> TeachingReport:
    """Look at every take of a sign with several takes, as if it were not among them."""
    left = taught.left_out()
    right, size = left.named == left.labels, len(taught.signs)
    asked = np.bincount(left.labels, minlength=size)
    hits = np.bincount(left.labels[right], minlength=size)
    return TeachingReport(
        takes={sign: int(n) for sign, n in zip(taught.signs, taught.counts, strict=True)},
        idle=int((taught.labels < 0).sum()),
        asked=len(right),
        right=int(right.sum()),
        by_sign={s: (int(hits[i]), int(asked[i])) for i, s in enumerate(taught.signs)},
        confused=_confused(takes, taught, left),
        rejection=rejection,
    )


def _confused(takes: Takes, taught: TaughtSigns, left: LeftOut) -> ConfusedPair | None:
    """The pair with the most mistakes between its signs; of equals, with the most alike means."""
    if not 2 <= len(taught.signs) <= MOST_SIGNS:
        return None
    means = unit_rows(taught.sums)
    alike = (means @ means.T).astype(np.float64)
    mistakes = np.zeros_like(alike)
    wrong = left.named != left.labels
    np.add.at(mistakes, (left.labels[wrong], left.named[wrong]), 1)
    mistakes += mistakes.T
    first, second = np.triu_indices(len(alike), 1)
    worst = np.lexsort((alike[first, second], mistakes[first, second]))[-1]
    a, b = int(first[worst]), int(second[worst])
    places = _most_like(taught, a, b), _most_like(taught, b, a)
    return ConfusedPair(
        (taught.signs[a], taught.signs[b]),
        int(mistakes[a, b]),
        float(alike[a, b]),
        (takes.takes[places[0]], takes.takes[places[1]]),
    )


def _most_like(taught: TaughtSigns, sign: int, other: int) -> int:
    """The place of the take of `sign` that is most like `other`."""
    places: NDArray[np.int64] = np.flatnonzero(taught.labels == sign)
    mean = unit_rows(taught.sums[other : other + 1])[0]
    return int(places[(taught.rows[places] @ mean).argmax()])
