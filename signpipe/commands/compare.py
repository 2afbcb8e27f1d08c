"""compare: evaluated runs side by side."""

import json
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import JsonOption, WorkspaceOption
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.evaluation.compare import CompareResult


def compare(
    runs: Annotated[
        list[str],
        typer.Argument(
            help="Runs, or folders of evaluate/ (of fractions FOLDER/FRACTION-START); the first is "
            "what the others are compared with."
        ),
    ],
    workspace: WorkspaceOption = DEFAULT,
    split: Annotated[
        str, typer.Option(help="The split to compare on, where runs are named.")
    ] = "val",
    json_: JsonOption = False,
) -> None:
    """Evaluated runs side by side, and whether they differ by more than chance."""
    from signpipe.evaluation import compare as stage

    result = stage.run(Workspace(workspace), runs, split=split)
    if json_:
        print(json.dumps(stage.as_json(result), indent=2, ensure_ascii=False))
    else:
        show(result)


def show(result: "CompareResult") -> None:
    """Show every run's accuracy, its difference to the first run, and whether that is chance."""
    if result.alike == result.runs[1:]:
        print("; ".join(_alike(result.runs[0], name) for name in result.alike))
        return
    signers = len([signer for signer in result.signers if signer])
    whose = counted(signers, "signer") if signers else "unknown signers"
    print(f"{counted(result.clips, 'clip')} of {whose}, split {result.split}")
    for (stream, measure), value in result.values.items():
        print(f"{stream}, {_MEASURES[measure]}")
        print(f"  {result.runs[0]:30}{value:8.1%}")
        for one in result.differences:
            if (one.stream, one.measure) != (stream, measure):
                continue
            print(f"  {one.run:30}{one.value:8.1%}  {100 * one.difference:+.1f} points")
            for found in one.intervals:
                verdict = "more than chance" if found.beyond_chance else "may be chance"
                note = f"; {found.note}" if found.note else ""
                print(
                    f"{'':34}over {found.over}: {100 * found.low:+.1f} to {100 * found.high:+.1f}, "
                    f"{verdict}{note}"
                )


def _alike(first: str, other: str) -> str:
    if other == first:
        return f"{first} is compared with itself: nothing differs"
    return f"{other} named every clip as {first} did: nothing differs"


_MEASURES = {
    "top1": "top-1",
    "top5": "top-5",
    "mean_class": "mean-class",
    "top1_with_rejection": "top-1 with rejection",
    "auroc": "AUROC, other signs",
    "false_answers": "false answers, other signs",
    "auroc_idle": "AUROC, idle",
    "false_answers_idle": "false answers, idle",
}
