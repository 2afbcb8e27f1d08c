"""Naming by examples: the sign whose clips are on the mean the most like the one asked about.

Rows are features (B, D). How alike two clips are is the cosine of theirs, best after
`signpipe.model.whitening`.
"""

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]  # (B, D)
Labels = NDArray[np.int64]  # (B,) numbers of signs
Number = TypeVar("Number", np.float32, np.float64)


def unit_rows(rows: Rows) -> Rows:
    """Every row with length 1; a row of zeros stays as it is."""
    return rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), np.float32(1e-12))


def class_sums(rows: NDArray[Number], labels: Labels, signs: int) -> NDArray[Number]:
    """(signs, D): the sum of each sign's rows, which has the direction of their mean."""
    sums = np.zeros((signs, rows.shape[1]), rows.dtype)
    order = np.argsort(labels, kind="stable")
    present, first = np.unique(labels[order], return_index=True)
    if len(first):
        sums[present] = np.add.reduceat(rows[order], first)
    return sums


def nearest_mean(shown: Rows, labels: Labels, queries: Rows, signs: int) -> Rows:
    """Cosine similarity (Q, signs) of queries to the mean of each sign's shown clips."""
    return unit_rows(queries) @ unit_rows(class_sums(shown, labels, signs)).T
