"""Commands that put a recogniser to use: how good it is, and what it says of a clip."""

import json
from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    JsonOption,
    RedoOption,
    WorkspaceOption,
)
from signpipe.workspace import DEFAULT, Workspace


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
