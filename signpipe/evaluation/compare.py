"""compare: evaluated runs side by side on the same clips, and whether they differ by chance."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.evaluation import bootstrap, compare_open_set
from signpipe.evaluation.bootstrap import Units
from signpipe.evaluation.intervals import hull, of_difference, paired, rough
from signpipe.evaluation.mean_class import mean_class
from signpipe.evaluation.open_set_table import AskedClip, read_asked
from signpipe.evaluation.predictions import (
    FILE,
    ClipPrediction,
    cell_file,
    cell_name,
    read_predictions,
)
from signpipe.evaluation.schema import Cell, Metrics, read_metrics
from signpipe.splits import VAL
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
    """A run's accuracy in one stream and measure (top1, top5 or mean_class; of open-set see
    `compare_open_set`), and less the first's.

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
    """`values` are the first run's accuracies by (stream, measure); `differences` the others'.

    `alike` are those runs that named every clip as the first did, so that nothing is to compare.
    """

    split: str
    clips: int
    signers: list[str]
    runs: tuple[str, ...]
    values: dict[tuple[str, str], float]
    differences: tuple[Difference, ...]
    alike: tuple[str, ...] = ()


@dataclass(frozen=True)
class Predictions:
    """What one evaluation said of each clip: by stream, whether it was right, (B,).

    Of a cell of fractions it is the share of the seeds that were right.
    """

    name: str
    metrics: Metrics
    truth: dict[str, tuple[str, str]]  # label and signer by clip id
    right: dict[str, dict[str, float]]
    top5: dict[str, float]
    said: dict[str, tuple[tuple[str, ...], ...]]  # what was named, by clip id
    asked: tuple[AskedClip, ...] = ()  # of open-set, in the order of fold and clip id


