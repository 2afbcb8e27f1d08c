"""k nearest neighbours by cosine similarity: frozen features name a clip by those it resembles."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

TEMPERATURE = 0.07  # a neighbour's vote is exp(similarity / TEMPERATURE), as is usual


def votes(
    known: NDArray[np.float32],
    labels: NDArray[np.int64],
    queries: NDArray[np.float32],
    signs: int,
    ks: Sequence[int],
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(k, (Q, signs) shares of the votes of each query's k nearest known clips), for every k.

    `known` (B, D) and `labels` (B,) are the labelled clips. A k beyond their number means all.
    """
    most = min(max(ks), len(known))
    search = NearestNeighbors(n_neighbors=most, metric="cosine", algorithm="brute").fit(known)
    distance, nearest = search.kneighbors(queries)
    # Relative to the nearest, so that no power is too large or small to be written.
    weight = np.exp((distance[:, :1] - distance) / TEMPERATURE)
    place = np.arange(len(queries))[:, None]
    for k in ks:
        total = np.zeros((len(queries), signs))
        np.add.at(total, (place, labels[nearest[:, :k]]), weight[:, :k])
        yield k, (total / total.sum(axis=1, keepdims=True)).astype(np.float32)
