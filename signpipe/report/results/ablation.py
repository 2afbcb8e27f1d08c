"""What each ingredient of the pretraining is worth, from runs that differ in nothing else."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from signpipe.evaluation.schema import Measure
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.report_writer import WIDTH, Accuracy, Entry, ReportWriter
from signpipe.report.results.run_histories import Run
from signpipe.wording import counted
from signpipe.workspace import sha256_while_unchanged

PROTOCOLS = ("finetuned", "linear", "knn")
VARIED = ("streams", "consistency", "transfer_nearest", "consistency_weight", "transfer_weight")
STREAMS = ("joint", "motion", "both")
COLOURS = dict(zip(STREAMS, ("#4c78a8", "#d98032", "#2f8f6b"), strict=True))
ANOTHER = "signpipe pretrain --run other"  # and a setting that differs


@dataclass(frozen=True, order=True)
class Variant:
    """`consistency` is its form, `nearest` K of the knowledge transfer; each without: none, 0."""

    pretrained: bool
    streams: str
    consistency: str
    nearest: int

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> "Variant":
        """The variant that a pretraining run's settings describe; ingredients of no weight are
        left out."""
        consistency = settings["consistency"] if settings["consistency_weight"] else "none"
        both = settings["streams"] == "both"
        nearest = settings["transfer_nearest"] if settings["transfer_weight"] and both else 0
        return cls(True, settings["streams"], consistency, nearest)


SCRATCH = Variant(False, "", "", 0)


@dataclass(frozen=True)
class Trial:
    """An evaluation, the variant whose encoder it scored, and in `common` all else it was made
    with: trials of the same can be compared."""

    variant: Variant
    evaluation: Evaluation
    common: str


def trials(
    evaluations: Sequence[Evaluation], pretrained: Sequence[Run], finetuned: Sequence[Run]
) -> list[Trial]:
    """The evaluations of which it is known what encoder they scored."""
    encoders = {
        sha256_while_unchanged(run.folder / "encoder.safetensors"): run
        for run in reversed(pretrained)
        if (run.folder / "encoder.safetensors").exists()
    }
    recognizers = {run.name: run for run in finetuned}
    found = []
    for evaluation in evaluations:
        if evaluation.metrics.protocol in PROTOCOLS:
            trial = _trial(evaluation, encoders, recognizers)
            found += [trial] if trial else []
    return found


def _trial(
    evaluation: Evaluation, encoders: Mapping[str, Run], recognizers: Mapping[str, Run]
) -> Trial | None:
    metrics = evaluation.metrics
    common: list[Any] = [metrics.protocol, metrics.split, metrics.data, metrics.settings]
    if metrics.stage == "finetune":
        run = recognizers.get(metrics.run)
        if run is None or not _same(run, metrics.inputs.get("card")):
            return None
        # From scratch there is nothing by which labels could spread to unlabelled clips.
        inputs = _without(run.inputs, "encoder", "unlabelled")
        common += [_without(run.settings, "streams", "seed"), inputs]
    encoder = metrics.inputs.get("encoder")
    if encoder is None:
        return Trial(SCRATCH, evaluation, json.dumps([common, None], sort_keys=True))
    origin = encoders.get(encoder)
    if origin is None:
        return None
    try:
        variant = Variant.of(origin.settings)
    except KeyError:  # an older signpipe's
        return None
    pretrained = [_without(origin.settings, *VARIED, "seed"), origin.inputs]
    return Trial(variant, evaluation, json.dumps([common, pretrained], sort_keys=True))


def _same(run: Run, card: str | None) -> bool:
    """Whether the run still is what was scored."""
    path = run.folder / "recognizer" / "recognizer.json"
    return path.exists() and sha256_while_unchanged(path) == card


def _without(values: Mapping[str, Any], *names: str) -> dict[str, Any]:
    return {name: value for name, value in values.items() if name not in names}


def groups(found: Sequence[Trial]) -> list[list[Trial]]:
    """Trials that can be compared, of at least two pretrained variants; the largest group first.

    Trials from scratch join every group that was fine-tuned alike.
    """
    alike: dict[str, list[Trial]] = defaultdict(list)
    scratch: dict[str, list[Trial]] = defaultdict(list)
    for trial in found:
        own = alike if trial.variant.pretrained else scratch
        own[trial.common].append(trial)
    several = [group for group in alike.values() if len({t.variant for t in group}) > 1]
    for group in several:
        shared = json.loads(group[0].common)[0]
        group += scratch.get(json.dumps([shared, None], sort_keys=True), [])
    return sorted(several, key=lambda group: -len({trial.variant for trial in group}))


def add_ablation(report: ReportWriter, compared: Sequence[Sequence[Trial]]) -> None:
    """For every group the table of the ingredients, and accuracy against K."""
    if not compared:
        what = "what each ingredient of the pretraining is worth, once that run is evaluated too"
        report.add_missing(what, f"{ANOTHER} --set consistency=none")
    else:
        report.page.heading("Ablation")
    for number, group in enumerate(compared, start=1):
        _ingredients(report, group, f"ablation-{number}")
    curves = [(number, by_nearest(group)) for number, group in enumerate(compared, start=1)]
    if not any(values for _, values in curves):
        what = "accuracy against K, the neighbours that joint and motion teach each other"
        report.add_missing(what, f"{ANOTHER} --set transfer_nearest=16")
    else:
        report.page.heading("Accuracy against K")
    for number, values in curves:
        if values:
            _neighbours(report, values, compared[number - 1], f"neighbours-{number}")


def reference(group: Sequence[Trial]) -> int:
    """The K that stands for the knowledge transfer in the table of ingredients: the one with most
    variants, of equals the largest."""
    forms: dict[int, set[Variant]] = defaultdict(set)
    for trial in group:
        if trial.variant.nearest:
            forms[trial.variant.nearest].add(trial.variant)
    return max(forms, key=lambda nearest: (len(forms[nearest]), nearest), default=0)


def _ingredients(report: ReportWriter, group: Sequence[Trial], name: str) -> None:
    nearest = reference(group)
    by_variant: dict[Variant, list[Trial]] = defaultdict(list)
    for trial in group:
        if trial.variant.nearest in (0, nearest):
            by_variant[trial.variant].append(trial)
    rows: list[list[Entry]] = []
    for variant, own in sorted(by_variant.items(), key=lambda item: _order(item[0])):
        about: list[Entry] = ["none", "", ""]
        if variant.pretrained:
            transfer = f"K {variant.nearest}" if variant.nearest else "none"
            about = [variant.streams, variant.consistency, transfer]
        figures = [mean(own, stream, "top1") for stream in STREAMS]
        rows.append([*about, *figures, mean(own, None, "mean_class"), len(own)])
    columns = ["pretrained", "consistency", "transfer", *STREAMS, "mean-class", "runs"]
    report.table(
        name,
        columns,
        rows,
        f"Top-1, {_about(group)}; transfer: of knowledge between joint and motion; "
        "mean-class: of the final answer",
    )


def _order(variant: Variant) -> tuple[bool, bool, bool, bool, str]:
    full = variant.streams == "both"
    transfer, consistency = variant.nearest > 0, variant.consistency != "none"
    return variant.pretrained, full, transfer and consistency, transfer, variant.consistency


def _about(group: Sequence[Trial]) -> str:
    metrics = group[0].evaluation.metrics
    clips = counted(metrics.clips, "clip")
    since = " (stale: measured before clips or labels changed)"
    marked = since if any(trial.evaluation.stale for trial in group) else ""
    return f"{metrics.protocol} on {metrics.split}{marked}, {clips}, in per cent"


def mean(own: Sequence[Trial], stream: str | None, measure: Measure) -> Accuracy | None:
    """Over runs that have the stream (None: the last, which is the answer), with their spread."""
    each = [trial.evaluation.metrics.streams for trial in own]
    found = [of.get(stream) if stream else list(of.values())[-1] for of in each]
    values = [getattr(figures, measure) for figures in found if figures]
    if not values:
        return None
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Accuracy(float(np.mean(values)), spread=spread)


def by_nearest(group: Sequence[Trial]) -> dict[int, list[Trial]]:
    """The trials by K, of the form of consistency with most of them; empty if K is always one."""
    forms: dict[str, dict[int, list[Trial]]] = defaultdict(lambda: defaultdict(list))
    for trial in group:
        if trial.variant.pretrained and trial.variant.streams == "both":
            forms[trial.variant.consistency][trial.variant.nearest].append(trial)
    most = max(forms.values(), key=len, default={})
    return dict(sorted(most.items())) if len(most) > 1 else {}


def _neighbours(
    report: ReportWriter, values: Mapping[int, Sequence[Trial]], group: Sequence[Trial], name: str
) -> None:
    caption = (
        f"Top-1, {_about(group)}; K is how many neighbours joint and motion teach each "
        "other, 0 is none. More than the queue holds, at most all clips, counts as all of it."
    )
    report.figure(name, curve(values), "Accuracy over K of the knowledge transfer", caption)
    rows: list[list[Entry]] = [
        [nearest, len(own), *(mean(own, stream, "top1") for stream in STREAMS)]
        for nearest, own in values.items()
    ]
    columns = ["K", "runs", *STREAMS]
    report.table(name, columns, rows, f"Top-1, {_about(group)}")


def curve(values: Mapping[int, Sequence[Trial]]) -> Figure:
    """Top-1 of every stream over K, whose values stand at equal distances."""
    figure = Figure(figsize=(WIDTH, 3.2), layout="constrained")
    axes = figure.add_subplot()
    for stream in STREAMS:
        means = [mean(own, stream, "top1") for own in values.values()]
        points = [(place, m.value, m.spread or 0) for place, m in enumerate(means) if m]
        if points:
            x, y, spread = zip(*points, strict=True)
            bars = spread if any(spread) else None
            axes.errorbar(x, y, bars, marker="o", capsize=3, color=COLOURS[stream], label=stream)
    axes.set_xticks(range(len(values)), [f"{nearest:,}" for nearest in values])
    axes.set(xlabel="K", ylabel="top-1")
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure
