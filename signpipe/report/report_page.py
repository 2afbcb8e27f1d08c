"""A report: the clips it is about, and its page with the files behind it."""

import shlex
from collections.abc import Callable
from pathlib import Path

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.pictures.page import Page
from signpipe.report.results.report_writer import ReportWriter, folder_of
from signpipe.workspace import DEFAULT, Workspace


def reported_clips(workspace: Workspace) -> list[Clip]:
    """The rows of the clip table. Raises SignpipeError if there are none."""
    clips = list(read_clips(workspace.clips).values())
    if not clips:
        raise SignpipeError(
            f"{workspace.root} has no clips to report on; run `signpipe extract VIDEOS` or "
            "`signpipe import PACKS` first"
        )
    return clips


def write_report(
    workspace: Workspace, path: Path, page: Page, fill: Callable[[ReportWriter], None]
) -> ReportWriter:
    """Write the page that `fill` fills to `path`, and the files behind it to a folder beside it.

    Raises SignpipeError if `path` has no ending, or something cannot be written.
    """
    folder = folder_of(path)
    where = "" if workspace.root == DEFAULT else f" -w {shlex.quote(str(workspace.root))}"
    try:
        report = ReportWriter(page, folder, where)
        fill(report)
        report.finish()
        page.write(path)
    except OSError as error:
        raise SignpipeError(
            f"cannot write {error.filename or path}: {error.strerror or error}"
        ) from error
    return report
