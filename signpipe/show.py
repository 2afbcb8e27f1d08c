"""What the commands print: a stage's result as lines for a person."""

import shlex
from collections.abc import Sequence
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

from signpipe.progress import duration
from signpipe.workspace import DEFAULT

if TYPE_CHECKING:
    from signpipe.demo.pipeline import DemoResult
    from signpipe.landmarks.outcomes import Outcome
    from signpipe.stages.compare import CompareResult
    from signpipe.stages.dataset_videos import DatasetSummary
    from signpipe.stages.evaluate import EvaluateResult
    from signpipe.stages.export_poses import ExportResult
    from signpipe.stages.extract import ExtractResult
    from signpipe.stages.finetune import FinetuneResult
    from signpipe.stages.import_keypoints import ImportResult
    from signpipe.stages.predict import Prediction
    from signpipe.stages.prepare import PrepareResult
    from signpipe.stages.pretrain import PretrainResult
    from signpipe.stages.report_extraction import ReportResult
    from signpipe.stages.report_results import ReportResult as ResultsReport
    from signpipe.stages.status import Status
    from signpipe.stages.view import ViewResult

MOST = 10  # failures that are listed one by one
NAMED = 5  # names that are listed in one line
LOWEST = 3  # signers that are listed


def next_command(command: str, workspace: Path) -> str:
    """`next: signpipe ...`, with the workspace where it is not the default one."""
    where = "" if workspace == DEFAULT else f" -w {shlex.quote(str(workspace))}"
    return f"next: signpipe {command}{where}"


def extraction(result: "ExtractResult", workspace: Path) -> None:
    """Show what extract did, which clips failed and why."""
    done_now = result.clips - result.done_before
    if done_now:
        rate = f"{result.frames / max(result.seconds, 1e-9):.0f} frames/s"
        by = f"{result.workers} workers" if result.workers else "a Dask cluster"
        print(
            f"{done_now} clips, {result.frames} frames in {duration(result.seconds)} "
            f"({rate}, {by}) -> {workspace / 'keypoints'}"
        )
    if result.done_before:
        print(f"{result.done_before} clips were done already")
    print(f"outcomes: {_counts(result.statuses) or 'none, no clip falls to this shard'}")
    _failures(result.failures, workspace)
    if result.dataset:
        _dataset(result.dataset)
    _labels(result.labels, result.unmatched_labels)
    if result.left:
        print(f"{result.left} clips are left to other shards; when these are done,")
    elif result.left is None:
        print("when the other shards are done, too,")
    print(next_command("pretrain", workspace))


def _dataset(summary: "DatasetSummary") -> None:
    """Show what a data set's annotations say, and what is wrong with them or its files."""
    splits = ", ".join(f"{count} {name or 'no split'}" for name, count in summary.splits.items())
    print(f"{summary.name}: {splits}")
    if summary.missing:
        print(f"videos that are missing: {summary.missing}, listed in {summary.missing_list}")
    leaks = "recordings in several splits or under several labels"
    _listed(leaks, summary.leaks, ", `signpipe report extraction` shows them")
    _listed("entries of the annotations that are no good", summary.problems)


def _listed(what: str, items: Sequence[object], where: str = "") -> None:
    if items:
        print(f"{what}: {len(items)}")
    for item in items[:MOST]:
        print(f"  {item}")
    if len(items) > MOST:
        print(f"  and {len(items) - MOST} more{where}")


def imported(result: "ImportResult", workspace: Path) -> None:
    """Show what came in, what was there, and what could not be taken and why."""
    for name in result.already:
        print(f"{name} was imported already")
    if result.done_before:
        print(f"{result.done_before} clips were imported already")
    print(f"{result.clips} clips, {result.frames} frames: {_counts(result.statuses)}")
    for reason in result.refused[:MOST]:
        print(f"  left out: {reason}")
    _failures(result.failures, workspace)
    _labels(result.labels, result.unmatched_labels)
    print(next_command("pretrain", workspace))


def exported(result: "ExportResult", workspace: Path) -> None:
    """Show which .pose files were written and how they come back."""
    if result.already:
        print(f"{result.already} clips were exported already")
    if result.written:
        print(f"{result.written} clips, {result.frames} frames -> {result.folder}")
    if result.assumed:
        print(
            f"{result.assumed} clips do not tell their picture's size or frame rate: written as "
            f"{result.assumption}"
        )
    for reason in result.failures[:MOST]:
        print(f"  left out: {reason}")
    if len(result.failures) > MOST:
        print(f"  and {len(result.failures) - MOST} more")
    folder = shlex.quote(str(result.folder))
    print(f"another workspace takes them by: signpipe import {folder} --labels {folder}/labels.csv")


def _failures(failures: "tuple[Outcome, ...]", workspace: Path) -> None:
    for outcome in failures[:MOST]:
        print(f"  {outcome.status}: {outcome.source}: {outcome.reason}")
    if len(failures) > MOST:
        more = len(failures) - MOST
        print(f"  and {more} more, see the column reason in {workspace / 'clips.csv'}")


