"""export-poses: keypoints to `.pose` files."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import FAILED_SOME, WorkspaceOption
from signpipe.commands.output import MOST
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.extraction.export_poses import ExportResult


def export_poses(
    out: Annotated[
        Path | None, typer.Argument(help="The folder to write to; default: the workspace's poses/.")
    ] = None,
    workspace: WorkspaceOption = DEFAULT,
    clip: Annotated[
        list[str] | None, typer.Option(help="The id of a clip to write; repeatable; default: all.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only clips that have this split in the clip table.")
    ] = None,
) -> None:
    """Keypoints to .pose files, one a clip, which pose-format and its kin read.

    `signpipe export-poses OUT` writes each clip as `OUT/<clip>.pose`, and `OUT/labels.csv`; another
    workspace takes both back with `signpipe import OUT --labels OUT/labels.csv`. A `.pose` file
    always tells a picture's size and a frame rate: where they are not known, 640 x 480 and 30 are
    written.
    """
    from signpipe.extraction import export_poses as stage

    result = stage.run(Workspace(workspace), out, clips=clip or (), split=split)
    show(result, workspace)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def show(result: "ExportResult", workspace: Path) -> None:
    """Show which .pose files were written and how they come back."""
    if result.already:
        print(f"{counted(result.already, 'clip was', 'clips were')} exported already")
    if result.written:
        what = f"{counted(result.written, 'clip')}, {counted(result.frames, 'frame')}"
        print(f"{what} -> {result.folder}")
    if result.assumed:
        print(
            f"{counted(result.assumed, 'clip does', 'clips do')} not tell the picture's size or "
            "frame rate: written as "
            f"{result.assumption}"
        )
    for reason in result.failures[:MOST]:
        print(f"  left out: {reason}")
    if len(result.failures) > MOST:
        print(f"  and {len(result.failures) - MOST:,} more")
    folder = shlex.quote(str(result.folder))
    print(f"another workspace takes them by: signpipe import {folder} --labels {folder}/labels.csv")
