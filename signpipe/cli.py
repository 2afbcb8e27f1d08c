"""The command line: one command a stage. Each parses, calls the stage and shows its result."""

import json
import traceback
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
import typer.core

from signpipe import __version__
from signpipe.errors import SignpipeError
from signpipe.progress import duration, note
from signpipe.settings import (
    PRESETS,
    ExtractSettings,
    FinetuneSettings,
    PrepareSettings,
    PretrainSettings,
    parse_changes,
    resolve,
)
from signpipe.workspace import Workspace

if TYPE_CHECKING:
    from signpipe.stages.extract import ExtractResult

FAILED_SOME, NOTHING_DONE, INTERRUPTED = 1, 2, 130


class Commands(typer.core.TyperGroup):
    """Turns what stages raise into one sentence and an exit code."""

    def invoke(self, ctx: Any) -> Any:
        try:
            return super().invoke(ctx)
        except SignpipeError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            note(f"signpipe: {error}")
            raise typer.Exit(NOTHING_DONE) from error
        except KeyboardInterrupt as error:
            note("signpipe: interrupted; what is finished is kept, the same command goes on")
            raise typer.Exit(INTERRUPTED) from error


app = typer.Typer(
    cls=Commands,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="From a folder of sign-language videos to a recogniser of isolated signs.",
)

WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace", "-w", envvar="SIGNPIPE_WORKSPACE", help="The folder that holds everything."
    ),
]
PresetOption = Annotated[str, typer.Option(help=f"Start from: {', '.join(PRESETS)}.")]
FileOption = Annotated[
    Path | None, typer.Option("--settings", help="A TOML file with any of the stage's settings.")
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, such as epochs=5 or encoder.frames=32; repeatable."),
]
RedoOption = Annotated[bool, typer.Option("--redo", help="Do again what is done already.")]
RunOption = Annotated[str | None, typer.Option("--run", help="Name of the run.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]

DEFAULT = Path("workspace")


def main() -> None:
    """The console script."""
    app()


def _version(wanted: bool) -> None:
    if wanted:
        print(f"signpipe {__version__}")
        raise typer.Exit


@app.callback()
def options(
    debug: Annotated[bool, typer.Option("--debug", help="Show the traceback of an error.")] = False,
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version.")
    ] = False,
) -> None:
    """Options of every command."""


@app.command()
def extract(
    paths: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: path, label and, where known, signer and split."),
    ] = None,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Take no labels from folder names.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which a clip fails.")] = 600,
    face: Annotated[bool, typer.Option("--face", help="Keep the face's landmarks too.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try clips again that gave no landmarks.")
    ] = False,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Videos to MediaPipe Holistic keypoints; a label is its folder's name, or from --labels."""
    from signpipe.stages import extract as stage

    changes = parse_changes(set_ or []) | ({"face": True} if face else {})
    result = stage.run(
        Workspace(workspace),
        paths,
        resolve(ExtractSettings, file=settings, changes=changes),
        labels=labels,
        folder_labels=not no_labels,
        workers=workers,
        timeout=timeout,
        redo=redo,
        retry_failed=retry_failed,
    )
    _show_extraction(result, Workspace(workspace))


def _show_extraction(result: "ExtractResult", workspace: Workspace) -> None:
    done_now = result.clips - result.done_before
    if done_now:
        rate = f"{result.frames / max(result.seconds, 1e-9):.0f} frames/s"
        print(
            f"{done_now} clips, {result.frames} frames in {duration(result.seconds)} "
            f"({rate}, {result.workers} workers) -> {workspace.keypoints}"
        )
    if result.done_before:
        print(f"{result.done_before} clips were done already")
    print("outcomes: " + ", ".join(f"{n} {status}" for status, n in result.statuses.items()))
    for outcome in result.failures[:10]:
        print(f"  {outcome.status}: {outcome.source}: {outcome.reason}")
    if len(result.failures) > 10:
        print(f"  and {len(result.failures) - 10} more, see the column reason in {workspace.clips}")
    _show_labels(result.labels, result.unmatched_labels)
    usable = result.statuses.get("ok", 0) + result.statuses.get("truncated", 0)
    if usable:
        print(f"next: signpipe pretrain -w {workspace.root}")
    if not usable:
        raise typer.Exit(NOTHING_DONE)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def _show_labels(labels: dict[str, int], unmatched: tuple[str, ...]) -> None:
    signs = {label: count for label, count in labels.items() if label}
    if signs:
        print(f"labels: {sum(signs.values())} clips with {len(signs)} signs")
    else:
        print("labels: none")
    if unmatched:
        named = ", ".join(unmatched[:3]) + (", ..." if len(unmatched) > 3 else "")
        print(f"{len(unmatched)} rows of the labels file match no clip: {named}")


@app.command("import")
def import_packs(
    packs: Annotated[list[Path], typer.Argument(help="Keypoint packs (HDF5).")],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: clip_id, label and, where known, signer and split."),
    ] = None,
) -> None:
    """Keypoint packs from elsewhere enter the workspace as if they had been extracted here."""
    from signpipe.stages import import_packs as stage

    result = stage.run(Workspace(workspace), packs, labels=labels)
    for name in result.already:
        print(f"{name} was imported already")
    outcomes = ", ".join(f"{n} {status}" for status, n in result.statuses.items())
    print(f"{result.clips} clips, {result.frames} frames: {outcomes}")
    _show_labels(result.labels, result.unmatched_labels)
    print(f"next: signpipe pretrain -w {workspace}")


