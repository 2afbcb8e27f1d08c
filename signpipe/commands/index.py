"""index: clips into a dictionary that is searched by signing."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    ENCODER,
    FAILED_SOME,
    LayoutOption,
    RedoOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.commands.output import next_command, print_listed
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.search.indexing import IndexResult

DictionaryOption = Annotated[
    Path | None,
    typer.Option(
        "--dictionary", "-d", help="The dictionary's folder; default: dictionary/ in the workspace."
    ),
]


def index(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="Videos, packs, .pose files, folders of them; default: the workspace's clips.",
            show_default=False,
        ),
    ] = None,
    workspace: WorkspaceOption = DEFAULT,
    dictionary: DictionaryOption = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=f"{ENCODER}; default: the dictionary's own, for a new one the workspace's newest, "
            "or without one shipped."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A table of the PATHS' labels and signers; default: folders' names."),
    ] = None,
    layout: LayoutOption = None,
    split: Annotated[
        str | None, typer.Option(help="Only clips of this split; default: all.")
    ] = None,
    workers: WorkersOption = None,
    redo: RedoOption = False,
) -> None:
    """Make a dictionary to `search`, or bring one up to date.

    It holds the features of every labelled clip, with its signer, its source and a small skeleton
    to look at. The same command again takes new clips in and lets those leave that are gone; labels
    follow the clip table without looking at a clip again. The folder has all that a search needs
    and can be passed on.

    With PATHS their clips are extracted into `workspace/` of the dictionary, whose `clips.csv` can
    be edited.
    """
    from signpipe.search import indexing as stage

    at = Workspace(workspace)
    result = stage.run(
        at,
        dictionary,
        paths or (),
        encoder=encoder,
        labels=labels,
        layout=layout,
        split=split,
        workers=workers,
        redo=redo,
    )
    _show(result)
    where = "" if dictionary is None else f" --dictionary {_quoted(dictionary)}"
    print(next_command(f"search CLIP{where}", workspace))
    if result.failed:
        raise typer.Exit(FAILED_SOME)


def _quoted(path: Path) -> str:
    import shlex

    return shlex.quote(str(path))


def _show(result: "IndexResult") -> None:
    card = result.card
    by = f" by {counted(result.signers, 'signer')}" if result.signers else ""
    of = f"{counted(card.clips, 'clip')} of {counted(card.signs, 'sign')}{by}"
    print(f"{of} -> {result.folder}" + (", up to date" if result.already else ""))
    changes = {"new": result.added, "gone": result.gone, "with another label": result.relabelled}
    if not result.already:
        print(", ".join(f"{count:,} {what}" for what, count in changes.items()))
    if result.unlabelled:
        print(f"left out, without a label: {result.unlabelled:,}")
    print_listed("left out, without a hand to be seen", result.without_hands)
    print_listed("packs that could not be read", result.failed)
    limit = card.rejection
    if limit.threshold is None:
        print(f"when no sign is close enough is not known; it was tried with {limit.chosen_on}")
        return
    out = "" if limit.kept_out is None else f", and keeps out {limit.kept_out:.0%} of other signs'"
    print(
        f"close enough is a distance up to {limit.threshold:.2f}: that keeps {limit.kept:.0%} of "
        f"clips{out} ({limit.chosen_on})"
    )
