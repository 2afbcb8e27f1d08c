"""forget: clips are left out, until they are taken back."""

import shlex
from typing import Annotated

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.wording import listed
from signpipe.workspace import DEFAULT, Workspace


def forget(
    clips: Annotated[list[str], typer.Argument(help="Clip ids, as in the clip table.")],
    workspace: WorkspaceOption = DEFAULT,
    undo: Annotated[
        bool, typer.Option("--undo", help="Take the clips back, with the labels they had.")
    ] = False,
) -> None:
    """Leave clips out of all that follows; nothing is deleted, and --undo takes them back."""
    from signpipe.extraction import forgotten

    if undo:
        rows = forgotten.restore(Workspace(workspace), clips)
        print(f"{listed([row.clip_id for row in rows])} back in {workspace / 'clips.csv'}")
        return
    rows = forgotten.forget(Workspace(workspace), clips)
    print(f"left out from now on: {listed([row.clip_id for row in rows])}")
    where = "" if workspace == DEFAULT else f" -w {shlex.quote(str(workspace))}"
    print(f"to take back: signpipe forget --undo {shlex.join(clips)}{where}")
