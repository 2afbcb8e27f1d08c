"""compare: evaluated runs side by side on the same clips, and whether they differ by chance."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.evaluation import bootstrap
from signpipe.evaluation.bootstrap import Units
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.splits import VAL
from signpipe.tables import read_table
from signpipe.workspace import Workspace

STREAMS = ("joint", "motion", "both")
MEASURES = ("top1", "top5", "mean_class")
DRAWS, LEVEL = 5000, 0.95


@dataclass(frozen=True)
class Interval:
    """Where the difference lies with 95 % when `over` (clips or signers) are drawn again.

    `beyond_chance`: zero lies outside. `note` says what the interval cannot tell.
    """

    over: str
    low: float
    high: float
    beyond_chance: bool
    note: str


@dataclass(frozen=True)
class Difference:
    """A run's accuracy in one stream and measure (top1, top5 or mean_class), and less the first's.

    top5 is without intervals: predictions.csv does not hold five signs of each stream.
    """

    run: str
    stream: str
    measure: str
    value: float
    difference: float
    intervals: tuple[Interval, ...]


@dataclass(frozen=True)
class CompareResult:
    """`values` are the first run's accuracies by (stream, measure); `differences` the others'."""

    split: str
    clips: int
    signers: list[str]
    runs: tuple[str, ...]
    values: dict[tuple[str, str], float]
    differences: tuple[Difference, ...]


@dataclass(frozen=True)
class Predictions:
    """What one evaluation said of each clip: by stream, whether it was right, (B,)."""

    name: str
    metrics: Metrics
    truth: dict[str, tuple[str, str]]  # label and signer by clip id
    right: dict[str, dict[str, bool]]


def run(
    workspace: Workspace, names: Sequence[str], *, split: str = VAL, seed: int = 0
) -> CompareResult:
    """Compare evaluations with the first of them, by paired bootstrap over clips and over signers.

    A name is a folder of `evaluate/`, or a run whose evaluation of `split` lies there. Raises
    SignpipeError naming the runs that were not scored on the same clips.
    """
    if len(names) < 2:
        raise SignpipeError("name at least two evaluated runs to compare")
    folders = [find(workspace, name, split) for name in names]
    read = [read_predictions(folder) for folder in folders]
    first = read[0]
    for other in read[1:]:
        _same_clips(first, other)
    ids = sorted(first.truth)
    labels = np.unique([first.truth[i][0] for i in ids], return_inverse=True)[1]
    signers = [first.truth[i][1] for i in ids]
    streams = [s for s in STREAMS if all(s in one.right for one in read)]
    if not streams:
        raise SignpipeError(f"{' and '.join(one.name for one in read)} have no stream in common")
    values: dict[tuple[str, str], float] = {}
    differences: list[Difference] = []
    for stream in streams:
        hits = np.array([[one.right[stream][i] for i in ids] for one in read], float)
        exact = _exact(hits, labels)
        exact["top5"] = [one.metrics.streams[stream].top5 for one in read]
        drawn = _drawn(hits, labels, signers, seed)
        for measure in MEASURES:
            of_runs = exact[measure]
            values[stream, measure] = of_runs[0]
            for place, one in enumerate(read[1:], start=1):
                gap = of_runs[place] - of_runs[0]
                intervals = tuple(
                    _interval(units, found[measure][:, place] - found[measure][:, 0])
                    for units, found in drawn
                    if measure in found
                )
                differences.append(
                    Difference(one.name, stream, measure, of_runs[place], gap, intervals)
                )
    return CompareResult(
        first.metrics.split,
        len(ids),
        sorted(set(signers)),
        tuple(one.name for one in read),
        values,
        tuple(sorted(differences, key=lambda d: [one.name for one in read].index(d.run))),
    )


def as_json(result: CompareResult) -> dict[str, Any]:
    """The result as `--json` prints it: `first` has the first run's accuracies by stream."""
    first: dict[str, dict[str, float]] = {}
    for (stream, measure), value in result.values.items():
        first.setdefault(stream, {})[measure] = value
    return {
        "split": result.split,
        "clips": result.clips,
        "signers": result.signers,
        "runs": list(result.runs),
        "level": LEVEL,
        "draws": DRAWS,
        "first": first,
        "differences": [asdict(difference) for difference in result.differences],
    }


