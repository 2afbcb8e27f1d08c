"""Whether a recogniser is as often right as it says it is."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray
from scipy.special import softmax

from signpipe.evaluation.schema import Calibration
from signpipe.training.metrics import Labels, Logits
from signpipe.workspace import atomic

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


def draw_calibration(path: Path, calibration: Calibration, title: str) -> None:
    """Write a PNG: accuracy of each bin over its confidences, and below how many clips it has."""
    figure = Figure(figsize=(5.0, 5.6), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    above, below = figure.subplots(2, 1, sharex=True, height_ratios=(3, 1))
    bins = calibration.bins
    low = np.array([b.low for b in bins])
    width = np.array([b.high for b in bins]) - low
    shown = np.array([b.clips > 0 for b in bins])
    accuracy = np.array([b.accuracy for b in bins])
    above.bar(low, accuracy, width, align="edge", color="#4c78a8", edgecolor="white")
    confidence = np.array([b.confidence for b in bins])
    above.plot(confidence[shown], accuracy[shown], "o", color="#d1495b", markersize=4)
    above.plot([0, 1], [0, 1], "--", color="grey", linewidth=1)
    above.set(ylabel="share named rightly", xlim=(0, 1), ylim=(0, 1))
    error = calibration.expected_error
    above.set_title(f"{title}: expected calibration error {error:.3f}", fontsize=10)
    below.bar(low, [b.clips for b in bins], width, align="edge", color="#9aa5b1", edgecolor="white")
    below.set(xlabel="probability of the sign named", ylabel="clips")
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png")
