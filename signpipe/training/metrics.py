"""Figures of merit of a recogniser's logits."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]


def place(logits: Logits, labels: Labels) -> NDArray[np.int64]:
    """(B,): how many signs are ranked above a clip's own; (B, S), (B,). Of equals, the first.

    What is no number ranks above all numbers, so that it is never a right answer.
    """
    own = logits[np.arange(len(labels)), labels][:, None]
    before = np.arange(logits.shape[1]) < labels[:, None]
    above: NDArray[np.int64] = (~((logits < own) | ((logits == own) & ~before))).sum(axis=1)
    return above


def hits(logits: Logits, labels: Labels, k: int = 1) -> NDArray[np.bool_]:
    """(B,): whether a clip's sign is among its k highest logits; (B, S), (B,)."""
    return place(logits, labels) < k


def top_k(logits: Logits, labels: Labels, k: int) -> float:
    """The share of clips whose sign is among the k highest logits; (B, S), (B,) -> [0, 1]."""
    return float(hits(logits, labels, k).mean())


def mean_class(logits: Logits, labels: Labels, k: int = 1) -> float:
    """Top-k of each sign that occurs, averaged over the signs (sign counts alike, not clips)."""
    return _over_signs(hits(logits, labels, k), labels)


def _over_signs(right: NDArray[np.bool_], labels: Labels) -> float:
    count, clips = np.bincount(labels, right), np.bincount(labels)
    return float((count[clips > 0] / clips[clips > 0]).mean())


def measure(logits: Logits, labels: Labels) -> dict[str, float]:
    """top1 and top5 (per clip), mean_class and mean_class_top5 (per sign), as fractions of 1."""
    rank = place(logits, labels)
    return {
        "top1": float((rank < 1).mean()),
        "top5": float((rank < 5).mean()),
        "mean_class": _over_signs(rank < 1, labels),
        "mean_class_top5": _over_signs(rank < 5, labels),
    }


def confusion(logits: Logits, labels: Labels) -> NDArray[np.int64]:
    """(S, S) counts: row = the sign that was made, column = the sign that was named."""
    signs = np.arange(logits.shape[1])
    matrix: NDArray[np.int64] = confusion_matrix(labels, logits.argmax(axis=1), labels=signs)
    return matrix
