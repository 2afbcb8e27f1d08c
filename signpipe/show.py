"""What the commands print: a stage's result as lines for a person."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signpipe.progress import duration
from signpipe.workspace import DEFAULT

if TYPE_CHECKING:
    from signpipe.demo.pipeline import DemoResult
    from signpipe.stages.evaluate import EvaluateResult
    from signpipe.stages.extract import ExtractResult
    from signpipe.stages.finetune import FinetuneResult
    from signpipe.stages.import_packs import ImportResult
    from signpipe.stages.predict import Prediction
    from signpipe.stages.prepare import PrepareResult
    from signpipe.stages.pretrain import PretrainResult
    from signpipe.stages.status import Status

MOST = 10  # failures that are listed one by one
NAMED = 5  # names that are listed in one line


def next_command(command: str, workspace: Path) -> str:
    """`next: signpipe ...`, with the workspace where it is not the default one."""
    where = "" if workspace == DEFAULT else f" -w {shlex.quote(str(workspace))}"
    return f"next: signpipe {command}{where}"


def extraction(result: "ExtractResult", workspace: Path) -> None:
    """Show what extract did, which clips failed and why."""
    done_now = result.clips - result.done_before
    if done_now:
        rate = f"{result.frames / max(result.seconds, 1e-9):.0f} frames/s"
        print(
            f"{done_now} clips, {result.frames} frames in {duration(result.seconds)} "
            f"({rate}, {result.workers} workers) -> {workspace / 'keypoints'}"
        )
    if result.done_before:
        print(f"{result.done_before} clips were done already")
    print(f"outcomes: {_counts(result.statuses)}")
    for outcome in result.failures[:MOST]:
        print(f"  {outcome.status}: {outcome.source}: {outcome.reason}")
    if len(result.failures) > MOST:
        more = len(result.failures) - MOST
        print(f"  and {more} more, see the column reason in {workspace / 'clips.csv'}")
    _labels(result.labels, result.unmatched_labels)
    print(next_command("pretrain", workspace))


def imported(result: "ImportResult", workspace: Path) -> None:
    """Show which packs came in."""
    for name in result.already:
        print(f"{name} was imported already")
    print(f"{result.clips} clips, {result.frames} frames: {_counts(result.statuses)}")
    _labels(result.labels, result.unmatched_labels)
    print(next_command("pretrain", workspace))


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
        numbers = ", ".join(f"{name} {result.numbers[name]:.3f}" for name in shown)
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
        f"run {metrics['run']} on split {metrics['split']}: {metrics['clips']} clips, "
        f"{metrics['signs_scored']} of {metrics['signs']} signs, {by}"
    )
    streams(metrics)
    if metrics["clips_of_unknown_signs"]:
        print(f"{metrics['clips_of_unknown_signs']} clips of signs it never learned are left out")
    if metrics["clips_seen_in_pretraining"]:
        print(f"{metrics['clips_seen_in_pretraining']} were seen in pretraining, without labels")
    if metrics["split"] == "val":
        print("val chose the checkpoint, so these figures flatter; --split test reports")
    print(f"details: {result.folder}")


def streams(metrics: dict[str, Any]) -> None:
    """Show the accuracy of joint, motion and both as a table."""
    print(f"{'':8}{'top-1':>8}{'top-5':>8}{'mean-class':>12}")
    for stream, row in metrics["streams"].items():
        print(f"{stream:8}{row['top1']:8.1%}{row['top5']:8.1%}{row['mean_class']:12.1%}")


def predicted(predictions: "list[Prediction]") -> None:
    """Show a line a clip: the likeliest signs, or why there are none."""
    for prediction in predictions:
        why = f" ({prediction.reason})" if prediction.reason else ""
        print(f"{prediction.clip}: {_signs(prediction) or prediction.status}{why}")


def _signs(prediction: "Prediction") -> str:
    return ", ".join(f"{sign} {share:.0%}" for sign, share in prediction.signs)


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
