"""Commands that look at the whole: where things stand, and the built-in example."""

import json
from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import JsonOption, WorkspaceOption
from signpipe.progress import note
from signpipe.workspace import DEFAULT, Workspace


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


def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put it all.")] = Path("signpipe-demo"),
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
) -> None:
    """The whole pipeline on built-in drawn signers, in a few minutes."""
    from signpipe.demo import pipeline

    show.demo(pipeline.run(folder, workers=workers))
