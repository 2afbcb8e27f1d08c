"""The evaluations of a workspace, read from their metrics.json and predictions.csv."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.evaluation.predictions import FILE, ClipPrediction, read_predictions
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.evaluation.staleness import Present, stale
from signpipe.splits import VAL
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class Evaluation:
    """One folder of `evaluate/`; `stale` says why it would be measured anew, "" if it would not."""

    folder: Path
    metrics: Metrics
    stale: str = ""

    @property
    def name(self) -> str:
        return self.folder.name

    @property
    def title(self) -> str:
        """Its name, marked where it no longer holds."""
        return f"{self.name} (stale)" if self.stale else self.name

    @property
    def names_clips(self) -> bool:
        """Whether the protocol names each clip once."""
        return (self.folder / FILE).exists()

    @cached_property
    def predictions(self) -> list[ClipPrediction]:
        """What was said of each clip. Raises SignpipeError if predictions.csv cannot be read."""
        streams, clips = list(self.metrics.streams), self.metrics.clips
        return read_predictions(self.folder / FILE, streams, clips)


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


def marked(workspace: Workspace, evaluations: Sequence[Evaluation]) -> list[Evaluation]:
    """The evaluations, those that no longer hold marked and behind the others."""
    present = Present(workspace)
    found = [replace(one, stale=stale(workspace, one.folder, present)) for one in evaluations]
    return sorted(found, key=lambda one: bool(one.stale))


def main_evaluation(evaluations: Sequence[Evaluation]) -> Evaluation | None:
    """The one whose clips are looked at one by one; None if none names clips and still holds.

    On val where it was evaluated, for who looks at the mistakes on test has seen it; then a
    fine-tuned one, then of the run `default`, then the newest.
    """

    def rank(evaluation: Evaluation) -> tuple[bool, ...]:
        metrics = evaluation.metrics
        return metrics.split != VAL, metrics.protocol != "finetuned", metrics.run != "default"

    usable = [one for one in evaluations if one.names_clips and not one.stale]
    return min(usable, key=rank, default=None)  # of equals the first, which is the newest
