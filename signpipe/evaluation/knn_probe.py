"""k nearest neighbours by cosine similarity: frozen features name a clip by those it resembles."""

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from signpipe.training.features import Features, unit

TEMPERATURE = 0.07  # a neighbour's vote is exp(similarity / TEMPERATURE), as is usual
BLOCK = 256  # queries at a time: their similarities to all known clips are held

Nearest = tuple[NDArray[np.float32], NDArray[np.int64]]  # similarities and places, both (Q, k)


def nearest(
    known: Features, asked: Features, weights: Sequence[dict[str, float]], most: int
) -> list[Nearest]:
    """The `most` known clips that are most similar to each query (Q), the most similar first.

    By several weightings of the streams, of which a similarity is the weighted mean: `known` (B, D)
    and `asked` (Q, D) are compared once for all of them.
    """
    known, asked = unit(known), unit(asked)
    clips, queries = (len(next(iter(rows.values()))) for rows in (known, asked))
    most = min(most, clips)
    found: list[list[Nearest]] = [[] for _ in weights]
    for start in range(0, queries, BLOCK):
        similar = {s: rows[start : start + BLOCK] @ known[s].T for s, rows in asked.items()}
        for kept, weight in zip(found, weights, strict=True):
            mixed = sum(np.float32(share) * similar[s] for s, share in weight.items() if share)
            kept.append(_largest(np.asarray(mixed), most))
    return [
        (np.concatenate([one for one, _ in kept]), np.concatenate([place for _, place in kept]))
        for kept in found
    ]


def _largest(similar: NDArray[np.float32], most: int) -> Nearest:
    some = np.argpartition(-similar, most - 1, axis=1)[:, :most]
    values = np.take_along_axis(similar, some, axis=1)
    order = np.argsort(-values, axis=1, kind="stable")
    return np.take_along_axis(values, order, axis=1), np.take_along_axis(some, order, axis=1)


def votes(
    found: Nearest, labels: NDArray[np.int64], signs: int, ks: Sequence[int]
) -> Iterator[tuple[int, NDArray[np.float32]]]:
    """(k, (Q, signs) shares of the votes of each query's k nearest known clips), for every k.

    `labels` (B,) are the known clips'. A k beyond those that were found means all of them.
    """
    similar, places = found
    # Relative to the nearest, so that no power is too large or small to be written.
    weight = np.exp((similar - similar[:, :1]).astype(np.float64) / TEMPERATURE)
    place = np.arange(len(similar))[:, None]
    for k in ks:
        total = np.zeros((len(similar), signs))
        np.add.at(total, (place, labels[places[:, :k]]), weight[:, :k])
        yield k, (total / total.sum(axis=1, keepdims=True)).astype(np.float32)
