"""Commands that put a recogniser to use: how good it is, and what it says of a clip."""

import json
from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    FileOption,
    JsonOption,
    PresetOption,
    RedoOption,
    SetOption,
    WorkspaceOption,
    changes,
)
from signpipe.report.results import Protocol
from signpipe.settings import EvaluateSettings, resolve
from signpipe.workspace import DEFAULT, Workspace


def evaluate(
    workspace: WorkspaceOption = DEFAULT,
    protocol: Annotated[Protocol, typer.Option(help="How to measure; see the README.")] = (
        "finetuned"
    ),
    split: Annotated[str, typer.Option(help="Which clips; test is for the final figure.")] = "val",
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            help="finetuned: the fine-tuning run to score (default: the newest); otherwise a name "
            "for the result (default: that of the encoder).",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help="A pretraining run or an encoder file, for all protocols but finetuned; default: "
            "the newest."
        ),
    ] = None,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch",
            help="fractions: without pretraining as well; cross-signer: without pretraining.",
        ),
    ] = False,
    preset: PresetOption = "compact",
    settings: FileOption = None,
    set_: SetOption = None,
    json_: JsonOption = False,
    redo: RedoOption = False,
) -> None:
    """How often it is right: joint, motion and both, by one of the field's protocols."""
    from signpipe.stages import evaluate as stage

    result = stage.run(
        Workspace(workspace),
        resolve(EvaluateSettings, preset, settings, changes(set_)),
        protocol=protocol,
        split=split,
        run=run,
        encoder=encoder,
        from_scratch=from_scratch,
        redo=redo,
    )
    if json_:
        print(json.dumps(result.metrics, indent=2, ensure_ascii=False))
    else:
        show.evaluated(result)


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Folders of evaluate/, or runs; the others are compared with the first."
        ),
    ],
    workspace: WorkspaceOption = DEFAULT,
    split: Annotated[str, typer.Option(help="Of which split, where runs are named.")] = "val",
    json_: JsonOption = False,
) -> None:
    """Evaluated runs side by side, and whether they differ by more than chance."""
    from signpipe.stages import compare as stage

    result = stage.run(Workspace(workspace), runs, split=split)
    if json_:
        print(json.dumps(stage.as_json(result), indent=2, ensure_ascii=False))
    else:
        show.compared(result)


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
