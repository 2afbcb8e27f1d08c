"""The runs of a workspace: what each was made with, and how its training went."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.training.metrics_log import Row, read_log
from signpipe.workspace import Workspace, read_record


@dataclass(frozen=True)
class Run:
    """`epochs` are the rows of metrics.csv that sum up an epoch."""

    stage: str
    folder: Path
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    epochs: list[Row]

    @property
    def name(self) -> str:
        return self.folder.name


def read_runs(workspace: Workspace, stage: str) -> tuple[list[Run], list[str]]:
    """The runs of a stage, the newest first, and why others cannot be read."""
    found, unread = [], []
    for name in workspace.runs(stage):
        folder = workspace.run(stage, name)
        try:
            record = read_record(folder) or {}
            epochs = _epochs(folder / "metrics.csv")
            settings, inputs = record.get("settings", {}), record.get("inputs", {})
            found.append(Run(stage, folder, settings, inputs, epochs))
        except SignpipeError as error:
            unread.append(str(error))
    return found, unread


def _epochs(path: Path) -> list[Row]:
    try:
        return [row for row in read_log(path) if "step" not in row]
    except OSError as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
