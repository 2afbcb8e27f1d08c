"""How high up in the list the right sign stands: recall, reciprocal rank, discounted gain."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.evaluation import bootstrap
from signpipe.evaluation.schema import Bootstrap, Figures, Measure
from signpipe.training.nearest_signs import sign_distance

OVER_CLIPS: tuple[Measure, ...] = ("top1", "top5", "top10", "mrr", "dcg")
Ranks = NDArray[np.int64]  # (Q,) from 1 on; 0 where a clip was not asked about
Labels = NDArray[np.int64]


def ranks(
    distances: NDArray[Any], signs: Labels, signers: NDArray[np.int64], truth: Labels
) -> Ranks:
    """The place of each query's sign by the distances (Q, C) of clips of `signs`, `signers` (C,).

    A sign's distance is that of `signpipe search`; of signs that are as near, the right one counts
    as the last. Every one of `truth` (Q,) must be among `signs`.
    """
    names = np.unique(signs)
    near = [_two_nearest(distances[:, signs == name], signers[signs == name]) for name in names]
    table = np.stack([sign_distance([*columns.T]) for columns in near], axis=1)
    right = table[np.arange(len(truth)), np.searchsorted(names, truth)]
    found: Ranks = (table <= right[:, None]).sum(axis=1)
    return found


def _two_nearest(distances: NDArray[Any], signers: NDArray[np.int64]) -> NDArray[Any]:
    """(Q, 2 or 1) of one sign's clips: of two signers, where there are several."""
    order = np.argsort(signers, kind="stable")
    starts = np.flatnonzero(np.diff(signers[order], prepend=-1))
    if len(starts) > 1:
        distances = np.minimum.reduceat(distances[:, order], starts, axis=1)
    return np.sort(distances, axis=1)[:, :2]


def figures_of(
    draws: Sequence[Ranks], truth: Labels, signers: Sequence[str], count: int, level: float
) -> tuple[Figures, Bootstrap]:
    """The figures of the same queries' ranks in several dictionaries.

    Values are averaged over the draws in which a query was asked, then over queries, or
    over signs; intervals are over signers where there are several, else over clips; `spread` is
    over draws.
    """
    table = np.stack(draws)
    asked = (table > 0).any(axis=0)
    table, truth = table[:, asked], truth[asked]
    drawn = bootstrap.units(
        [name for name, is_asked in zip(signers, asked, strict=True) if is_asked]
    )
    each = {name: _values(name, table) for name in OVER_CLIPS}
    means = {name: np.nanmean(values, axis=0) for name, values in each.items()}
    again = bootstrap.resampled(np.stack([*means.values()]), drawn, count).T
    intervals = {
        name: bootstrap.interval(row, level) for name, row in zip(OVER_CLIPS, again, strict=True)
    }
    several = each if len(table) > 1 else {}
    spread = {name: float(np.nanmean(v, axis=1).std(ddof=1)) for name, v in several.items()}
    by_sign = {
        name: float(np.mean([means[name][truth == sign].mean() for sign in np.unique(truth)]))
        for name in ("top1", "top5")
    }
    figures = Figures(
        **{name: float(values.mean()) for name, values in means.items()},
        mean_class=by_sign["top1"],
        mean_class_top5=by_sign["top5"],
        intervals=intervals,
        spread=spread,
    )
    how = Bootstrap(over=drawn.over, level=level, draws=count, note=drawn.note)
    return figures, how


def _values(measure: Measure, found: Ranks) -> NDArray[np.float64]:
    rank = np.where(found > 0, found, np.nan)
    if measure == "mrr":
        return np.asarray(1 / rank)
    if measure == "dcg":
        return np.asarray(1 / np.log2(1 + rank))
    return np.where(np.isnan(rank), np.nan, rank <= int(measure.removeprefix("top")))
