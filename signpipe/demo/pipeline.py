"""The whole pipeline on the virtual signers, in a folder of its own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe import prediction
from signpipe.demo.clips import clips_folder
from signpipe.evaluation import evaluate
from signpipe.extraction import extract
from signpipe.progress import note
from signpipe.recognizer import Prediction, Recognizer
from signpipe.settings import FinetuneSettings, PretrainSettings
from signpipe.tables import csv_text, read_table
from signpipe.training import finetune, pretrain
from signpipe.workspace import Workspace, write_text

NEVER_SEEN = "otto"
VALIDATION = "mara"
LABELS_PER_SIGN = 4
PRETRAIN_EPOCHS = 12


@dataclass(frozen=True)
class DemoResult:
    """`metrics` is what evaluate wrote for the signer never seen; `seconds` go by stage."""

    signer: str
    clips: int
    metrics: dict[str, Any]
    prediction: Prediction
    overlay: Path
    seconds: dict[str, float]


def run(folder: Path | str, *, workers: int | None = None) -> DemoResult:
    """Extract, pretrain on all signers but one, fine-tune with few labels, evaluate on that one.

    What is done already is not done again. Raises SignpipeError if the folder cannot be written.
    """
    folder = Path(folder)
    workspace = Workspace(folder / "workspace")
    labels = folder / "labels.csv"
    seconds: dict[str, float] = {}
    with _timed("extract", seconds):
        write_text(labels, _labels())
        extract.run(workspace, [clips_folder()], labels=labels, workers=workers)
    with _timed("pretrain", seconds):
        pretrain.run(workspace, PretrainSettings(epochs=PRETRAIN_EPOCHS), splits=("train", "val"))
    with _timed("finetune", seconds):
        finetune.run(workspace, FinetuneSettings(labels_per_sign=LABELS_PER_SIGN))
    with _timed("evaluate", seconds):
        metrics = evaluate.run(workspace, split="test").metrics
    overlay = folder / "overlay.mp4"
    with _timed("predict", seconds):
        clip = sorted(clips_folder().glob(f"*/{NEVER_SEEN}_0.mp4"))[0]
        recognizer = Recognizer.load(prediction.find_recognizer(workspace))
        (answer,) = prediction.run([clip], recognizer, top=3, overlay=overlay, workspace=workspace)
    return DemoResult(NEVER_SEEN, metrics["clips"], metrics, answer, overlay, seconds)


@contextmanager
def _timed(name: str, seconds: dict[str, float]) -> Iterator[None]:
    note(f"demo: {name} ...")
    started = time.monotonic()
    yield
    seconds[name] = time.monotonic() - started


def _labels() -> str:
    """The shipped labels with a split by signer."""
    split = {NEVER_SEEN: "test", VALIDATION: "val"}
    table = read_table(clips_folder() / "labels.csv")
    rows = [
        (str(clips_folder() / row["path"]), row["label"], row["signer"])
        for row in table.dicts("path", "label", "signer")
    ]
    named = [(*row, split.get(row[2], "train")) for row in rows]
    return csv_text([("path", "label", "signer", "split"), *named])
