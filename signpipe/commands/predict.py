"""predict: the signs in raw videos."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import FAILED_SOME, NOTHING_DONE, JsonOption, WorkspaceOption
from signpipe.commands.output import named_signs
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.prediction import Prediction


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
    from signpipe import prediction as stage

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
        show(predictions)
        if overlay and any(p.signs for p in predictions):
            print(f"overlay: {overlay}")
    failed = sum(not p.signs for p in predictions)
    if failed:
        raise typer.Exit(NOTHING_DONE if failed == len(predictions) else FAILED_SOME)


def show(predictions: "list[Prediction]") -> None:
    """Show a line a clip: the likeliest signs, or why there are none."""
    for prediction in predictions:
        why = f" ({prediction.reason})" if prediction.reason else ""
        print(f"{prediction.clip}: {named_signs(prediction) or prediction.status}{why}")
