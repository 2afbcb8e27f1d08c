"""predict: the signs in clips."""

from collections.abc import Generator, Iterable
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    AlwaysOption,
    ClipsArgument,
    JsonOption,
    NoCacheOption,
    TopOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.commands.output import as_json_array, named_signs
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.recognizer import Prediction


def predict(
    clips: ClipsArgument,
    workspace: WorkspaceOption = DEFAULT,
    recognizer: Annotated[
        Path | None,
        typer.Option(
            help="A recogniser's folder, hf:OWNER/NAME, or ONNX file; default: the workspace's "
            "newest."
        ),
    ] = None,
    top: TopOption = 5,
    overlay: Annotated[
        Path | None,
        typer.Option(help="Draw skeleton and answer to this mp4; for several clips a folder."),
    ] = None,
    workers: WorkersOption = None,
    no_cache: NoCacheOption = False,
    always: AlwaysOption = False,
    stream: Annotated[
        bool,
        typer.Option(
            "--stream",
            help="Watch long recordings with many signs: when hands come up, each sign with its "
            "start and end in seconds, when hands go down.",
        ),
    ] = False,
    json_: JsonOption = False,
) -> None:
    """Name the sign in clips, a line each as soon as it is known.

    With --json these lines are a JSON array: after its first line comes one object a line (each but
    the first begins with a comma), and it is closed even if the command is interrupted. With
    --stream they are JSON lines, an object for every event.
    """
    from signpipe import prediction as stage

    at = Workspace(workspace)
    if stream:
        if overlay:
            raise SignpipeError("--overlay draws clips of one sign; leave it out with --stream")
        _stream(clips, recognizer or stage.find_recognizer(at), top, always, json_)
        return
    found = stage.each(
        clips,
        recognizer or stage.find_recognizer(at),
        top=top,
        overlay=overlay,
        workspace=at,
        workers=workers,
        cache=not no_cache,
        always=always,
    )
    named = failed = 0
    with closing(as_json_array(found, _row) if json_ else _as_lines(found)) as predictions:
        for prediction in predictions:
            complete = prediction.answer and (prediction.overlay or not overlay)
            named, failed = named + bool(prediction.answer), failed + (not complete)
    if failed:
        raise typer.Exit(FAILED_SOME if named else NOTHING_DONE)


def _stream(clips: list[str], recognizer: Path, top: int, always: bool, json_: bool) -> None:
    from signpipe import stream_prediction
    from signpipe.commands.event_lines import event_json, event_line
    from signpipe.recognizer import Recognizer

    write = event_json if json_ else event_line
    failed = 0
    with Recognizer.load(recognizer) as loaded:
        for clip in clips:
            try:
                for event in stream_prediction.run(clip, loaded, always=always):
                    print(write(clip, event, top), flush=True)
            except SignpipeError as error:
                note(str(error))
                failed += 1
    if failed:
        raise typer.Exit(FAILED_SOME if failed < len(clips) else NOTHING_DONE)


def _row(prediction: "Prediction") -> dict[str, object]:
    return {
        "clip": prediction.clip,
        "status": prediction.status,
        "reason": prediction.reason,
        "answer": prediction.answer,
        "predictions": [{"sign": sign, "probability": p} for sign, p in prediction.signs],
        "overlay": None if prediction.overlay is None else str(prediction.overlay),
    }


def _as_lines(predictions: "Iterable[Prediction]") -> "Generator[Prediction]":
    """A line a clip: the likeliest signs, or why there are none; and where it was drawn to."""
    for prediction in predictions:
        why = f" ({prediction.reason})" if prediction.reason else ""
        drawn = f" -> {prediction.overlay}" if prediction.overlay else ""
        named = named_signs(prediction) or prediction.status
        print(f"{prediction.clip}: {named}{why}{drawn}", flush=True)
        yield prediction
