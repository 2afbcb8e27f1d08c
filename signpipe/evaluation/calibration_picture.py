"""A picture of whether a recogniser is as often right as it says it is."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from signpipe.evaluation.schema import Calibration
from signpipe.workspace import atomic


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
