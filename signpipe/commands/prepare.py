"""prepare: keypoints to parts."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    FileOption,
    RedoOption,
    SetOption,
    WorkspaceOption,
)
from signpipe.commands.output import training_command
from signpipe.settings import PRESETS, PrepareSettings, parse_changes, resolve
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.parts.prepare import PrepareResult


def prepare(
    workspace: WorkspaceOption = DEFAULT,
    preset: Annotated[
        str | None,
        typer.Option(help=f"Start from: {', '.join(PRESETS)} (default: as prepared, or compact)."),
    ] = None,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Keypoints to normalised parts; pretrain and finetune do this by themselves."""
    from signpipe.parts import prepare as stage
    from signpipe.parts.store import read_parts_record

    place = Workspace(workspace)
    given = settings or set_ or preset
    present = None if redo or preset else read_parts_record(place.parts)
    begun = present["settings"] if present else None
    chosen = resolve(PrepareSettings, preset, settings, parse_changes(set_ or []), begun)
    result = stage.run(place, chosen if given else None, redo=redo)
    show(result, workspace)
    print(training_command(workspace))


def show(result: "PrepareResult", workspace: Path) -> None:
    """Show the parts file."""
    state = "is up to date" if result.already else "was made"
    what = f"{counted(result.clips, 'clip')}, {counted(result.frames, 'frame')}"
    print(f"{result.path} {state}: {what}")
