"""The runs of a workspace: what each was made with, and how its training went."""

import csv
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.workspace import Workspace, read_record


@dataclass(frozen=True)
class Run:
    """`epochs` are the rows of metrics.csv that sum up an epoch."""

    stage: str
    folder: Path
    settings: Mapping[str, Any]
    inputs: Mapping[str, Any]
    epochs: list[dict[str, float]]

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


def _epochs(path: Path) -> list[dict[str, float]]:
    """The whole rows without a step; a kill may have torn the last one."""
    if not path.exists():
        return []
    found = []
    try:
        with open(path, newline="", encoding="utf-8") as file:
            for row in csv.DictReader(file):
                if not row.get("step"):
                    with suppress(ValueError, TypeError, AttributeError):
                        found.append({name: float(text) for name, text in row.items() if text})
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
    return [row for row in found if "epoch" in row]
