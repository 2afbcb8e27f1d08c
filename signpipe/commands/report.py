"""report: pages about a workspace."""

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import WorkspaceOption
from signpipe.commands.output import MOST
from signpipe.errors import SignpipeError
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.report.extraction_report import ExtractionReport
    from signpipe.report.label_report import LabelReport
    from signpipe.report.results_report import ResultsReport


def report(
    kind: Annotated[
        str, typer.Argument(help="What about: results (default), extraction, or labels.")
    ] = "results",
    workspace: WorkspaceOption = DEFAULT,
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", help="The page to write; default: in the workspace."),
    ] = None,
) -> None:
    """One self-contained HTML page: a paper's tables and pictures, what was extracted, or labels.

    `labels` shows where all of a signer's clips of one sign look like one other sign to recognisers
    that have not seen this signer: those of `signpipe evaluate --protocol cross-signer`, or without
    these to the encoder. Correct the clip table, or write into its column label_checked that you
    have looked.
    """
    if kind not in REPORTS:
        raise SignpipeError(f"there is no report {kind!r}; the kinds are {', '.join(REPORTS)}")
    REPORTS[kind](Workspace(workspace), out)


def _extraction(workspace: Workspace, out: Path | None) -> None:
    from signpipe.report import extraction_report

    show_extraction(extraction_report.run(workspace, out=out))


def _results(workspace: Workspace, out: Path | None) -> None:
    from signpipe.report import results_report

    show_results(results_report.run(workspace, out=out))


def _labels(workspace: Workspace, out: Path | None) -> None:
    from signpipe.report import label_report

    show_labels(label_report.run(workspace, out=out))


REPORTS: dict[str, Callable[[Workspace, Path | None], None]] = {
    "results": _results,
    "extraction": _extraction,
    "labels": _labels,
}


def show_extraction(result: "ExtractionReport") -> None:
    """Show where the page is and what on it asks for a look."""
    print(f"{result.path}: {counted(result.clips, 'clip')}")
    if result.duplicates:
        leaks = f", of which across splits, a leak: {result.leaks}" if result.leaks else ""
        print(f"groups of duplicates: {result.duplicates}{leaks}")
    if result.other_handed:
        print(f"signers likely left-handed or mirrored: {result.other_handed}")
    for reason in result.unread[:MOST]:
        print(f"not looked at: {reason}")


def show_labels(result: "LabelReport") -> None:
    """Show where the page is and which cells it asks a person to look at."""
    audit = result.audit
    print(f"{result.path}: {counted(len(audit.clips), 'clip')}; by {audit.how}")
    for cell in audit.found[:MOST]:
        clips = counted(len(cell.clips), "clip")
        print(f"to look at: {cell.signer}, {cell.label}: {clips}, all named {cell.named}")
    if len(audit.found) > MOST:
        print(f"and {len(audit.found) - MOST} more, on the page")
    if not audit.found:
        print("nothing to look at")


def show_results(result: "ResultsReport") -> None:
    """Show where the page and its files are, and what it could not show yet."""
    print(
        f"{result.path}: {counted(result.evaluations, 'evaluation')}; tables and pictures: "
        f"{result.folder}"
    )
    by_command: dict[str, list[str]] = {}
    for what, command in result.missing:
        by_command.setdefault(command, []).append(what)
    for command, parts in by_command.items():
        print(f"not there yet: {'; '.join(parts)}: {command}")
    for reason in result.unread[:MOST]:
        print(f"not read: {reason}")