def run(
    workspace: Workspace, names: Sequence[str], *, split: str = VAL, seed: int = 0
) -> CompareResult:
    """Compare evaluations with the first of them, by paired intervals over clips and over signers.

    A name is a folder of `evaluate/`, or a run whose evaluation of `split` lies there; of one by
    the protocol fractions FOLDER/FRACTION-START, or FOLDER/FRACTION-START-SEED for one seed alone.
    Raises SignpipeError naming the runs that were not scored on the same clips.
    """
    if len(names) < 2:
        raise SignpipeError("name at least two evaluated runs to compare")
    read = [read_evaluated(workspace, name, split) for name in names]
    first, *others = read
    for other in others:
        _same_clips(first, other)
    if first.asked:
        return _compared_open_set(read, seed)
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
        exact["top5"] = [one.top5[stream] for one in read]
        intervals = _intervals(hits, labels, signers, seed)
        for measure in MEASURES:
            of_runs = exact[measure]
            values[stream, measure] = of_runs[0]
            for place, one in enumerate(others, start=1):
                found = tuple(each[place - 1] for each in intervals.get(measure, []))
                gap = of_runs[place] - of_runs[0]
                differences.append(
                    Difference(one.name, stream, measure, of_runs[place], gap, found)
                )
    order = [one.name for one in read]
    return CompareResult(
        first.metrics.split,
        len(ids),
        sorted(set(signers)),
        tuple(order),
        values,
        tuple(sorted(differences, key=lambda d: order.index(d.run))),
        tuple(one.name for one in others if one.said == first.said),
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
        "alike": list(result.alike),
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


def read_evaluated(workspace: Workspace, name: str, split: str) -> Predictions:
    """Raises SignpipeError if the evaluation did not name every clip once, or is damaged."""
    whole, _, part = name.partition("/")
    folder = find(workspace, whole, split)
    metrics = read_metrics(folder / "metrics.json")
    if part:
        return _of_cells(folder, metrics, part)
    if metrics.open_set:
        return _of_open_set(folder, metrics)
    if not (folder / FILE).exists():
        cells = ", ".join(sorted(_cells(folder, metrics))) or "none is kept"
        parts = f"; name one of its cells, {folder.name}/CELL: {cells}"
        raise SignpipeError(
            f"{folder.name} cannot be compared: the protocol {metrics.protocol} names clips more "
            f"than once, so it has no {FILE}{parts if metrics.protocol == 'fractions' else ''}"
        )
    top5 = {stream: figures.top5 for stream, figures in metrics.streams.items()}
    named = read_predictions(folder / FILE, list(metrics.streams), metrics.clips)
    return _predictions(folder.name, metrics, [named], top5)


def _of_open_set(folder: Path, metrics: Metrics) -> Predictions:
    """Its truth has what a clip is to a fold, so that only the same folds are compared."""
    asked = sorted(read_asked(folder), key=lambda one: (one.fold, one.clip_id))
    truth = {f"{a.fold}, {a.clip_id}, {a.kind}": (a.label, a.signer) for a in asked}
    said: dict[str, tuple[tuple[str, ...], ...]] = {
        f"{a.fold}, {a.clip_id}": ((a.named, str(a.unknownness)),) for a in asked
    }
    return Predictions(folder.name, metrics, truth, {}, {}, said, tuple(asked))


def _compared_open_set(read: Sequence[Predictions], seed: int) -> CompareResult:
    """By the final answer, over signers or else over clips."""
    first, *others = read
    stream, runs = list(first.metrics.streams)[-1], [one.asked for one in read]
    kept = first.metrics.settings["kept"]
    exact = compare_open_set.measures(runs, kept)
    drawn, resampled = compare_open_set.resampled(runs, kept, seed)
    clips = {one.clip_id for one in first.asked}
    differences = []
    for place, other in enumerate(others, start=1):
        for measure, values in exact.items():
            gaps = resampled[measure][:, place] - resampled[measure][:, 0]
            low_high = bootstrap.interval(gaps[np.isfinite(gaps)], LEVEL)
            found = _interval(drawn, low_high, len(clips))
            gap = float(values[place] - values[0])
            value = float(values[place])
            differences.append(Difference(other.name, stream, measure, value, gap, (found,)))
    return CompareResult(
        first.metrics.split,
        len(clips),
        sorted({one.signer for one in first.asked}),
        tuple(one.name for one in read),
        {(stream, measure): float(values[0]) for measure, values in exact.items()},
        tuple(differences),
        tuple(one.name for one in others if one.said == first.said),
    )


def _cells(folder: Path, metrics: Metrics) -> dict[str, list[Cell]]:
    """The measurements of fractions by what they are called here: of each seed, and of all."""
    found: dict[str, list[Cell]] = defaultdict(list)
    for cell in metrics.cells:
        if metrics.protocol == "fractions" and cell_file(folder, cell.of).exists():
            for name in (cell_name(cell.of), cell_name({**cell.of, "seed": ""}).rstrip("-")):
                found[name].append(cell)
    return found


def _of_cells(folder: Path, metrics: Metrics, part: str) -> Predictions:
    known = _cells(folder, metrics)
    if part not in known:
        there = ", ".join(sorted(known)) or "none; evaluate again with --redo"
        raise SignpipeError(f"{folder.name} has no cell {part!r}; there are: {there}")
    cells, streams = known[part], list(metrics.streams)
    named = [read_predictions(cell_file(folder, c.of), streams, c.clips) for c in cells]
    top5 = {s: float(np.mean([cell.streams[s].top5 for cell in cells])) for s in streams}
    return _predictions(f"{folder.name}/{part}", metrics, named, top5)


def _predictions(
    name: str, metrics: Metrics, runs: Sequence[Sequence[ClipPrediction]], top5: dict[str, float]
) -> Predictions:
    """The mean of runs on the same clips."""
    right: dict[str, dict[str, float]] = {stream: defaultdict(float) for stream in top5}
    said: dict[str, tuple[tuple[str, ...], ...]] = defaultdict(tuple)
    for clip in chain.from_iterable(runs):
        said[clip.clip_id] += (tuple(clip.predicted[stream] for stream in top5),)
        for stream in top5:
            right[stream][clip.clip_id] += (clip.predicted[stream] == clip.label) / len(runs)
    truth = {clip.clip_id: (clip.label, clip.signer) for clip in runs[0]}
    return Predictions(name, metrics, truth, right, top5, said)


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


def _intervals(
    hits: NDArray[np.float64], labels: NDArray[np.int64], signers: list[str], seed: int
) -> dict[str, list[list[Interval]]]:
    """By measure, for clips and if possible signers, each other run's interval to the first."""
    by_signer = bootstrap.units(signers)
    drawn = [bootstrap.over_clips(len(labels), by_signer.note if by_signer.over == "clips" else "")]
    drawn += [by_signer] if by_signer.over == "signers" else []
    apart = hits[1:] - hits[:1]
    found: dict[str, list[list[Interval]]] = {"top1": [], "mean_class": []}
    for units in drawn:
        tops = bootstrap.resampled(hits, units, DRAWS, seed)
        signs = mean_class(apart, labels, units.group)
        better, worse = (
            mean_class(np.maximum(d, 0), labels, units.group).mean for d in (apart, -apart)
        )
        top1, by_sign = [], []
        for row, gaps in enumerate(apart):
            low_high = bootstrap.interval(tops[:, row + 1] - tops[:, 0], LEVEL)
            gained, lost = np.maximum(gaps, 0).mean(), np.maximum(-gaps, 0).mean()
            alone = paired(float(gained), float(lost), len(labels), LEVEL)
            top1.append(_interval(units, hull(low_high, alone), len(labels)))
            alone = paired(float(better[row]), float(worse[row]), signs.clips, LEVEL)
            spread = of_difference(signs, LEVEL)[row]
            by_sign.append(_interval(units, hull(spread, alone), len(labels)))
        found["top1"].append(top1)
        found["mean_class"].append(by_sign)
    return found


def _interval(units: Units, low_high: tuple[float, float], clips: int) -> Interval:
    low, high = low_high
    note = "; ".join(filter(None, (units.note, rough(clips))))
    return Interval(units.over, low, high, not low <= 0 <= high, note)
