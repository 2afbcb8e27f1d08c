"""What a run tells while it trains: metrics.csv, and TensorBoard's event files where wanted.

metrics.csv has a row for every step, and one for every epoch, in which `step` is empty: the steps'
means and the validation.
"""

import csv
import io
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import IO, Any, Literal

from signpipe.errors import SignpipeError, missing_extra
from signpipe.workspace import write_text

Logger = Literal["tensorboard"]
Row = Mapping[str, float]  # `epoch` counts from 1, and so does `step`, within its epoch


class MetricsLog:
    """Writes the rows of one run; used as a context."""

    def __init__(
        self, folder: Path, epochs: Sequence[Row], steps: int, logger: Logger | None = None
    ) -> None:
        """Go on after `epochs`, the rows of those that are finished, with `steps` in each.

        Rows of steps after them, from a run that was killed, are cut. Raises SignpipeError if the
        logger is not installed.
        """
        self.path, self.steps = folder / "metrics.csv", steps
        # Events of a killed run's steps from here on are hidden.
        first = len(epochs) * steps + 1
        self.events = _event_writer()(folder, purge_step=first) if logger else None
        kept = read_log(self.path)
        self.columns: list[str] = []
        rows: list[Row] = []
        for row in epochs:
            rows += [*(r for r in kept if r["epoch"] == row["epoch"] and "step" in r), row]
        self._rewrite(rows)

    def __enter__(self) -> "MetricsLog":
        return self

    def __exit__(self, *_: object) -> None:
        self.file.close()
        if self.events:
            self.events.close()

    def step(self, row: Row) -> None:
        """Add a step's numbers."""
        self._write(row)
        self._send("step", row, (row["epoch"] - 1) * self.steps + row["step"])

    def epoch(self, row: Row) -> None:
        """Add an epoch's numbers; before its checkpoint, so that a kill leaves no gap."""
        self._write(row)
        self._send("epoch", row, row["epoch"] * self.steps)
        if self.events:
            self.events.flush()

    def _write(self, row: Row) -> None:
        if set(row) <= set(self.columns):
            self.file.write(_text([row], self.columns))
            self.file.flush()
        else:  # the first step, and the first epoch with its validation
            self.file.close()
            self._rewrite([*read_log(self.path), row])

    def _rewrite(self, rows: Sequence[Row]) -> None:
        named = dict.fromkeys(name for row in rows for name in row)
        self.columns = list(dict.fromkeys(("epoch", "step", *named)))
        header = ",".join(self.columns) + "\n"
        write_text(self.path, header + _text(rows, self.columns))
        self.file: IO[str] = open(self.path, "a", encoding="utf-8")  # noqa: SIM115

    def _send(self, kind: str, row: Row, place: float) -> None:
        if self.events:
            for name in row.keys() - {"epoch", "step"}:
                self.events.add_scalar(f"{kind}/{name}", row[name], int(place))


def epochs_finished(path: Path) -> int:
    """How many epochs a run's metrics.csv tells of; 0 without one.

    Raises SignpipeError if it cannot be read.
    """
    try:
        return sum("step" not in row for row in read_log(path))
    except OSError as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error


def _text(rows: Sequence[Row], columns: Sequence[str]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, restval="", lineterminator="\n")
    writer.writerows({name: f"{value:.6g}" for name, value in row.items()} for row in rows)
    return text.getvalue()


def read_log(path: Path) -> list[Row]:
    """The whole rows of a metrics.csv, those of an epoch without `step`; none without the file.

    A kill may have torn the last row; what is no row of numbers is passed over. Raises OSError.
    """
    if not path.exists():
        return []
    heading, *lines = path.read_text(encoding="utf-8", errors="replace").split("\n")
    names = heading.split(",")
    found: list[Row] = []
    for line in lines:
        with suppress(ValueError):
            row = {name: float(v) for name, v in zip(names, line.split(","), strict=True) if v}
            if "epoch" in row:
                found.append(row)
    return found


def check_logger(logger: Logger | None) -> None:
    """Raises SignpipeError if it is not installed."""
    if logger:
        _event_writer()


def _event_writer() -> Any:
    try:
        from torch.utils.tensorboard import SummaryWriter
    except ImportError as error:
        raise missing_extra("--logger", "tensorboard", "tracking") from error
    return SummaryWriter
