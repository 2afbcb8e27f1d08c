"""Options that several commands share, and their exit codes."""

from pathlib import Path
from typing import Annotated, Any, Literal

import typer

from signpipe.settings import PRESETS, parse_changes

FAILED_SOME, NOTHING_DONE, INTERRUPTED = 1, 2, 130

WorkspaceOption = Annotated[
    Path,
    typer.Option(
        "--workspace",
        "-w",
        envvar="SIGNPIPE_WORKSPACE",
        help="The folder of all clips and results.",
    ),
]
PresetOption = Annotated[str, typer.Option(help=f"Start from: {', '.join(PRESETS)}.")]
RunPresetOption = Annotated[
    str | None,
    typer.Option(
        help=f"Start from: {', '.join(PRESETS)} (default: what the run was begun with, or compact)."
    ),
]
FileOption = Annotated[
    Path | None,
    typer.Option(
        "--settings", help="A TOML file with any settings; `signpipe settings STAGE` lists them."
    ),
]
SetOption = Annotated[
    list[str] | None,
    typer.Option("--set", help="One setting, such as epochs=5 or encoder.frames=32; repeatable."),
]
RedoOption = Annotated[bool, typer.Option("--redo", help="Do again what is done already.")]
LayoutOption = Annotated[
    Literal["sign", "sign/signer", "signer/sign"] | None,
    typer.Option(help="What the clips' folders are named after; default: sign."),
]
LoggerOption = Annotated[
    Literal["tensorboard"] | None,
    typer.Option(help="Also write event files for this tool (extra `tracking`)."),
]
ClipsArgument = Annotated[
    list[str],
    typer.Argument(
        help="Videos, .pose files, folders to search for both, clip ids of the workspace.",
        show_default=False,
    ),
]
TopOption = Annotated[int, typer.Option(min=1, help="How many signs to name.")]
AlwaysOption = Annotated[
    bool, typer.Option("--always", help='Name a sign in any case, never "none of these".')
]
WorkersOption = Annotated[
    int | None, typer.Option(min=1, help="Processes that watch videos; default: one a core.")
]
NoCacheOption = Annotated[
    bool,
    typer.Option(
        "--no-cache", help="Watch every video again, and keep no landmarks in ~/.cache/signpipe."
    ),
]
EpochsOption = Annotated[int | None, typer.Option(min=1, help="Passes over the clips.")]
SeedOption = Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")]
DevicesOption = Annotated[
    int,
    typer.Option(min=1, help="GPUs, or processes without a GPU, that share every batch."),
]
ENCODER = (
    "A pretraining run, an encoder's file or folder, hf:OWNER/NAME, or shipped: the one that comes "
    "with signpipe"
)
RunOption = Annotated[str | None, typer.Option("--run", help="Name of the run.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]


def changes(set_: list[str] | None, **options: int | None) -> dict[str, Any]:
    """What `--set` and the options that were given change in a preset."""
    given = {name: value for name, value in options.items() if value is not None}
    return parse_changes(set_ or []) | given