def _counts(statuses: dict[str, int]) -> str:
    return ", ".join(f"{count} {status}" for status, count in statuses.items())


def _labels(labels: dict[str, int], unmatched: tuple[str, ...]) -> None:
    signs = {label: count for label, count in labels.items() if label}
    if signs:
        print(f"labels: {sum(signs.values())} clips with {len(signs)} signs")
    else:
        print("labels: none")
    if unmatched:
        print(f"{len(unmatched)} rows of the labels file match no clip: {_some(unmatched)}")


def _some(names: tuple[str, ...]) -> str:
    more = len(names) - NAMED
    return ", ".join(names[:NAMED]) + (f" and {more} more" if more > 0 else "")


def prepared(result: "PrepareResult", workspace: Path) -> None:
    """Show the parts file."""
    state = "is up to date" if result.already else "was made"
    print(f"{result.path} {state}: {result.clips} clips, {result.frames} frames")
    print(next_command("pretrain", workspace))


def pretrained(result: "PretrainResult", workspace: Path) -> None:
    """Show the last epoch's numbers and the encoder."""
    if result.already:
        print(f"{result.encoder} is done already ({result.clips} clips)")
    else:
        shown = ("loss", "contrast", "consistency", "transfer", "top1_joint", "top1_motion")
        there = [name for name in shown if name in result.numbers]
        numbers = ", ".join(f"{name} {result.numbers[name]:.3f}" for name in there)
        print(f"pretrained on {result.clips} clips: {numbers}")
        print(f"encoder: {result.encoder}")
    print(next_command("finetune", workspace))


def finetuned(result: "FinetuneResult", workspace: Path) -> None:
    """Show the split, what was learned from, and the recogniser."""
    counts = ", ".join(f"{count} {split}" for split, count in result.counts.items())
    print(f"{result.signs} signs; split {result.split}: {counts}")
    if result.dropped:
        print(f"without training clips, so not learned: {_some(result.dropped)}")
    print(f"from {result.encoder or 'scratch'}")
    if result.already:
        print(f"{result.recognizer} is done already")
    else:
        if "score" in result.validation:
            top1, mean = result.validation["val_top1"], result.validation["val_mean_class"]
            epoch = result.validation["epoch"]
            print(f"epoch {epoch:.0f} was best on val: top-1 {top1:.1%}, mean-class {mean:.1%}")
        print(f"recogniser: {result.recognizer}")
    print(next_command("evaluate", workspace))


def evaluated(result: "EvaluateResult") -> None:
    """Show the figures of every stream, and what they were measured on."""
    metrics = result.metrics
    signers = [signer for signer in metrics["signers"] if signer]
    by = f"{len(signers)} signers" if signers else "signers unknown"
    print(
        f"{metrics['protocol']}, run {metrics['run']} on split {metrics['split']}: "
        f"{metrics['clips']} clips, {metrics['signs_scored']} of {metrics['signs']} signs, {by}"
    )
    streams(metrics)
    if metrics["summary"]:
        print(f"(these are: {metrics['headline']})")
        _summary(metrics["summary"])
    if metrics["bootstrap"]:
        _intervals(metrics)
    _by_signer(metrics.get("by_signer", []))
    for stream, calibration in metrics["calibration"].items():
        print(f"expected calibration error of {stream}: {calibration['expected_error']:.3f}")
    if metrics["clips_of_unknown_signs"]:
        print(f"{metrics['clips_of_unknown_signs']} clips of signs it never learned are left out")
    if metrics["clips_seen_in_pretraining"]:
        print(f"{metrics['clips_seen_in_pretraining']} were seen in pretraining, without labels")
    if metrics["split"] == "val":
        print("val was chosen on, so these figures flatter; --split test reports")
    elif metrics["scored_before"]:
        print(f"{metrics['split']} had been scored {metrics['scored_before']} times before this")
    print(f"details: {result.folder}")


def streams(metrics: dict[str, Any]) -> None:
    """Show the accuracy of joint, motion and both as a table."""
    print(f"{'':8}{'top-1':>8}{'top-5':>8}{'mean-class':>12}")
    for stream, row in metrics["streams"].items():
        print(f"{stream:8}{row['top1']:8.1%}{row['top5']:8.1%}{row['mean_class']:12.1%}")


def _summary(cells: list[dict[str, Any]]) -> None:
    """A line a cell: top-1 and mean-class of every stream, in per cent."""
    names = list(cells[0]["streams"])
    width = max(len(_of(cell)) for cell in cells)
    print(f"{'top-1/mean-class':{width}}" + "".join(f"{name:>12}" for name in names))
    for cell in cells:
        pairs = [(f["top1"], f["mean_class"]) for f in cell["streams"].values()]
        shown = "".join(f"{f'{100 * top:.1f}/{100 * mean:.1f}':>12}" for top, mean in pairs)
        print(f"{_of(cell):{width}}{shown}")


def _of(cell: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in cell["of"].items())