@app.command()
def prepare(
    workspace: WorkspaceOption = DEFAULT,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Keypoints to normalised parts; pretrain and finetune do this by themselves."""
    from signpipe.stages import prepare as stage

    given = settings or set_
    chosen = resolve(PrepareSettings, file=settings, changes=parse_changes(set_ or []))
    result = stage.run(Workspace(workspace), chosen if given else None, redo=redo)
    state = "is up to date" if result.already else "was made"
    print(f"{result.path} {state}: {result.clips} clips, {result.frames} frames")
    print(f"next: signpipe pretrain -w {workspace}")


@app.command()
def pretrain(
    workspace: WorkspaceOption = DEFAULT,
    run: Annotated[str, typer.Option("--run", help="Name of the run.")] = "default",
    preset: PresetOption = "compact",
    splits: Annotated[
        str | None,
        typer.Option(
            help="Splits to learn from, such as train,unlabelled (default: all but those held out)."
        ),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the clips.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")] = None,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Learn an encoder from clips without labels; interrupted, the same command goes on."""
    from signpipe.stages import pretrain as stage

    result = stage.run(
        Workspace(workspace),
        resolve(PretrainSettings, preset, settings, _changes(set_, epochs=epochs, seed=seed)),
        run=run,
        splits=[name.strip() for name in splits.split(",")] if splits is not None else None,
        redo=redo,
    )
    if result.already:
        print(f"{result.encoder} is done already ({result.clips} clips)")
    else:
        shown = ("loss", "contrast", "consistency", "transfer", "top1_joint", "top1_motion")
        numbers = ", ".join(f"{name} {result.numbers[name]:.3f}" for name in shown)
        print(f"pretrained on {result.clips} clips: {numbers}")
        print(f"encoder: {result.encoder}")
    print(f"next: signpipe finetune -w {workspace}")


@app.command()
def finetune(
    workspace: WorkspaceOption = DEFAULT,
    run: RunOption = None,
    preset: PresetOption = "compact",
    encoder: Annotated[
        str | None, typer.Option(help="A pretraining run or an encoder file; default: the newest.")
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Use no pretrained encoder.")
    ] = False,
    labels_per_sign: Annotated[
        int | None, typer.Option(min=1, help="Learn from at most so many clips of each sign.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the clips.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")] = None,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Learn the labelled signs, and make a recogniser of them."""
    from signpipe.stages import finetune as stage

    if encoder and from_scratch:
        raise SignpipeError("--encoder and --from-scratch exclude each other")
    changes = _changes(set_, epochs=epochs, seed=seed, labels_per_sign=labels_per_sign)
    result = stage.run(
        Workspace(workspace),
        resolve(FinetuneSettings, preset, settings, changes),
        run=run,
        encoder=encoder,
        from_scratch=from_scratch,
        redo=redo,
    )
    counts = ", ".join(f"{count} {split or 'no split'}" for split, count in result.counts.items())
    print(f"{result.signs} signs; split {result.split}: {counts}")
    if result.dropped:
        print(f"without training clips, so not learned: {', '.join(result.dropped)}")
    print(f"from {result.encoder or 'scratch'}")
    if result.already:
        print(f"{result.recognizer} is done already")
    else:
        if "score" in result.validation:
            top1, mean = result.validation["val_top1"], result.validation["val_mean_class"]
            epoch = result.validation["epoch"]
            print(f"epoch {epoch} was best on val: top-1 {top1:.1%}, mean-class {mean:.1%}")
        print(f"recogniser: {result.recognizer}")
    print(f"next: signpipe evaluate -w {workspace}")


def _changes(set_: list[str] | None, **options: int | None) -> dict[str, Any]:
    given = {name: value for name, value in options.items() if value is not None}
    return parse_changes(set_ or []) | given


@app.command()
def evaluate(
    workspace: WorkspaceOption = DEFAULT,
    split: Annotated[str, typer.Option(help="Which clips; test is for the final figure.")] = "val",
    run: Annotated[
        str | None, typer.Option("--run", help="The fine-tuning run; default: the newest.")
    ] = None,
    json_: JsonOption = False,
    redo: RedoOption = False,
) -> None:
    """How often the recogniser is right: joint, motion and both, with a confusion matrix."""
    from signpipe.stages import evaluate as stage

    result = stage.run(Workspace(workspace), split=split, run=run, redo=redo)
    metrics = result.metrics
    if json_:
        print(json.dumps(metrics, indent=2, ensure_ascii=False))
        return
    signers = [signer for signer in metrics["signers"] if signer]
    by = f"{len(signers)} signers" if signers else "signers unknown"
    print(
        f"run {metrics['run']} on split {metrics['split']}: {metrics['clips']} clips, "
        f"{metrics['signs_scored']} of {metrics['signs']} signs, {by}"
    )
    _show_streams(metrics)
    if metrics["clips_of_unknown_signs"]:
        print(f"{metrics['clips_of_unknown_signs']} clips of signs it never learned are left out")
    if metrics["clips_seen_in_pretraining"]:
        print(f"{metrics['clips_seen_in_pretraining']} were seen in pretraining, without labels")
    if split == "val":
        print("val chose the checkpoint, so these figures flatter; --split test reports")
    print(f"details: {result.folder}")


def _show_streams(metrics: dict[str, Any]) -> None:
    print(f"{'':8}{'top-1':>8}{'top-5':>8}{'mean-class':>12}")
    for stream, row in metrics["streams"].items():
        print(f"{stream:8}{row['top1']:8.1%}{row['top5']:8.1%}{row['mean_class']:12.1%}")


@app.command()
def predict(
    clips: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    recognizer: Annotated[
        Path | None,
        typer.Option(help="A recogniser's folder; default: the workspace's newest."),
    ] = None,
    top: Annotated[int, typer.Option(min=1, help="How many signs to name.")] = 5,
    overlay: Annotated[
        Path | None, typer.Option(help="Draw skeleton and answer to this mp4 (or folder).")
    ] = None,
    json_: JsonOption = False,
) -> None:
    """Name the sign in raw videos."""
    from signpipe.stages import predict as stage

    folder = recognizer or stage.find_recognizer(Workspace(workspace))
    predictions = stage.run(clips, folder, top=top, overlay=overlay)
    if json_:
        rows = [
            {
                "clip": p.clip,
                "status": p.status,
                "reason": p.reason,
                "predictions": [{"sign": sign, "probability": share} for sign, share in p.signs],
            }
            for p in predictions
        ]
        print(json.dumps(rows, indent=2, ensure_ascii=False))
    else:
        for p in predictions:
            named = ", ".join(f"{sign} {share:.0%}" for sign, share in p.signs)
            why = f" ({p.reason})" if p.reason else ""
            print(f"{p.clip}: {named or p.status}{why}")
        if overlay and any(p.signs for p in predictions):
            print(f"overlay: {overlay}")
    failed = sum(not p.signs for p in predictions)
    if failed:
        raise typer.Exit(NOTHING_DONE if failed == len(predictions) else FAILED_SOME)


@app.command()
def status(workspace: WorkspaceOption = DEFAULT, json_: JsonOption = False) -> None:
    """What is done, stale or missing, and the command that comes next."""
    from dataclasses import asdict

    from signpipe.stages import status as stage

    if not workspace.exists():
        note(f"there is no workspace {workspace} yet")
    result = stage.run(Workspace(workspace))
    if json_:
        print(json.dumps(asdict(result), indent=2, ensure_ascii=False))
        return
    for entry in result.stages:
        print(f"{entry.stage:9} {entry.name:16} {entry.state:10} {entry.detail}".rstrip())
    print(f"next: {result.next}")


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it all.")] = Path("signpipe-demo"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
) -> None:
    """The whole pipeline on built-in drawn signers, in a few minutes."""
    from signpipe.demo import pipeline

    result = pipeline.run(folder, workers=workers)
    for name, seconds in result.seconds.items():
        print(f"{name:10} {duration(seconds)}")
    print(f"signer {result.signer}, whom the recogniser has never seen ({result.clips} clips):")
    _show_streams(result.metrics)
    named = ", ".join(f"{sign} {share:.0%}" for sign, share in result.prediction.signs)
    print(f"{result.prediction.clip}: {named}")
    print(f"overlay: {result.overlay}")
    print("Drawn signers are easy: expect less from real ones. For your own videos, type")
    print("  signpipe extract VIDEOS     (a folder for each sign, or --labels FILE.csv)")
    print("  signpipe pretrain && signpipe finetune && signpipe evaluate --split test")
