"""Bootstrap intervals: how far a figure would move with other signers, or with other clips.

Clips of one signer resemble each other, so intervals over clips are too narrow for what holds of
people in general: whole signers are drawn with replacement, or, where there is but one, clips.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from signpipe.wording import counted

Values = NDArray[np.float64]
CHUNK = 64  # draws at a time
FEW = 10  # with fewer groups the percentiles are rough


@dataclass(frozen=True)
class Units:
    """What is drawn: each clip's group (B,) int64, of `count` groups; `over` signers or clips."""

    group: NDArray[np.int64]
    count: int
    over: Literal["signers", "clips"]
    note: str


def units(signers: Sequence[str]) -> Units:
    """Whole signers, if all are known and there are several; else clips, and a note why."""
    names, group = np.unique(np.array(signers, dtype=str), return_inverse=True)
    if "" in names:
        return over_clips(len(signers), "over clips, since not all signers are known")
    if len(names) < 2:
        return over_clips(len(signers), "over clips, since there is one signer only")
    return Units(group.astype(np.int64), len(names), "signers", few(len(names)))


def few(signers: int) -> str:
    """What to say of an interval over so many signers."""
    return f"only {counted(signers, 'signer')}: a rough interval" if signers < FEW else ""


def over_clips(clips: int, note: str = "") -> Units:
    """Every clip by itself."""
    return Units(np.arange(clips), clips, "clips", note)


def resampled(hits: Values, drawn: Units, draws: int, seed: int = 0) -> Values:
    """The share named rightly in each drawn set, (draws, R).

    `hits` (R, B) is 1 where a clip was named rightly, for R runs or measures of the same clips,
    which are drawn together. For the mean over signs see `mean_class`.
    """
    clips = np.bincount(drawn.group, minlength=drawn.count).astype(float)
    right = np.stack([np.bincount(drawn.group, row, drawn.count) for row in hits], axis=1)
    chunks = [
        weights @ right / (weights @ clips)[:, None] for weights in counts(drawn.count, draws, seed)
    ]
    return np.concatenate(chunks)


def resampled_mean(values: Values, draws: int, seed: int = 0) -> Values:
    """Means (draws, R) of drawn groups of `values` (G, R): one row a signer, all counting alike."""
    chunks = [weights @ values / len(values) for weights in counts(len(values), draws, seed)]
    return np.concatenate(chunks)


def interval(values: Values, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of drawn values (draws,): the percentile interval."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def counts(groups: int, draws: int, seed: int) -> Iterator[Values]:
    """Yield (at most CHUNK, groups): how often each group was drawn, for all the draws."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, CHUNK):
        count = min(CHUNK, draws - start)
        yield rng.multinomial(groups, np.full(groups, 1 / groups), size=count).astype(float)
