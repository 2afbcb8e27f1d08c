"""finetune: a recogniser from labelled clips."""

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
    RunOption,
    RunPresetOption,
    SeedOption,
    SetOption,
    WorkspaceOption,
    changes,
)
from signpipe.commands.output import next_command
from signpipe.errors import SignpipeError
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.settings import FinetuneSettings
from signpipe.wording import counted, listed
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.model.rejection import Rejection
    from signpipe.training.finetune import FinetuneResult


def finetune(
    workspace: WorkspaceOption = DEFAULT,
    run: RunOption = None,
    preset: RunPresetOption = None,
    encoder: Annotated[
        str | None,
        typer.Option(help=f"{ENCODER}; default: the newest, or without one shipped."),
    ] = None,
    from_scratch: Annotated[
        bool, typer.Option("--from-scratch", help="Use no pretrained encoder.")
    ] = False,
    labels_per_sign: Annotated[
        int | None, typer.Option(min=1, help="Learn from at most so many clips of each sign.")
    ] = None,
    epochs: EpochsOption = None,
    seed: SeedOption = None,
    settings: FileOption = None,
    set_: SetOption = None,
    logger: LoggerOption = None,
    devices: DevicesOption = 1,
    redo: RedoOption = False,
) -> None:
    """Learn the labelled signs, and make a recogniser of them.

    From a pretrained encoder it learns from unlabelled clips as well: labels spread to them along
    the encoder's nearest neighbours. A clip that labels hardly reach is left out, since it may show
    another sign. All are left out where labelled clips, each hidden in turn, are often named
    wrongly in this way, or are too few to try it. At most half of every batch is drawn from
    unlabelled clips (`--set unlabelled=0.5`; 0 switches it off). Clips held out as val or test are
    never among them.

    Where no sign has more than five labelled clips (`--set few_labels=5`) and fifteen times as many
    have no label, the encoder stays as it is: only the classifiers learn, from all those clips,
    each with the signs that it likely shows.

    `--set classifier=parts` gives the classifier hand and trunk side by side instead of their sum.
    `--devices` and `--logger` are those of `signpipe pretrain --help`.
    """
    from signpipe.training import finetune as stage
    from signpipe.training.begun import Begun
    from signpipe.training.devices import team

    if encoder and from_scratch:
        raise SignpipeError("--encoder and --from-scratch exclude each other")
    given = changes(set_, epochs=epochs, seed=seed, labels_per_sign=labels_per_sign)
    name = stage.run_name(run, from_scratch)
    begun = Begun.of(Workspace(workspace).run("finetune", name), redo)
    with team():
        result = stage.run(
            Workspace(workspace),
            begun.settings(FinetuneSettings, preset, settings, given),
            run=run,
            encoder=encoder,
            from_scratch=from_scratch,
            logger=logger,
            devices=devices,
            redo=redo,
        )
    show(result, workspace)
    print(next_command("evaluate", workspace))


def show(result: "FinetuneResult", workspace: Path) -> None:
    """Show the split, what was learned from, and the recogniser."""
    counts = ", ".join(f"{count:,} {split}" for split, count in result.counts.items())
    print(f"{counted(result.signs, 'sign')}; split {result.split}: {counts}")
    if result.dropped:
        print(f"without training clips, so not learned: {listed(result.dropped)}")
    shipped = result.encoder == SHIPPED_FILE
    print(
        f"from {'the encoder that comes with signpipe' if shipped else result.encoder or 'scratch'}"
    )
    if result.already:
        print(f"{result.recognizer} is done already")
    else:
        if "score" in result.validation:
            top1, mean = result.validation["val_top1"], result.validation["val_mean_class"]
            epoch = result.validation["epoch"]
            print(f"epoch {epoch:.0f} was best on val: top-1 {top1:.1%}, mean-class {mean:.1%}")
        print(f"recogniser: {result.recognizer}")
    if result.rejection:
        print(_when_none(result.rejection))


def _when_none(rejection: "Rejection") -> str:
    """When the recogniser answers "none of these", and what that costs."""
    if rejection.threshold is None:
        return f"it always names a sign: {rejection.chosen_on}"
    where = (
        f"its likeliest sign has less than {1 - rejection.threshold:.0%}"
        if rejection.score == "probability"
        else f"the {rejection.score} is less than {-rejection.threshold:.3g}"
    )
    clips = f"{counted(rejection.known, 'clip')} that it names rightly ({rejection.chosen_on})"
    said = f'"none of these" is answered where {where}; that keeps {rejection.kept:.1%} of {clips}'
    if rejection.kept_out is None:
        return said
    wrong = f"{rejection.kept_out:.1%} of {rejection.unknown} that it names wrongly"
    return f"{said}, and keeps out {wrong}"