def _intervals(metrics: dict[str, Any]) -> None:
    """The intervals of the last stream, which is the answer."""
    how = metrics["bootstrap"]
    stream, figures = list(metrics["streams"].items())[-1]
    shown = (("top1", "top-1"), ("mean_class", "mean-class"))
    texts = [
        f"{name} {figures['intervals'][key][0]:.1%} to {figures['intervals'][key][1]:.1%}"
        for key, name in shown
        if key in figures["intervals"]
    ]
    if texts:
        note = f" ({how['note']})" if how["note"] else ""
        head = f"{how['level']:.0%} interval over {how['over']} of {stream}"
        print(f"{head}: {', '.join(texts)}{note}")


def _by_signer(cells: list[dict[str, Any]]) -> None:
    """How far apart the signers are in the last stream, and whom it fails most."""
    if len(cells) < 2:
        return
    stream = list(cells[0]["streams"])[-1]
    ranked = sorted(cells, key=lambda cell: cell["streams"][stream]["top1"])
    tops = [cell["streams"][stream]["top1"] for cell in ranked]
    print(
        f"{len(cells)} signers, top-1 of {stream}: {tops[0]:.1%} to {tops[-1]:.1%}, "
        f"median {median(tops):.1%}; the lowest:"
    )
    for cell, top in zip(ranked[:LOWEST], tops, strict=False):
        print(f"  {cell['of']['signer']}: {top:.1%} of {cell['clips']} clips")


def compared(result: "CompareResult") -> None:
    """Show every run's accuracy, its difference to the first run, and whether that is chance."""
    signers = len([signer for signer in result.signers if signer])
    print(f"{result.clips} clips of {signers or 'unknown'} signers, split {result.split}")
    for (stream, measure), value in result.values.items():
        print(f"{stream}, {_MEASURES[measure]}")
        print(f"  {result.runs[0]:30}{value:8.1%}")
        for one in result.differences:
            if (one.stream, one.measure) != (stream, measure):
                continue
            print(f"  {one.run:30}{one.value:8.1%}  {100 * one.difference:+.1f} points")
            for found in one.intervals:
                verdict = "more than chance" if found.beyond_chance else "may be chance"
                note = f"; {found.note}" if found.note else ""
                print(
                    f"{'':34}over {found.over}: {100 * found.low:+.1f} to {100 * found.high:+.1f}, "
                    f"{verdict}{note}"
                )


_MEASURES = {"top1": "top-1", "top5": "top-5", "mean_class": "mean-class"}


def predicted(predictions: "list[Prediction]") -> None:
    """Show a line a clip: the likeliest signs, or why there are none."""
    for prediction in predictions:
        why = f" ({prediction.reason})" if prediction.reason else ""
        print(f"{prediction.clip}: {_signs(prediction) or prediction.status}{why}")


def _signs(prediction: "Prediction") -> str:
    return ", ".join(f"{sign} {share:.0%}" for sign, share in prediction.signs)


def viewed(result: "ViewResult") -> None:
    """Show where the picture is, and whose landmarks it shows on what."""
    whose = "landmarks of the workspace" if result.stored else "extracted just now"
    print(f"{result.path}: {result.frames} frames of {result.clip}, {whose}")
    if result.missing:
        print(f"the skeleton is on a plain ground: {result.missing}")


def extraction_reported(result: "ReportResult") -> None:
    """Show where the page is and what on it asks for a look."""
    print(f"{result.path}: {result.clips} clips")
    if result.duplicates:
        leaks = f", of which across splits, a leak: {result.leaks}" if result.leaks else ""
        print(f"groups of duplicates: {result.duplicates}{leaks}")
    if result.other_handed:
        print(f"signers likely left-handed or mirrored: {result.other_handed}")
    for reason in result.unread[:MOST]:
        print(f"not looked at: {reason}")


def results_reported(result: "ResultsReport") -> None:
    """Show where the page and its files are, and what it could not show yet."""
    print(f"{result.path}: {result.evaluations} evaluations; tables and pictures: {result.folder}")
    for what, command in result.missing:
        print(f"not there yet: {what}: {command}")
    for reason in result.unread[:MOST]:
        print(f"not read: {reason}")


def status(result: "Status", workspace: Path) -> None:
    """Show a line a stage or run, and the command that comes next."""
    for entry in result.stages:
        print(f"{entry.stage:9} {entry.name:16} {entry.state:10} {entry.detail}".rstrip())
    print(next_command(result.next, workspace))


def demo(result: "DemoResult") -> None:
    """Show the demo's times, accuracy and overlay, and what to type for one's own videos."""
    for name, seconds in result.seconds.items():
        print(f"{name:10} {duration(seconds)}")
    print(f"signer {result.signer}, whom the recogniser has never seen ({result.clips} clips):")
    streams(result.metrics)
    print(f"{result.prediction.clip}: {_signs(result.prediction)}")
    print(f"overlay: {result.overlay}")
    print("Drawn signers are easy: expect less from real ones. For your own videos, type")
    print("  signpipe extract VIDEOS     (a folder for each sign, or --labels FILE.csv)")
    print("  signpipe pretrain && signpipe finetune && signpipe evaluate --split test")