def find(workspace: Workspace, name: str, split: str) -> Path:
    """The folder of an evaluation. Raises SignpipeError if there is none."""
    for folder in (name, f"{name}-{split}"):
        path = workspace.run("evaluate", folder)
        if (path / "metrics.json").exists():
            return path
    raise SignpipeError(
        f"{workspace.root / 'evaluate'} has neither {name} nor {name}-{split}; run "
        f"`signpipe evaluate --run {name} --split {split}` first, or name another split"
    )


def read_predictions(folder: Path) -> Predictions:
    """Raises SignpipeError if the evaluation did not name every clip once, or is damaged."""
    metrics = read_metrics(folder / "metrics.json")
    path = folder / "predictions.csv"
    if not path.exists():
        raise SignpipeError(
            f"{folder.name} cannot be compared: the protocol {metrics.protocol} names clips more "
            "than once, so it has no predictions.csv"
        )
    try:
        rows = list(read_table(path).dicts("clip_id", "label", "signer", *metrics.streams))
        truth = {row["clip_id"]: (row["label"], row["signer"]) for row in rows}
        right = {
            stream: {row["clip_id"]: row[stream] == row["label"] for row in rows}
            for stream in metrics.streams
        }
    except SignpipeError as error:
        raise SignpipeError(f"{error}; evaluate again with --redo") from error
    if len(truth) != metrics.clips or len(rows) != metrics.clips:
        raise SignpipeError(f"{path} does not fit its metrics.json; evaluate again with --redo")
    return Predictions(folder.name, metrics, truth, right)


def _same_clips(first: Predictions, other: Predictions) -> None:
    if first.truth == other.truth:
        return
    names = f"{first.name} and {other.name}"
    splits = (first.metrics.split, other.metrics.split)
    if splits[0] != splits[1]:
        raise SignpipeError(
            f"{names} were scored on different splits ({splits[0]} and {splits[1]}); "
            "evaluate both on one"
        )
    only = (
        len(first.truth.keys() - other.truth.keys()),
        len(other.truth.keys() - first.truth.keys()),
    )
    what = (
        f"{only[0]} only in the first and {only[1]} only in the second"
        if any(only)
        else "labels or signers have changed in between"
    )
    raise SignpipeError(
        f"{names} were scored on different clips ({what}); evaluate both again on the same clips"
    )


def _exact(hits: NDArray[np.float64], labels: NDArray[np.int64]) -> dict[str, list[float]]:
    """top1 and mean_class of every run; hits (R, B)."""
    clips = np.bincount(labels)
    by_sign = np.array([np.bincount(labels, row) / clips for row in hits])
    return {"top1": hits.mean(axis=1).tolist(), "mean_class": by_sign.mean(axis=1).tolist()}


def _drawn(
    hits: NDArray[np.float64], labels: NDArray[np.int64], signers: list[str], seed: int
) -> list[tuple[Units, dict[str, NDArray[np.float64]]]]:
    """Both measures (draws, R) when clips, and when signers, are drawn again."""
    by_signer = bootstrap.units(signers)
    drawn = [bootstrap.over_clips(len(labels), by_signer.note if by_signer.over == "clips" else "")]
    drawn += [by_signer] if by_signer.over == "signers" else []
    found = []
    for units in drawn:
        tops, means = bootstrap.resampled(hits, labels, units, DRAWS, seed)
        found.append((units, {"top1": tops, "mean_class": means}))
    return found


def _interval(units: Units, values: NDArray[np.float64]) -> Interval:
    low, high = bootstrap.interval(values, LEVEL)
    return Interval(units.over, low, high, not low <= 0 <= high, units.note)
