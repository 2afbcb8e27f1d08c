"""The accuracy of every signer alone: a mean hides whom a recogniser fails."""

from collections.abc import Sequence
from statistics import median

from signpipe.evaluation.schema import Cell
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.protocol_tables import accuracy
from signpipe.report.results.report_writer import Accuracy, Entry, ReportWriter

SHOWN = 4  # tables of signers on the page; each of the others is a CSV only


def add_signers(
    report: ReportWriter, evaluations: Sequence[Evaluation], main: Evaluation | None = None
) -> None:
    """How far apart the signers of each evaluation are, and a table of them for each: `main`, the
    fine-tuned, the others."""
    _add_missing(report, evaluations)
    own = [one for one in evaluations if one.metrics.by_signer]
    own.sort(
        key=lambda one: (one is not main, bool(one.stale), one.metrics.protocol != "finetuned")
    )
    nameless = [
        one.title for one in evaluations if one.names_clips and not any(one.metrics.signers)
    ]
    if own or nameless:
        report.page.heading("Signer by signer")
    if own:
        _spread(report, own)
    several = [one for one in own if len(one.metrics.by_signer) > 1]  # one signer is the whole
    for one in own:
        _table(report, one, one in several[:SHOWN])
    if len(several) > SHOWN:
        names = ", ".join(one.title for one in several[SHOWN:])
        report.page.text(f"Signer by signer only as CSV: {names}.")
    if nameless:
        report.page.text(f"Nothing is known of the signers of {', '.join(nameless)}.")


def _spread(report: ReportWriter, own: Sequence[Evaluation]) -> None:
    rows: list[list[Entry]] = []
    for one in own:
        tops = [_final(cell) for cell in one.metrics.by_signer]
        found = (min(tops), median(tops), max(tops))
        start: list[Entry] = [one.title, one.metrics.split, len(tops), one.metrics.clips]
        rows.append([*start, *(Accuracy(value) for value in found)])
    columns = ["evaluation", "split", "signers", "clips", "lowest", "median", "highest"]
    caption = "Top-1 of the final answer over the signers, in per cent; of few clips it is rough"
    report.table("signers", columns, rows, caption)


def _table(report: ReportWriter, one: Evaluation, shown: bool) -> None:
    streams = list(one.metrics.streams)
    rows: list[list[Entry]] = [
        [
            cell.of["signer"],
            cell.clips,
            cell.signs,
            *(accuracy(cell.streams[stream], "top1") for stream in streams),
            accuracy(cell.streams[streams[-1]], "mean_class"),
        ]
        for cell in sorted(one.metrics.by_signer, key=_final)
    ]
    columns = ["signer", "clips", "signs", *streams, f"{streams[-1]}, mean-class"]
    caption = (
        f"{one.title}, split {one.metrics.split}: top-1 of each signer's clips in per cent, the "
        "lowest first; mean-class: the mean over the signs this signer made"
    )
    add = report.table if shown else report.csv
    add(f"signers-{one.name}", columns, rows, caption)


def _final(cell: Cell) -> float:
    """Top-1 of `both`, or of the only stream."""
    return list(cell.streams.values())[-1].top1


def _add_missing(report: ReportWriter, evaluations: Sequence[Evaluation]) -> None:
    """Note which fine-tuned runs an older version evaluated."""
    naming = [one for one in evaluations if one.names_clips]
    without = [one for one in naming if not one.metrics.by_signer]
    known = [one for one in without if any(one.metrics.signers)]
    older = [one for one in known if one.metrics.protocol == "finetuned"]
    if not naming:
        report.add_missing("the accuracy of each signer", "signpipe evaluate")
    elif older:
        more = f" and {len(older) - 1} more" if len(older) > 1 else ""
        metrics = older[0].metrics
        report.add_missing(
            f"the signers of {older[0].name}{more}, which an older version evaluated",
            f"signpipe evaluate --run {metrics.run} --split {metrics.split} --redo",
        )
