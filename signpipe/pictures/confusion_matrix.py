"""The confusion matrix as a picture."""

from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from signpipe.workspace import atomic

NUMBERED = 30  # up to so many signs each cell shows its count


def draw_confusion(path: Path, matrix: NDArray[np.int64], signs: list[str]) -> None:
    """Write a PNG of (S, S) counts; colour is the share of the row, that is of the sign made."""
    count = len(signs)
    side = min(4.0 + 0.34 * count, 40.0)
    figure = Figure(figsize=(side, side), dpi=120, layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.add_subplot()
    share = matrix / np.maximum(matrix.sum(axis=1, keepdims=True), 1)
    axes.imshow(share, cmap="Blues", vmin=0, vmax=1)
    size = 9 if count <= 60 else 5
    # Plain text: a sign's name may hold a dollar, which would be read as a formula.
    names = [sign.replace("$", r"\$") for sign in signs]
    axes.set_xticks(range(count), names, rotation=90, fontsize=size)
    axes.set_yticks(range(count), names, fontsize=size)
    axes.set_xlabel("predicted")
    axes.set_ylabel("true")
    axes.set_title(f"{int(np.trace(matrix))} of {int(matrix.sum())} clips right", fontsize=11)
    if count <= NUMBERED:
        for row, column in zip(*np.nonzero(matrix), strict=True):
            colour = "white" if share[row, column] > 0.5 else "black"
            text = str(matrix[row, column])
            axes.text(column, row, text, ha="center", va="center", color=colour, fontsize=size)
    with atomic(path) as temporary:
        figure.savefig(temporary, format="png")
