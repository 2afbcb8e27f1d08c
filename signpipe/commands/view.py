"""view: the skeleton over a clip."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.clip_view import ViewResult


def view(
    clip: Annotated[str, typer.Argument(help="A clip id of the workspace, or a video file.")],
    workspace: WorkspaceOption = DEFAULT,
    sheet: Annotated[
        bool,
        typer.Option("--sheet", help="A PNG of frames and a time line of what was detected."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write; default: in the current folder."),
    ] = None,
) -> None:
    """The skeleton over a clip, as a video or a contact sheet."""
    from signpipe.clip_view import run

    show(run(Workspace(workspace), clip, sheet=sheet, out=out))


def show(result: "ViewResult") -> None:
    """Show where the picture is, and whose landmarks it shows on what."""
    whose = "landmarks of the workspace" if result.stored else "extracted just now"
    print(f"{result.path}: {counted(result.frames, 'frame')} of {result.clip}, {whose}")
    if result.missing:
        print(f"the skeleton is on a plain ground: {result.missing}")
