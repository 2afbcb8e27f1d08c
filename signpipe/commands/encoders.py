"""encoders: what there is to start from."""

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import JsonOption, WorkspaceOption
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.evaluation.encoder_list import EncoderEntry


def encoders(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Encoder files from elsewhere to list as well.")
    ] = None,
    workspace: WorkspaceOption = DEFAULT,
    json_: JsonOption = False,
) -> None:
    """What there is to start from: the encoder that is shipped, this workspace's, and files."""
    from dataclasses import asdict

    from signpipe.evaluation import encoder_list as stage

    entries = stage.run(Workspace(workspace), files or ())
    if json_:
        print(json.dumps([asdict(entry) for entry in entries], indent=2, ensure_ascii=False))
        return
    for entry in entries:
        _show(entry)


def _show(entry: "EncoderEntry") -> None:
    """Show an encoder's name, what it learned from, its size, and how good it was found to be."""
    if entry.problem:
        print(f"{entry.name}: {entry.problem}")
        return
    of = f" of {entry.signers} signers" if entry.signers else ""
    data = f"{entry.clips} clips{of}" if entry.clips else "unknown clips"
    on = f", going on from {entry.began_from}" if entry.began_from else ""
    size = f"{entry.weights / 1e6:.1f} million weights, {entry.size / 1e6:.1f} MB"
    print(f"{entry.name}: {data}{on}; {entry.streams}, {size}")
    print(f"  {entry.file}")
    if entry.sources:
        names = ", ".join(source["repository"] for source in entry.sources)
        print(f"  from {names}; licences in NOTICE beside it")
    for figure in entry.figures:
        asked = "".join(f", {name} {value}" for name, value in figure.of.items())
        print(
            f"  {figure.protocol} on {figure.on}{asked}: top-1 {figure.top1:.1%}, "
            f"mean-class {figure.mean_class:.1%}"
        )
