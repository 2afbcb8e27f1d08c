"""What single settings of the pretraining are worth: runs beside the one nearest to them all."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from signpipe.report.results.ablation import VARIED
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.report_writer import Accuracy, Entry, ReportWriter
from signpipe.report.results.run_histories import Run
from signpipe.wording import counted
from signpipe.workspace import sha256_while_unchanged

PROTOCOLS = ("knn", "linear", "few-shot")
STREAMS = ("joint", "motion", "both")
MOST = 3  # settings in which a run may differ, such as an optimiser with its rate
Change = tuple[str, ...]  # in words; of the reference ()


@dataclass(frozen=True)
class Changes:
    """Evaluations of one protocol on the same clips, by what was changed in the pretraining."""

    runs: Mapping[Change, Sequence[Evaluation]]

    @property
    def beyond_ingredients(self) -> bool:
        """Whether anything differs that the tables of the ablation do not have."""
        names = {word.split(" ", 1)[0] for change in self.runs for word in change}
        return bool(names - set(VARIED))


def single_changes(evaluations: Sequence[Evaluation], pretrained: Sequence[Run]) -> list[Changes]:
    """Comparisons of frozen encoders that were pretrained alike but for few settings, and the seed.

    Those in which only the ingredients of the ablation differ are left to that.
    """
    origin = {
        sha256_while_unchanged(run.folder / "encoder.safetensors"): run
        for run in reversed(pretrained)
        if (run.folder / "encoder.safetensors").exists()
    }
    alike: dict[str, list[tuple[Evaluation, dict[str, Any]]]] = defaultdict(list)
    for one in evaluations:
        metrics, run = one.metrics, origin.get(one.metrics.inputs.get("encoder", ""))
        if metrics.protocol in PROTOCOLS and run is not None:
            common = [metrics.protocol, metrics.split, metrics.data, metrics.settings]
            settings = {name: value for name, value in _flat(run.settings) if name != "seed"}
            alike[json.dumps([common, run.inputs], sort_keys=True)].append((one, settings))
    found = [_compare(group) for group in alike.values()]
    return [changes for changes in found if changes.beyond_ingredients]


def _flat(settings: Mapping[str, Any], prefix: str = "") -> list[tuple[str, Any]]:
    pairs: list[tuple[str, Any]] = []
    for name, value in settings.items():
        if isinstance(value, Mapping):
            pairs += _flat(value, f"{prefix}{name}.")
        else:
            pairs.append((prefix + name, value))
    return pairs


def _compare(group: Sequence[tuple[Evaluation, dict[str, Any]]]) -> Changes:
    """The group by what differs from the settings that have the fewest differences to all."""

    def distance(settings: dict[str, Any]) -> int:
        return sum(len(_differing(settings, other)) for _, other in group)

    reference = min((settings for _, settings in group), key=distance)
    runs: dict[Change, list[Evaluation]] = defaultdict(list)
    for one, settings in group:
        names = _differing(reference, settings)
        if len(names) <= MOST:
            words = (f"{name} {_word(settings.get(name))}" for name in names)
            runs[tuple(words)].append(one)
    return Changes(dict(sorted(runs.items())))


def _differing(one: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    return sorted(name for name in one.keys() | other.keys() if one.get(name) != other.get(name))


def _word(value: Any) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def add_single_changes(report: ReportWriter, found: Sequence[Changes]) -> None:
    """A table a comparison; nothing if there is none."""
    if not found:
        return
    report.page.heading("Settings of the pretraining, changed one at a time")
    for number, changes in enumerate(found, start=1):
        rows = [
            [", ".join(change) or "as it is", *_figures(own), len(own)]
            for change, own in changes.runs.items()
        ]
        metrics = changes.runs[()][0].metrics
        caption = (
            f"Top-1, {metrics.protocol} on {metrics.split}, {counted(metrics.clips, 'clip')}, in "
            "per cent, mean and spread over the runs; few-shot: of the fewest clips shown"
        )
        columns = ["changed", *STREAMS, "mean-class", "runs"]
        report.table(f"changes-{number}", columns, rows, caption)


def _figures(own: Sequence[Evaluation]) -> list[Entry]:
    """Top-1 of every stream, and the mean-class accuracy of the last."""
    tops = [[f.top1 for one in own if (f := one.metrics.streams.get(stream))] for stream in STREAMS]
    last = [list(one.metrics.streams.values())[-1].mean_class for one in own]
    return [_mean(values) for values in (*tops, last)]


def _mean(values: Sequence[float]) -> Accuracy | None:
    spread = float(np.std(values, ddof=1)) if len(values) > 1 else None
    return Accuracy(float(np.mean(values)), spread=spread) if values else None
