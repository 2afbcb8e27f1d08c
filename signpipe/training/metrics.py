"""Figures of merit of a recogniser's logits."""

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import confusion_matrix

Logits = NDArray[np.float32]
Labels = NDArray[np.int64]


def top_k(logits: Logits, labels: Labels, k: int) -> float:
    """The share of clips whose sign is among the k highest logits; (B, S), (B,) -> [0, 1]."""
    best = np.argsort(-logits, axis=1, kind="stable")[:, :k]
    return float((best == labels[:, None]).any(axis=1).mean())


def mean_class(logits: Logits, labels: Labels) -> float:
    """Top-1 of each sign that occurs, averaged over the signs (sign counts alike, not clips)."""
    hits = logits.argmax(axis=1) == labels
    return float(np.mean([hits[labels == sign].mean() for sign in np.unique(labels)]))


def measure(logits: Logits, labels: Labels) -> dict[str, float]:
    """top1, top5 (per clip) and mean_class (per sign), as fractions of 1."""
    return {
        "top1": top_k(logits, labels, 1),
        "top5": top_k(logits, labels, 5),
        "mean_class": mean_class(logits, labels),
    }


def confusion(logits: Logits, labels: Labels) -> NDArray[np.int64]:
    """(S, S) counts: row = the sign that was made, column = the sign that was named."""
    signs = np.arange(logits.shape[1])
    matrix: NDArray[np.int64] = confusion_matrix(labels, logits.argmax(axis=1), labels=signs)
    return matrix
