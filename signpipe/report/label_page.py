"""The page about labels that look wrong: which, what they look like, and what hangs on them."""

from collections.abc import Container, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from signpipe.cliptable import CHECKED
from signpipe.evaluation.label_audit import Audit
from signpipe.evaluation.predictions import ClipPrediction
from signpipe.pictures.strips import strip, titled
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import Accuracy, Entry, ReportWriter
from signpipe.training.misfits import LEAST, Misfit
from signpipe.wording import counted, listed, noun

TITLE = "Labels"
LEAD = "Labels that look wrong to what has not seen their signers, for a person to decide"
SHOWN = 12  # cells as skeletons; the tables have all


def build(
    found: Audit, evaluations: Sequence[Evaluation], report: ReportWriter, reader: FootageReader
) -> None:
    """Fill the page, and write the files behind it. `evaluations` name each clip once, and hold."""
    _head(found, report)
    _cells(found, report)
    for number, cell in enumerate(found.found[:SHOWN], start=1):
        _strips(cell, number, found, report, reader)
    _without(found.flagged, evaluations, report)
    if reader.failures:
        failures = listed([*reader.failures.values()], 1)
        report.page.heading("Not shown").text(f"Some clips could not be drawn: {failures}.")


def _head(found: Audit, report: ReportWriter) -> None:
    page, cells = report.page, len(found.found)
    page.facts(
        [
            (f"{cells:,}", f"{noun(cells, 'cell')} of a signer and a sign to look at"),
            (f"{len(found.flagged):,}", f"{noun(len(found.flagged), 'clip')} in them"),
            (f"{len(found.checked):,}", "looked at before"),
            (f"{len(found.clips):,}", "clips looked through"),
        ]
    )
    page.text(
        f"Who named the clips: {found.how}. It names {found.right:.1%} of them rightly. A cell is "
        f"flagged if it has at least {LEAST} clips and all of them were named as one and the same "
        "other sign. That may be a wrong label, two labels exchanged, a regional form, or merely a "
        "sign that resembles another: nothing is changed and nothing left out, you decide."
    )
    page.text(
        f"Where a label is wrong, correct it in the clip table `clips.csv`. Where it is right, add "
        f"a column `{CHECKED}` there and write anything into the clips' rows: they are then no "
        "longer listed as open. Until then fine-tuning can weigh these clips less "
        "(`--set misfit_weight=0.2`)."
    )


def _cells(found: Audit, report: ReportWriter) -> None:
    cells = [(cell, "") for cell in found.found] + [(cell, "yes") for cell in found.checked]
    report.page.heading("Cells")
    if not cells:
        report.page.text("No signer's clips of a sign were all named as one other sign.")
        return
    rows: list[list[Entry]] = [
        [cell.signer, cell.label, cell.named, len(cell.clips), _splits(cell, found), checked]
        for cell, checked in cells
    ]
    columns = ["signer", "label", "named", "clips", "split", "looked at"]
    report.table("cells", columns, rows, "Cells whose clips were all named as one other sign")
    clips: list[list[Entry]] = [
        [clip_id, cell.signer, cell.label, cell.named, found.clips[clip_id].split, checked]
        for cell, checked in cells
        for clip_id in cell.clips
    ]
    report.csv("clips", ["clip_id", *columns[:3], *columns[4:]], clips, "their clips one by one")


def _splits(cell: Misfit, found: Audit) -> str:
    return ", ".join(sorted({found.clips[clip_id].split or "none" for clip_id in cell.clips}))


def _strips(
    cell: Misfit, number: int, found: Audit, report: ReportWriter, reader: FootageReader
) -> None:
    """A clip of the cell, and below it others' clips of the sign it was named, and of its own."""
    wanted = [(f"{cell.signer}: labelled {cell.label}, named {cell.named}", cell.clips[0])]
    for sign in (cell.named, cell.label):
        others = (c for c in found.clips.values() if c.label == sign and c.signer != cell.signer)
        clip = next((c for c in others if c.clip_id not in found.flagged), None)
        wanted += [(f"{clip.signer}: labelled {sign}", clip.clip_id)] if clip else []
    films = [(words, reader.read(clip_id)) for words, clip_id in wanted]
    strips = [(words, strip(film)) for words, film in films if film]
    if not strips:
        return
    alt = f"Skeletons of {cell.label} by {cell.signer}, beside others' {cell.named}"
    caption = f"{cell.clips[0]}, the first of {counted(len(cell.clips), 'clip')}, then others'"
    draw = partial(Path.write_bytes, data=titled(strips))
    report.page.picture(report.draw(f"cell-{number}", draw, alt), alt, caption)


def _without(
    flagged: Container[str], evaluations: Sequence[Evaluation], report: ReportWriter
) -> None:
    """How accurate evaluations are with the flagged clips, as always, and without them."""
    rows: list[list[Entry]] = []
    for one in evaluations:
        clips = one.predictions
        rest = [clip for clip in clips if clip.clip_id not in flagged]
        if 0 < len(rest) < len(clips):
            left_out = len(clips) - len(rest)
            rows.append([one.name, one.metrics.split, left_out, *_both(clips), *_both(rest)])
    if not rows:
        return
    report.page.heading("With and without them")
    columns = ["evaluation", "split", "flagged", "top-1", "mean-class"]
    report.table(
        "without",
        [*columns, "top-1 without", "mean-class without"],
        rows,
        "What evaluations found, with all clips and without the flagged ones nobody has looked at, "
        "in per cent. The figure to report is the one with all clips: what is hard to recognise is "
        "flagged as well",
    )


def _both(clips: Sequence[ClipPrediction]) -> tuple[Accuracy, Accuracy]:
    right = np.array([clip.final == clip.label for clip in clips], float)
    signs = np.unique([clip.label for clip in clips], return_inverse=True)[1]
    by_sign = np.bincount(signs, right) / np.bincount(signs)
    return Accuracy(float(right.mean())), Accuracy(float(by_sign.mean()))
