"""Evaluations by the protocol open-set side by side: whether one tells unknown signs apart better.

Measures are `top1` and `top1_with_rejection` of known clips, and of each kind of unknown ones
`auroc` and `false_answers`, the latter where the same share of known clips is kept.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signpipe.evaluation import bootstrap
from signpipe.evaluation.open_set_figures import KINDS, KNOWN, units_of
from signpipe.evaluation.open_set_table import AskedClip
from signpipe.evaluation.separation import Mixed, mean_of_folds

Values = NDArray[np.float64]
DRAWS = 2000


def measures(runs: Sequence[Sequence[AskedClip]], kept: float) -> dict[str, Values]:
    """(R,) by measure, of runs that were asked about the same clips in the same order."""
    drawn = _units(runs)
    return {name: of[0] for name, of in _drawn(runs, kept, np.ones((1, drawn.count))).items()}


def resampled(
    runs: Sequence[Sequence[AskedClip]], kept: float, seed: int
) -> tuple[bootstrap.Units, dict[str, Values]]:
    """What was drawn, and (draws, R) by measure."""
    drawn = _units(runs)
    each = [_drawn(runs, kept, often) for often in bootstrap.counts(drawn.count, DRAWS, seed)]
    return drawn, {name: np.concatenate([one[name] for one in each]) for name in each[0]}


def _units(runs: Sequence[Sequence[AskedClip]]) -> bootstrap.Units:
    return units_of([(one.clip_id, one.signer) for one in runs[0]])


def _drawn(runs: Sequence[Sequence[AskedClip]], kept: float, often: Values) -> dict[str, Values]:
    group = _units(runs).group
    kinds = np.array([one.kind for one in runs[0]])
    known = kinds == KNOWN
    hits = {
        "top1": [[one.right for one in run] for run in runs],
        "top1_with_rejection": [[one.right and one.answered for one in run] for run in runs],
    }
    found = {
        name: _shares(np.array(right, float)[:, known], group[known], often)
        for name, right in hits.items()
    }
    for kind in KINDS:
        if (kinds == kind).any():
            mixed = [_mixed(run, known | (kinds == kind), kind, group) for run in runs]
            apart = np.stack([mean_of_folds(folds, often, kept) for folds in mixed], axis=-1)
            ending = "" if kind == KINDS[0] else f"_{kind}"
            found |= {f"auroc{ending}": apart[:, 0], f"false_answers{ending}": apart[:, 1]}
    return found


def _shares(hits: Values, group: NDArray[np.int64], often: Values) -> Values:
    """(draws, R) of hits (R, B)."""
    groups = often.shape[1]
    right = np.stack([np.bincount(group, row, groups) for row in hits], axis=1)
    clips = often @ np.bincount(group, minlength=groups)
    with np.errstate(invalid="ignore"):
        shares: Values = (often @ right) / clips[:, None]
    return shares


def _mixed(
    run: Sequence[AskedClip], wanted: NDArray[np.bool_], kind: str, group: NDArray[np.int64]
) -> list[Mixed]:
    """A fold each."""
    values = np.array([one.unknownness for one in run])
    unknown = np.array([one.kind == kind for one in run])
    folds = np.array([one.fold for one in run])
    of_folds = [wanted & (folds == fold) for fold in np.unique(folds)]
    return [Mixed(values[of], unknown[of], group[of]) for of in of_folds]
