"""The tables and pictures beside metrics.json of a protocol that names every clip once."""

from pathlib import Path

import numpy as np

from signpipe.evaluation.calibration_picture import draw_calibration
from signpipe.evaluation.intervals import FEW
from signpipe.evaluation.predictions import FILE, write_predictions
from signpipe.evaluation.protocols.common import Scored
from signpipe.evaluation.schema import Calibration
from signpipe.model.calibration import reliability
from signpipe.pictures.confusion_matrix import draw_confusion
from signpipe.tables import csv_text
from signpipe.training.metrics import confusion
from signpipe.workspace import write_text


def write_tables(folder: Path, scored: Scored, calibration: dict[str, Calibration]) -> None:
    """Write predictions.csv, confusion.csv, confusion.png and, if measured, calibration.png."""
    _write_confusion(folder, scored)
    write_predictions(folder / FILE, scored.clips, scored.signs, scored.logits)
    if calibration:
        stream = list(scored.logits)[-1]
        draw_calibration(folder / "calibration.png", calibration[stream], stream)


def calibrations(scored: Scored) -> dict[str, Calibration]:
    """The expected calibration error of every stream's probabilities, with its bins.

    Of few clips there is none: their error would be that of chance.
    """
    found: dict[str, Calibration] = {}
    if len(scored.clips) < FEW:
        return found
    for stream, logits in scored.logits.items():
        found[stream] = Calibration.of(reliability(logits, scored.labels))
    return found


def _write_confusion(folder: Path, scored: Scored) -> None:
    matrix = confusion(scored.final, scored.labels)
    # Signs that were neither made nor named would only be empty rows.
    used = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1))
    signs = [scored.signs[i] for i in used]
    matrix = matrix[np.ix_(used, used)]
    table = [["true / predicted", *signs]]
    table += [[sign, *map(str, row)] for sign, row in zip(signs, matrix, strict=True)]
    write_text(folder / "confusion.csv", csv_text(table))
    draw_confusion(folder / "confusion.png", matrix, signs)
