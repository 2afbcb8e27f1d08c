"""`predictions.csv` beside metrics.json: what was said of each clip, where each is named once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.tables import read_table, write_table
from signpipe.wording import counted

FILE = "predictions.csv"
AGAIN = "evaluate again with --redo"


@dataclass(frozen=True)
class ClipPrediction:
    """A clip, the sign made, and by stream the sign that was named."""

    clip_id: str
    signer: str
    label: str
    predicted: dict[str, str]

    @property
    def final(self) -> str:
        """What was said in the end: of `both`, or of the only stream."""
        return list(self.predicted.values())[-1]


def write_predictions(
    path: Path,
    clips: Sequence[Clip],
    signs: Sequence[str],
    logits: Mapping[str, NDArray[np.float32]],
) -> None:
    """Write a row a clip (B); `logits` (B, S) of every stream over the `signs`, the answer last."""
    columns = ["clip_id", "signer", "label", *logits, "probability", "second", "third"]
    rows = []
    probabilities = softmax(list(logits.values())[-1].astype(np.float64), axis=1)
    for i, clip in enumerate(clips):
        named = [signs[int(values[i].argmax())] for values in logits.values()]
        order = np.argsort(-probabilities[i], kind="stable")
        others = [signs[j] for j in order[1:3]] + [""] * (3 - min(3, len(order)))
        share = probabilities[i, order[0]]
        rows.append([clip.clip_id, clip.signer, clip.label, *named, f"{share:.4f}", *others])
    write_table(path, columns, rows)


def read_predictions(
    path: Path, streams: Sequence[str], clips: int | None = None
) -> list[ClipPrediction]:
    """What was said of each clip by the `streams`.

    Raises SignpipeError if the file cannot be read, lacks a column or part of a row, names a clip
    twice, or has another number of rows than `clips`.
    """
    try:
        rows = list(read_table(path).dicts("clip_id", "signer", "label", *streams))
    except SignpipeError as error:
        raise SignpipeError(f"{error}; {AGAIN}") from error
    for row in rows:
        if missing := [name for name in ("label", *streams) if not row[name]]:
            raise SignpipeError(f"{path}: the clip {row['clip_id']} has no {missing[0]}; {AGAIN}")
    if len({row["clip_id"] for row in rows}) < len(rows):
        raise SignpipeError(f"{path} names a clip twice; {AGAIN}")
    if clips is not None and len(rows) != clips:
        told = f"{path} names {counted(len(rows), 'clip')}, metrics.json {clips}"
        raise SignpipeError(f"{told}; {AGAIN}")
    return [
        ClipPrediction(
            row["clip_id"], row["signer"], row["label"], {name: row[name] for name in streams}
        )
        for row in rows
    ]


def cell_name(of: Mapping[str, str | int | float]) -> str:
    """What a cell of fractions is called: FRACTION-START-SEED."""
    return f"{float(of['fraction']):g}-{of['start']}-{of['seed']}"


def cell_file(folder: Path, of: Mapping[str, str | int | float]) -> Path:
    """The predictions of a cell of fractions, whose evaluation lies in `folder`."""
    return folder / "cells" / cell_name(of) / FILE
