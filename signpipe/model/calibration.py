"""Probabilities that hold: how far they are from how often they are right, and their mending."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

BINS = 15
LOWEST, HIGHEST = 0.05, 20.0  # temperatures that are tried


@dataclass(frozen=True)
class Reliability:
    """Clips by the probability of the sign they were named; all (bins,).

    Bin i has probabilities in (edges[i], edges[i + 1]]; `confidence` is their mean and `accuracy`
    the share named rightly, both 0 in a bin without clips.
    """

    edges: NDArray[np.float64]  # (bins + 1,)
    clips: NDArray[np.int64]
    confidence: NDArray[np.float64]
    accuracy: NDArray[np.float64]

    @property
    def expected_error(self) -> float:
        """The mean gap between confidence and accuracy, over clips; in [0, 1]."""
        gap = np.abs(self.confidence - self.accuracy)
        return float((gap * self.clips).sum() / self.clips.sum())


def softmax(logits: ArrayLike) -> NDArray[np.float64]:
    """Probabilities (B, S) of logits (B, S), of which some but not all may be -inf in a row."""
    values = np.asarray(logits, np.float64)
    shares: NDArray[np.float64] = np.exp(values - values.max(axis=1, keepdims=True))
    return shares / shares.sum(axis=1, keepdims=True)


def reliability(logits: ArrayLike, labels: NDArray[np.int64], bins: int = BINS) -> Reliability:
    """Bins of equal width over the softmax of the logits (B, S); labels (B,).

    A label that no logit stands for, such as -1 for a sign that is not known, is never right.
    """
    probabilities = softmax(logits)
    return binned(probabilities.max(axis=1), probabilities.argmax(axis=1) == labels, bins)


def binned(sure: NDArray[np.float64], right: NDArray[np.bool_], bins: int = BINS) -> Reliability:
    """Bins of equal width over the probability of what was named, and if that was right; (B,)."""
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    clips = np.bincount(place, minlength=bins)
    at_least_one = np.maximum(clips, 1)
    confidence = np.bincount(place, sure, bins) / at_least_one
    accuracy = np.bincount(place, right, bins) / at_least_one
    return Reliability(edges, clips, confidence, accuracy)


def fit_temperature(logits: ArrayLike, labels: NDArray[np.int64]) -> float:
    """What logits (B, S) of B > 0 clips are to be divided by, so that their softmax is likeliest.

    As in Platt's scaling, 1 / (B + 2) of every target goes to all signs alike: few clips that are
    all right do not make it sure of everything. Logits of -inf are signs that cannot be named.
    """
    from scipy.optimize import minimize_scalar

    values = np.asarray(logits, np.float64)
    values = values - values.max(axis=1, keepdims=True)
    share, nameable = 1 / (len(labels) + 2), np.isfinite(values)
    finite = np.where(nameable, values, 0.0)
    target = share * nameable / nameable.sum(axis=1, keepdims=True)
    target[np.arange(len(labels)), labels] += 1 - share
    aimed = (target * finite).sum(axis=1)

    def loss(log_temperature: float) -> float:
        scale = np.exp(-log_temperature)
        normaliser = np.log(np.exp(scale * values).sum(axis=1))
        return float((normaliser - scale * aimed).mean())

    bounds = (np.log(LOWEST), np.log(HIGHEST))
    return float(np.exp(minimize_scalar(loss, bounds=bounds, method="bounded").x))
