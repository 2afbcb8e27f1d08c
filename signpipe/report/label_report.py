"""report labels: the labels that look wrong, to be looked at by a person."""

from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.evaluation.label_audit import Audit, audit
from signpipe.pictures.page import Page
from signpipe.report.label_page import LEAD, TITLE, build
from signpipe.report.report_page import reported_clips, write_report
from signpipe.report.results.evaluations import marked, read_evaluations
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import folder_of
from signpipe.workspace import Workspace


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
    reported_clips(workspace)
    found = audit(workspace)
    if found is None:
        raise SignpipeError(
            f"{workspace.clips} has no labelled clips of two signers, whose signs could be "
            "compared; write labels and signers into it"
        )
    path = Path(out or workspace.root / "report" / "labels.html")
    folder = folder_of(path)
    evaluations = marked(workspace, read_evaluations(workspace)[0])
    holding = [one for one in evaluations if one.names_clips and not one.stale]
    reader = FootageReader(workspace)
    write_report(
        workspace, path, Page(TITLE, LEAD), lambda report: build(found, holding, report, reader)
    )
    return LabelReport(path, folder, found)
