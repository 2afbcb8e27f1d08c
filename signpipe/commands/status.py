"""status: where things stand."""

import json
import shlex
from itertools import takewhile
from pathlib import Path
from typing import TYPE_CHECKING

from signpipe.commands.options import JsonOption, WorkspaceOption
from signpipe.commands.output import MOST, next_command
from signpipe.progress import note
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.workspace_status import Status

SHOWN = 2  # paths of a command that has more than MOST


def status(workspace: WorkspaceOption = DEFAULT, json_: JsonOption = False) -> None:
    """What is done, stale or missing, and the command that comes next.

    Everything lies in one folder (`-w`, `SIGNPIPE_WORKSPACE`, or `./workspace`), in formats that
    other tools read:

    - `clips.csv`: one row a clip: label, signer, split, frames, how often pose and hands were seen,
      status and, where something is wrong, the reason.
    - `keypoints/<clip>.h5`: landmarks (HDF5, float32, NaN where not detected) and times.
    - `keypoints/outcomes.jsonl`: what became of each clip (of shards: in `keypoints/outcomes/`).
    - `parts.h5`: all clips' normalised hands and trunk.
    - `pretrain/<run>/`: settings.json, metrics.csv, checkpoint.pt, encoder.safetensors.
    - `finetune/<run>/`: the same, and `recognizer/`, all that `predict` needs.
    - `taught/`: the recogniser that `signpipe teach` makes, as self-contained.
    - `evaluate/<run>-<split>/`: metrics.json, predictions.csv, confusion.csv, pictures.
    - `report/results.html`, `report/extraction.html`: what `signpipe report` found.

    A clip's status is `ok`, `nobody` (no person found), `empty` (no frames), `unreadable`,
    `truncated` (the readable frames are used) or `failed`; one bad clip never stops the others.
    """
    from dataclasses import asdict

    from signpipe import workspace_status as stage

    if not workspace.exists():
        note(f"there is no folder {workspace} yet")
    result = stage.run(Workspace(workspace))
    if json_:
        print(json.dumps(asdict(result), indent=2, ensure_ascii=False))
        return
    show(result, workspace)


def show(result: "Status", workspace: Path) -> None:
    """Show a line a stage or run, and the command that comes next."""
    width = max(len(entry.name) for entry in result.stages)
    for entry in result.stages:
        print(f"{entry.stage:9} {entry.name:{width}} {entry.state:10} {entry.detail}".rstrip())
    print(next_command(_short(result.next), workspace))


def _short(command: str) -> str:
    """The command, of hundreds of videos only the first ones; --json has it whole."""
    name, *words = shlex.split(command)
    paths = list(takewhile(lambda word: not word.startswith("-"), words))
    if len(paths) <= MOST:
        return command
    more = f"... (and {len(paths) - SHOWN:,} more, as it was first given)"
    options = words[len(paths) :]
    return " ".join([name, *map(shlex.quote, paths[:SHOWN]), more, shlex.join(options)]).rstrip()
