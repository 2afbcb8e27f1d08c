"""rename: another name for a sign."""

from typing import Annotated

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.errors import SignpipeError
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace


def rename(
    old: Annotated[str | None, typer.Argument(help="The label as it is now.")] = None,
    new: Annotated[str | None, typer.Argument(help="The label it becomes.")] = None,
    workspace: WorkspaceOption = DEFAULT,
    undo: Annotated[bool, typer.Option("--undo", help="Take the last renaming back.")] = False,
) -> None:
    """Give a label another name in the clip table; --undo takes the last renaming back."""
    from signpipe.extraction import forgotten

    if undo and old is None:
        old, new, rows = forgotten.undo_rename(Workspace(workspace))
    elif undo or old is None or new is None or not new.strip():
        raise SignpipeError("give the label and its new name, or --undo alone")
    else:
        rows = forgotten.rename(Workspace(workspace), old, new)
    print(f"{counted(len(rows), 'clip')} labelled {old!r} now labelled {new!r}")
