"""How well unknownness tells clips of known signs from others, and how far that would move."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

from signpipe.evaluation import bootstrap
from signpipe.evaluation.intervals import hull, of_share
from signpipe.evaluation.schema import Separation, UnknownKind
from signpipe.model.rejection import auroc, false_answers

Values = NDArray[np.float64]


@dataclass(frozen=True)
class Mixed:
    """What one recogniser was asked about, (B,): how unknown each clip looked to it, whether it
    shows none of its signs, and the number of its signer, or of what else is drawn. There are some
    of either side."""

    unknownness: Values
    unknown: NDArray[np.bool_]
    group: NDArray[np.int64]

    def exact(self, kept: float) -> tuple[float, float]:
        """AUROC, and the share of false answers where the share `kept` of known clips is kept."""
        known, unknown = self.unknownness[~self.unknown], self.unknownness[self.unknown]
        return auroc(known, unknown), false_answers(known, unknown, kept)

    def drawn(self, often: Values, kept: float) -> Values:
        """Both figures (draws, 2) where each group counts as `often` as it was drawn (draws, G).

        No number where no clip of one side was drawn.
        """
        values, place = np.unique(self.unknownness, return_inverse=True)
        known, unknown = (
            _summed(often, self.group[side], place[side], len(values))
            for side in (~self.unknown, self.unknown)
        )
        below = known.cumsum(axis=1)
        all_known, all_unknown = below[:, -1], unknown.sum(axis=1)
        with np.errstate(invalid="ignore", divide="ignore"):
            ranks = (unknown * (below - known / 2)).sum(axis=1) / (all_known * all_unknown)
            # The least value that keeps enough, as threshold_keeping takes it.
            at = (below >= kept * all_known[:, None] - 1e-9).argmax(axis=1)
            named = unknown.cumsum(axis=1)[np.arange(len(often)), at] / all_unknown
        named[all_known == 0] = np.nan
        return np.stack([ranks, named], axis=1)


def _summed(
    often: Values, group: NDArray[np.int64], place: NDArray[np.int64], places: int
) -> Values:
    """(draws, places): how many clips of each value were drawn."""
    shape = (often.shape[1], places)
    clips = csr_array((np.ones(len(group)), (group, place)), shape=shape)
    found: Values = (clips.T @ often.T).T
    return found


def mean_of_folds(folds: Sequence[Mixed], often: Values, kept: float) -> Values:
    """`Mixed.drawn` (draws, 2), mean over the folds of which a draw has clips of either side."""
    of_folds = np.stack([fold.drawn(often, kept) for fold in folds])
    there = np.isfinite(of_folds)
    with np.errstate(invalid="ignore"):
        mean: Values = np.where(there, of_folds, 0).sum(axis=0) / there.sum(axis=0)
    return mean


def separation(
    folds: Sequence[Mixed],
    score: str,
    unknown: UnknownKind,
    clips: int,
    kept: float,
    groups: int,
    draws: int,
    level: float,
) -> Separation:
    """The means over folds, whose `groups` are drawn together; `clips` are the unknown ones."""
    exact = np.array([fold.exact(kept) for fold in folds])
    chunks = [mean_of_folds(folds, often, kept) for often in bootstrap.counts(groups, draws, 0)]
    values = np.concatenate(chunks)
    values = values[np.isfinite(values).all(axis=1)]
    # Few clips, or clips that are all told apart, say less than drawing them again makes believe.
    few = min(clips, sum(int((~fold.unknown).sum()) for fold in folds) // len(folds))
    mean = exact.mean(axis=0)
    intervals = [
        hull(bootstrap.interval(values[:, i], level), of_share(float(mean[i]), few, level))
        for i in (0, 1)
    ]
    spread = exact.std(axis=0, ddof=1) if len(folds) > 1 else []
    names = ("auroc", "false_answers")
    return Separation(
        score=score,
        unknown=unknown,
        clips=clips,
        auroc=float(mean[0]),
        false_answers=float(mean[1]),
        intervals=dict(zip(names, intervals, strict=True)),
        spread={name: float(value) for name, value in zip(names, spread, strict=False)},
    )
