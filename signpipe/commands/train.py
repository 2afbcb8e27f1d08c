"""train: from videos to a recogniser in one command."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

import typer

from signpipe.commands import evaluate, extract, finetune, prepare, pretrain
from signpipe.commands.options import (
    FAILED_SOME,
    FileOption,
    LayoutOption,
    RedoOption,
    RunPresetOption,
    SetOption,
    WorkersOption,
    WorkspaceOption,
    changes,
)
from signpipe.commands.output import next_command
from signpipe.workspace import DEFAULT, Workspace

# A stage's result in the words of its own command.
SHOW: dict[str, Callable[[Any, Path], None]] = {
    "extract": extract.show,
    "prepare": prepare.show,
    "pretrain": pretrain.show,
    "finetune": finetune.show,
    "evaluate": lambda result, _: evaluate.show(result),
}


def train(
    videos: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(
            help="A table of path, label and, where known, signer and split; default: a label is "
            "its folder's name."
        ),
    ] = None,
    layout: LayoutOption = None,
    pretrain_first: Annotated[
        bool,
        typer.Option(
            "--pretrain",
            help="Pretrain on these clips first; worth it with thousands. Else the workspace's "
            "newest encoder is used, or the one that comes with signpipe.",
        ),
    ] = False,
    workers: WorkersOption = None,
    preset: RunPresetOption = None,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Videos to a recogniser of your signs: extract, finetune, evaluate --split test.

    The same command goes on where it stopped; after you added or relabelled clips, it does again
    what depends on them, with the settings it was begun with. Settings have their stage's name
    before them, as in `--set finetune.epochs=5`.
    """
    from signpipe import pipeline

    at = Workspace(workspace)
    result = pipeline.run(
        at,
        videos,
        pipeline.settings_of(at, preset, settings, changes(set_), redo=redo),
        labels=labels,
        layout=layout,
        pretraining=pretrain_first,
        workers=workers,
        redo=redo,
        finished=lambda stage, result: SHOW[stage](result, workspace),
    )
    print(next_command("predict CLIP", workspace))
    if result.extract.failures:
        raise typer.Exit(FAILED_SOME)
