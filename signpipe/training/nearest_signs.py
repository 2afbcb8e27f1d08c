"""The signs nearest to a clip: by features of all clips, then of the first hundred frame by frame.

All choices were made on val, some also on personal signers. Of a sign its nearest clip counts, and
the nearest one of another signer, who tells more than the same one once more: with five examples a
sign the mean reciprocal rank is 3.6 points higher than by the two nearest clips of whomever, with
all 2.2, but with two 0.7 lower. Time warping adds 1 to 2. A mirrored query changes nothing, since
the encoder has learned from both; whitened features lose 10 points and more with one example a
sign.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.training.warping import Sequences, warped_distances

FIRST = 100  # clips that are compared frame by frame
NEAREST = 0.7  # what a sign's nearest clip weighs in its distance; the second signer's has the rest
SHOWN = 3  # clips of a sign that are compared, and told
WARPING = 0.4  # what a warped distance weighs beside that of features
JOINT_WEIGHT = 0.7  # of the joint stream's similarities; motion has the rest
Rows = NDArray[np.float32]


@dataclass(frozen=True)
class NearSign:
    """A sign by its number, its distance, and its nearest clips (row, distance), nearest first.

    Where several signers have made it, the clips are by different ones.
    Distances grow from 0 on: that of features is 1 less their cosine, and WARPING times the warped
    one is added, of signs too far for it that of the farthest of the hundred.
    """

    sign: int
    distance: float
    clips: tuple[tuple[int, float], ...]


class NearestSigns:
    """Clips of S signs: `features` (C, D) of unit length, `sequences` (C, *SHAPE) or None.

    `signs` (C,) are numbers from 0, ascending, none left out; `signers` (C,) as from
    `signer_numbers`. The arrays may be mapped from files, and hold anything: what is no number is
    far from all. Safe to use from several threads.
    """

    def __init__(
        self,
        features: Rows,
        signs: NDArray[np.int64],
        signers: NDArray[np.int64],
        sequences: NDArray[Any] | None = None,
    ) -> None:
        self.features, self.sequences = features, sequences
        self.signs, self.signers = signs, signers
        self.starts = np.flatnonzero(np.diff(signs, prepend=-1))
        self._ends = np.append(self.starts[1:], len(signs))

    def find(
        self,
        query: Rows,
        sequence: Sequences | None = None,
        *,
        top: int | None = None,
        allowed: NDArray[np.bool_] | None = None,
    ) -> list[NearSign]:
        """The nearest signs of a query (D,), the `top` ones or all that have clips, nearest first.

        With a `sequence` (SHAPE,) the first hundred clips are warped too. `allowed` (C,) says which
        clips count.
        """
        with np.errstate(invalid="ignore"):
            likeness = np.clip(np.nan_to_num(self.features @ query, nan=-1.0), -1, 1)
        if allowed is not None:
            likeness[~allowed] = -np.inf
        if not len(likeness):
            return []
        best = np.maximum.reduceat(likeness, self.starts)
        order = np.argsort(-best, kind="stable")
        order = order[np.isfinite(best[order])]
        near, extra = self._first(likeness, order, sequence)
        near.sort(key=lambda sign: sign.distance)
        for sign in order[len(near) : top]:
            rows = self._nearest(likeness, int(sign))
            clips = tuple((int(row), 1 - float(likeness[row]) + extra) for row in rows)
            distance = max(near[-1].distance, clips[0][1])
            near.append(NearSign(int(sign), distance, clips))
        return near[:top]

    def _first(
        self, likeness: Rows, order: NDArray[np.int64], sequence: Sequences | None
    ) -> tuple[list[NearSign], float]:
        """Signs in their order up to FIRST clips, and what warping adds to the farthest of them."""
        chosen: list[NDArray[np.int64]] = []
        count = 0
        for sign in order:
            chosen.append(self._nearest(likeness, int(sign)))
            count += len(chosen[-1])
            if count >= FIRST:
                break
        if not chosen:
            return [], 0.0
        rows = np.concatenate(chosen)
        distances = 1 - likeness[rows]
        extra = 0.0
        if sequence is not None and self.sequences is not None:
            kept = np.asarray(self.sequences[rows], np.float32)
            kept = np.nan_to_num(kept, posinf=0.0, neginf=0.0)
            added = WARPING * warped_distances(sequence[None], kept)[0]
            distances, extra = distances + added, float(added.max())
        near, start = [], 0
        for sign, own in zip(order, chosen, strict=False):
            found = sorted(zip(own.tolist(), distances[start:].tolist(), strict=False), key=_second)
            distance = sign_distance([distance for _, distance in found])
            near.append(NearSign(int(sign), distance, tuple(found)))
            start += len(own)
        return near, extra

    def _nearest(self, likeness: Rows, sign: int) -> NDArray[np.int64]:
        """Rows of up to SHOWN of a sign's clips that count, nearest first: one a signer, or where
        there is but one signer the nearest."""
        start, end = self.starts[sign], self._ends[sign]
        own = likeness[start:end]
        rows = np.argsort(-own, kind="stable")
        rows = rows[np.isfinite(own[rows])]
        each = np.sort(np.unique(self.signers[start + rows], return_index=True)[1])
        return start + (rows[each] if len(each) > 1 else rows)[:SHOWN]


def signer_numbers(signers: Sequence[str]) -> NDArray[np.int64]:
    """(C,): a number for each signer; clips of unknown ones ("") count as by one each."""
    names = np.array(signers, dtype=object)
    numbers = np.unique(names, return_inverse=True)[1].astype(np.int64)
    unknown = names == ""
    numbers[unknown] = len(numbers) + np.arange(unknown.sum())
    return numbers


def sign_distance(distances: Sequence[Any]) -> Any:
    """A sign's from those of its clips, one or more, nearest first; numbers, or arrays of them."""
    nearest, *others = distances
    return NEAREST * nearest + (1 - NEAREST) * (others[0] if others else nearest)


def _second(pair: tuple[int, float]) -> float:
    return pair[1]
