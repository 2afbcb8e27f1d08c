"""Commands that train."""

from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import (
    DevicesOption,
    FileOption,
    LoggerOption,
    PresetOption,
    RedoOption,
    RunOption,
    SetOption,
    WorkspaceOption,
    changes,
)
from signpipe.errors import SignpipeError
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.workspace import DEFAULT, Workspace


def pretrain(
    workspace: WorkspaceOption = DEFAULT,
    run: Annotated[str, typer.Option("--run", help="Name of the run.")] = "default",
    preset: PresetOption = "compact",
    splits: Annotated[
        str | None,
        typer.Option(
            help="Splits to learn from, such as train,unlabelled (default: all but those held out)."
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help="Go on from this encoder: a pretraining run or an encoder file."),
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the clips.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")] = None,
    settings: FileOption = None,
    set_: SetOption = None,
    logger: LoggerOption = None,
    devices: DevicesOption = 1,
    redo: RedoOption = False,
) -> None:
    """Learn an encoder from clips without labels; interrupted, the same command goes on."""
    from signpipe.stages import pretrain as stage
    from signpipe.training.devices import team

    with team():
        result = stage.run(
            Workspace(workspace),
            resolve(PretrainSettings, preset, settings, changes(set_, epochs=epochs, seed=seed)),
            run=run,
            splits=[name.strip() for name in splits.split(",")] if splits is not None else None,
            init=init,
            logger=logger,
            devices=devices,
            redo=redo,
        )
    show.pretrained(result, workspace)


def finetune(
    workspace: WorkspaceOption = DEFAULT,
    run: RunOption = None,
    preset: PresetOption = "compact",
    encoder: Annotated[
        str | None, typer.Option(help="A pretraining run or an encoder file; default: the newest.")
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Use no pretrained encoder.")
    ] = False,
    labels_per_sign: Annotated[
        int | None, typer.Option(min=1, help="Learn from at most so many clips of each sign.")
    ] = None,
    epochs: Annotated[int | None, typer.Option(min=1, help="Passes over the clips.")] = None,
    seed: Annotated[int | None, typer.Option(min=0, help="Seed of every random draw.")] = None,
    settings: FileOption = None,
    set_: SetOption = None,
    logger: LoggerOption = None,
    devices: DevicesOption = 1,
    redo: RedoOption = False,
) -> None:
    """Learn the labelled signs, and make a recogniser of them."""
    from signpipe.stages import finetune as stage
    from signpipe.training.devices import team

    if encoder and from_scratch:
        raise SignpipeError("--encoder and --from-scratch exclude each other")
    given = changes(set_, epochs=epochs, seed=seed, labels_per_sign=labels_per_sign)
    with team():
        result = stage.run(
            Workspace(workspace),
            resolve(FinetuneSettings, preset, settings, given),
            run=run,
            encoder=encoder,
            from_scratch=from_scratch,
            logger=logger,
            devices=devices,
            redo=redo,
        )
    show.finetuned(result, workspace)
