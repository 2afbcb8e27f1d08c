"""Whether a recogniser is as often right as it says it is."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from signpipe.training.metrics import Labels, Logits

BINS = 15


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
        """The mean gap between confidence and accuracy, over clips."""
        gap = np.abs(self.confidence - self.accuracy)
        return float((gap * self.clips).sum() / self.clips.sum())


def reliability(logits: Logits, labels: Labels, bins: int = BINS) -> Reliability:
    """Bins of equal width over the softmax of the logits (B, S); labels (B,)."""
    probabilities = softmax(logits.astype(np.float64), axis=1)
    sure = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    edges = np.linspace(0.0, 1.0, bins + 1)
    place = np.clip(np.searchsorted(edges, sure, side="left") - 1, 0, bins - 1)
    clips = np.bincount(place, minlength=bins)
    at_least_one = np.maximum(clips, 1)
    confidence = np.bincount(place, sure, bins) / at_least_one
    accuracy = np.bincount(place, right, bins) / at_least_one
    return Reliability(edges, clips, confidence, accuracy)
