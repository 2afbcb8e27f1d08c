"""The evaluations of a workspace, read from their metrics.json and predictions.csv."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.splits import VAL
from signpipe.tables import read_table
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class Named:
    """A clip, the sign made, and by stream the sign that was named."""

    clip_id: str
    signer: str
    label: str
    said: dict[str, str]

    @property
    def final(self) -> str:
        """What was said in the end: of `both`, or of the only stream."""
        return list(self.said.values())[-1]


@dataclass(frozen=True)
class Evaluation:
    """One folder of `evaluate/`."""

    folder: Path
    metrics: Metrics

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def names_clips(self) -> bool:
        """Whether the protocol names each clip once."""
        return (self.folder / "predictions.csv").exists()

    @cached_property
    def named(self) -> list[Named]:
        """What was said of each clip. Raises SignpipeError if predictions.csv cannot be read."""
        path = self.folder / "predictions.csv"
        try:
            rows = read_table(path).dicts("clip_id", "signer", "label", *self.metrics.streams)
            return [
                Named(
                    row["clip_id"],
                    row["signer"],
                    row["label"],
                    {stream: row[stream] for stream in self.metrics.streams},
                )
                for row in rows
            ]
        except SignpipeError as error:
            raise SignpipeError(f"{error}; evaluate again with --redo") from error


def read_evaluations(workspace: Workspace) -> tuple[list[Evaluation], list[str]]:
    """All evaluations, the newest first, and why others cannot be read."""
    found, unread = [], []
    paths = (workspace.root / "evaluate").glob("[!.]*/metrics.json")
    for path in sorted(paths, key=lambda path: (-path.stat().st_mtime, path)):
        try:
            found.append(Evaluation(path.parent, read_metrics(path)))
        except SignpipeError as error:
            unread.append(str(error))
    return found, unread


def main_evaluation(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The one whose clips are looked at one by one; None if none names clips.

    On val where it was evaluated, for who looks at the mistakes on test has seen it; then a
    fine-tuned one, then of the run `default`, then the newest.
    """

    def rank(evaluation: Evaluation) -> tuple[bool, ...]:
        metrics = evaluation.metrics
        return metrics.split != VAL, metrics.protocol != "finetuned", metrics.run != "default"

    usable = [evaluation for evaluation in evaluations if evaluation.names_clips]
    return min(usable, key=rank, default=None)  # of equals the first, which is the newest
