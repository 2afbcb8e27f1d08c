"""The command line: one command a stage. Each parses, calls the stage and shows its result."""

import json
import traceback
from pathlib import Path
from typing import Annotated, Any

import typer
import typer.core

from signpipe import __version__, show
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.settings import (
    PRESETS,
    ExtractSettings,
    FinetuneSettings,
    PrepareSettings,
    PretrainSettings,
    parse_changes,
    resolve,
)
from signpipe.workspace import DEFAULT, Workspace

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
        except OSError as error:
            if ctx.params.get("debug"):
                traceback.print_exc()
            what = f"{error.strerror}: {error.filename}" if error.filename else str(error)
            note(f"signpipe: {what}")
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
    show.extraction(result, workspace)
    if len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


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
    show.imported(result, workspace)


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
    show.prepared(result, workspace)


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
    show.pretrained(result, workspace)


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
    show.finetuned(result, workspace)


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
    if json_:
        print(json.dumps(result.metrics, indent=2, ensure_ascii=False))
    else:
        show.evaluated(result)


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
        Path | None,
        typer.Option(help="Draw skeleton and answer to this mp4; for several clips a folder."),
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
        show.predicted(predictions)
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
    show.status(result, workspace)


@app.command()
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it all.")] = Path("signpipe-demo"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
) -> None:
    """The whole pipeline on built-in drawn signers, in a few minutes."""
    from signpipe.demo import pipeline

    show.demo(pipeline.run(folder, workers=workers))
