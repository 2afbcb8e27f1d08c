"""pretrain: an encoder from clips without labels."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    ENCODER,
    DevicesOption,
    EpochsOption,
    FileOption,
    LoggerOption,
    RedoOption,
    RunPresetOption,
    SeedOption,
    SetOption,
    WorkspaceOption,
    changes,
)
from signpipe.commands.output import next_command
from signpipe.settings import PretrainSettings
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.training.pretrain import PretrainResult


def pretrain(
    workspace: WorkspaceOption = DEFAULT,
    run: Annotated[str, typer.Option("--run", help="Name of the run.")] = "default",
    preset: RunPresetOption = None,
    splits: Annotated[
        str | None,
        typer.Option(
            help="Splits to learn from, such as train,unlabelled (default: all but those held out)."
        ),
    ] = None,
    init: Annotated[
        str | None,
        typer.Option(help=f"The encoder to go on from. {ENCODER}."),
    ] = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    settings: FileOption = None,
    set_: SetOption = None,
    logger: LoggerOption = None,
    devices: DevicesOption = 1,
    redo: RedoOption = False,
) -> None:
    """Learn an encoder from clips without labels; interrupted, the same command goes on.

    Every ingredient of the method can be left out or changed by itself with `--set`:

    - `streams=joint`: `joint`, `motion` or `both`; alone there is no knowledge transfer.
    - `encoder.motion=backward`: the difference to the frame before, instead of to the next.
    - `'contrast=["hand","trunk"]'`: which embeddings are contrasted, `fused`, `hand`, `trunk`.
    - `consistency=none`: between hand and trunk, `none`, `feature` (paper) or `queue` (release).
    - `transfer_nearest=0`: K, the neighbours that joint and motion teach each other.
    - `positives=0`: how many nearest neighbours attract; 0 is the paper's.
    - `augmentation=paper`: `none`, `mild`, `paper` or `release`; `mild.swap=0` is one strength.

    `signpipe settings pretrain` lists all of them. `metrics.csv` in the run's folder has the
    losses, the contrastive accuracy and the learning rate of every step as it is made and of every
    epoch (the rows without a `step`); with `--logger tensorboard` (extra `tracking`) event files
    lie beside it. An encoder that does not fit is refused, with the field that differs. `--redo`
    keeps the old run until the new one is finished.

    A GPU is used if there is one; `--devices 4` trains on several, or without any in as many
    processes, and `torchrun ... -m -- signpipe pretrain` starts it, too. `precision` (`auto`) takes
    bfloat16 where it is faster in fact.
    """
    from signpipe.training import pretrain as stage
    from signpipe.training.begun import Begun
    from signpipe.training.devices import team

    given = changes(set_, epochs=epochs, seed=seed)
    begun = Begun.of(Workspace(workspace).run("pretrain", run), redo)
    with team():
        result = stage.run(
            Workspace(workspace),
            begun.settings(PretrainSettings, preset, settings, given),
            run=run,
            splits=[name.strip() for name in splits.split(",")] if splits is not None else None,
            init=init,
            logger=logger,
            devices=devices,
            redo=redo,
        )
    show(result, workspace)
    print(next_command("finetune", workspace))


def show(result: "PretrainResult", workspace: Path) -> None:
    """Show the last epoch's numbers and the encoder."""
    if result.already:
        print(f"{result.encoder} is done already ({counted(result.clips, 'clip')})")
    else:
        shown = ("loss", "contrast", "consistency", "transfer", "top1_joint", "top1_motion")
        there = [name for name in shown if name in result.numbers]
        numbers = ", ".join(f"{name} {result.numbers[name]:.3f}" for name in there)
        print(f"pretrained on {counted(result.clips, 'clip')}: {numbers}")
        print(f"encoder: {result.encoder}")
