"""report labels: the labels that look wrong, to be looked at by a person."""

import shlex
from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.evaluation.label_audit import Audit, audit
from signpipe.pictures.page import Page
from signpipe.report.label_page import LEAD, TITLE, build
from signpipe.report.results.evaluations import marked, read_evaluations
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import ReportWriter, folder_of
from signpipe.workspace import DEFAULT, Workspace


@dataclass(frozen=True)
class LabelReport:
    """The page, the folder of the files behind it, and what was found."""

    path: Path
    folder: Path
    audit: Audit


def run(workspace: Workspace, *, out: Path | str | None = None) -> LabelReport:
    """Write a self-contained HTML page; `out` defaults to `report/labels.html` inside.

    What it finds it does not change: a person corrects `label` in the clip table, or writes
    anything into a column `label_checked` where the label is right. Raises SignpipeError if there
    is no clip with a label and a signer that others could name, or something cannot be written.
    """
    if not workspace.clips.exists():
        raise SignpipeError(
            f"{workspace.root} has no clips to report on; run `signpipe extract VIDEOS` or "
            "`signpipe import PACKS` first"
        )
    found = audit(workspace)
    if found is None:
        raise SignpipeError(
            f"{workspace.clips} has no labelled clips of two signers, whose signs could be "
            "compared; write labels and signers into it"
        )
    path = Path(out or workspace.root / "report" / "labels.html")
    folder = folder_of(path)
    evaluations = [
        one for one in marked(workspace, read_evaluations(workspace)[0]) if not one.stale
    ]
    page, reader = Page(TITLE, LEAD), FootageReader(workspace)
    where = "" if workspace.root == DEFAULT else f" -w {shlex.quote(str(workspace.root))}"
    try:
        report = ReportWriter(page, folder, where)
        holding = [one for one in evaluations if one.names_clips and not one.stale]
        build(found, holding, report, reader)
        report.finish()
        page.write(path)
    except OSError as error:
        raise SignpipeError(
            f"cannot write {error.filename or path}: {error.strerror or error}"
        ) from error
    return LabelReport(path, folder, found)
