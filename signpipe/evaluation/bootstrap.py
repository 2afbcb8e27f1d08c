"""Bootstrap intervals: how far a figure would move with other signers, or with other clips.

Clips of one signer resemble each other, so intervals over clips are too narrow for what holds of
people in general: whole signers are drawn with replacement, or, where there is but one, clips.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_array

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
    return f"only {signers} signers: a rough interval" if signers < FEW else ""


def over_clips(clips: int, note: str = "") -> Units:
    """Every clip by itself."""
    return Units(np.arange(clips), clips, "clips", note)


def resampled(
    hits: Values, labels: NDArray[np.int64], drawn: Units, draws: int, seed: int = 0
) -> tuple[Values, Values]:
    """Top-k and its mean over signs of each drawn set; both (draws, R).

    `hits` (R, B) is 1 where a clip was named rightly, for R runs or measures of the same clips,
    which are drawn together; `labels` (B,) are the clips' signs. A sign that a draw lacks is left
    out of its mean.
    """
    shape = (drawn.count, int(labels.max()) + 1)
    where = (drawn.group, labels)
    clips = csr_array((np.ones(len(labels)), where), shape=shape)
    right = [csr_array((row, where), shape=shape) for row in np.asarray(hits, float)]
    tops, means = [], []
    for weights in _weights(drawn.count, draws, seed):
        all_clips = (clips.T @ weights.T).T  # (draws, signs)
        made = all_clips > 0
        each = [(table.T @ weights.T).T for table in right]
        shares = [np.divide(n, all_clips, out=np.zeros_like(n), where=made) for n in each]
        tops.append(np.stack([n.sum(axis=1) / all_clips.sum(axis=1) for n in each], axis=1))
        means.append(np.stack([s.sum(axis=1) / made.sum(axis=1) for s in shares], axis=1))
    return np.concatenate(tops), np.concatenate(means)


def resampled_mean(values: Values, draws: int, seed: int = 0) -> Values:
    """Means (draws, R) of drawn groups of `values` (G, R): one row a signer, all counting alike."""
    chunks = [weights @ values / len(values) for weights in _weights(len(values), draws, seed)]
    return np.concatenate(chunks)


def interval(values: Values, level: float = 0.95) -> tuple[float, float]:
    """The middle `level` of drawn values (draws,): the percentile interval."""
    low, high = np.quantile(values, [(1 - level) / 2, (1 + level) / 2])
    return float(low), float(high)


def _weights(groups: int, draws: int, seed: int) -> Iterator[Values]:
    """(at most CHUNK, groups): how often each group was drawn."""
    rng = np.random.default_rng(seed)
    for start in range(0, draws, CHUNK):
        count = min(CHUNK, draws - start)
        yield rng.multinomial(groups, np.full(groups, 1 / groups), size=count).astype(float)
