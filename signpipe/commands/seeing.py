"""Commands that show: a clip with its skeleton, and pages about the whole."""

from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import WorkspaceOption
from signpipe.errors import SignpipeError
from signpipe.workspace import DEFAULT, Workspace


def view(
    clip: Annotated[str, typer.Argument(help="A clip id of the workspace, or a video file.")],
    workspace: WorkspaceOption = DEFAULT,
    sheet: Annotated[
        bool,
        typer.Option("--sheet", help="A PNG of frames and a time line of what was detected."),
    ] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The file to write; default: in the current folder."),
    ] = None,
) -> None:
    """The skeleton over a clip, as a video or a contact sheet."""
    from signpipe.stages import view as stage

    show.viewed(stage.run(Workspace(workspace), clip, sheet=sheet, out=out))


def report(
    kind: Annotated[
        str, typer.Argument(help="What about: results (default), or extraction.")
    ] = "results",
    workspace: WorkspaceOption = DEFAULT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page to write; default: in the workspace."),
    ] = None,
) -> None:
    """One self-contained HTML page: a paper's tables and pictures, or what was extracted."""
    if kind not in REPORTS:
        raise SignpipeError(f"there is no report {kind!r}; the kinds are {', '.join(REPORTS)}")
    REPORTS[kind](Workspace(workspace), out)


def _extraction(workspace: Workspace, out: Path | None) -> None:
    from signpipe.stages import report_extraction as stage

    show.extraction_reported(stage.run(workspace, out=out))


def _results(workspace: Workspace, out: Path | None) -> None:
    from signpipe.stages import report_results as stage

    show.results_reported(stage.run(workspace, out=out))


REPORTS: dict[str, Callable[[Workspace, Path | None], None]] = {
    "results": _results,
    "extraction": _extraction,
}
