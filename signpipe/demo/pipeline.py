"""The whole pipeline on the virtual signers, in a folder of its own."""

import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe import pipeline, prediction
from signpipe.demo.clips import clips_folder
from signpipe.progress import note
from signpipe.recognizer import Prediction, Recognizer
from signpipe.settings import TrainSettings, resolve
from signpipe.tables import csv_text, read_table
from signpipe.workspace import Workspace, write_text

NEVER_SEEN = "otto"
VALIDATION = "mara"
EPOCHS = 4  # drawn signers are easy


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
    """Extract, learn the gestures from few clips of all signers but one, evaluate on that one.

    What is done already is not done again. Raises SignpipeError if the folder cannot be written.
    """
    folder = Path(folder)
    workspace = Workspace(folder / "workspace")
    rows = _clips()
    labels = folder / "labels.csv"
    write_text(labels, csv_text([("path", "label", "signer", "split"), *rows]))
    seconds: dict[str, float] = {}
    started = time.monotonic()

    def finished(stage: str, result: object) -> None:
        nonlocal started
        seconds[stage] = time.monotonic() - started
        started = time.monotonic()

    note("demo: extract, prepare, finetune, evaluate and predict ...")
    settings = resolve(TrainSettings, changes={"finetune.epochs": EPOCHS})
    videos = [Path(path) for path, *_ in rows]
    result = pipeline.run(
        workspace, videos, settings, labels=labels, workers=workers, finished=finished
    )
    overlay = folder / "overlay.mp4"
    clip = sorted(clips_folder().glob(f"*/{NEVER_SEEN}_0.mp4"))[0]
    recognizer = Recognizer.load(prediction.find_recognizer(workspace))
    (answer,) = prediction.run([clip], recognizer, top=3, overlay=overlay, workspace=workspace)
    finished("predict", answer)
    metrics = result.evaluate.metrics
    return DemoResult(NEVER_SEEN, metrics["clips"], metrics, answer, overlay, seconds)


def _clips() -> list[tuple[str, str, str, str]]:
    """Path, label, signer and split of the clips that are used: a split by signer.

    One clip a gesture and signer to learn from is enough; who is never seen has both.
    """
    split = {NEVER_SEEN: "test", VALIDATION: "val"}
    table = read_table(clips_folder() / "labels.csv")
    return [
        (str(clips_folder() / row["path"]), row["label"], row["signer"], of)
        for row in table.dicts("path", "label", "signer")
        if (of := split.get(row["signer"], "train")) == "test" or row["path"].endswith("_0.mp4")
    ]
