"""The page of results, section by section."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from signpipe.evaluation.calibration import draw_calibration
from signpipe.pictures.page import Page
from signpipe.report.results.ablation import Trial, add_ablation
from signpipe.report.results.by_signer import add_signers
from signpipe.report.results.confused import add_confusion
from signpipe.report.results.corrections import add_corrections
from signpipe.report.results.curves import add_curves
from signpipe.report.results.embedding import Embedded, add_embedding
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.gallery import Gallery
from signpipe.report.results.label_fractions import add_fractions
from signpipe.report.results.pieces import Cell, Pieces
from signpipe.report.results.protocol_tables import add_protocols
from signpipe.report.results.run_histories import Run

TITLE = "Results"
LEAD = "What the runs of this workspace have learned, and how it was measured"
EVALUATE = "signpipe evaluate"
# The sections about the clips of one evaluation, and what they show.
CLIP_BY_CLIP = {
    "Embeddings": "t-SNE of the clips of an evaluation",
    "Confusion": "which signs are taken for which",
    "What motion adds to joint": "clips that motion corrects or spoils",
    "Calibration": "how far the probabilities can be trusted",
}


@dataclass(frozen=True)
class Findings:
    """All that the page tells. `main` is the evaluation whose clips are looked at, `embedded` what
    its clips look like to the encoders, or in words why it cannot be told; `scored` how often each
    split was scored; `unread` which results cannot be read and why."""

    runs: Mapping[str, Sequence[Run]]
    evaluations: Sequence[Evaluation]
    main: Evaluation | None
    compared: Sequence[Sequence[Trial]]
    embedded: Sequence[Embedded | str]
    scored: Mapping[str, int]
    unread: Sequence[str] = ()


def build(findings: Findings, pieces: Pieces, gallery: Gallery) -> None:
    """Fill the page, and write the files behind it."""
    _head(pieces.page, findings)
    add_protocols(pieces, findings.evaluations, findings.scored)
    add_signers(pieces, findings.evaluations, findings.main)
    add_ablation(pieces, findings.compared)
    add_fractions(pieces, findings.evaluations)
    _looked_at(pieces, findings, gallery)
    for stage, runs in findings.runs.items():
        add_curves(pieces, stage, runs)
    if gallery.unseen:
        first, *others = gallery.unseen.values()
        more = f", and {len(others)} more" if others else ""
        pieces.page.heading("Not shown").text(f"Some clips could not be drawn: {first}{more}.")


def _head(page: Page, findings: Findings) -> None:
    page.facts(
        [
            *((f"{len(runs):,}", f"{stage} runs") for stage, runs in findings.runs.items()),
            (f"{len(findings.evaluations):,}", "evaluations"),
        ]
    )
    main = findings.main
    if main:
        metrics = main.metrics
        page.text(
            f"Where single clips are looked at, they are those of {main.name}: {metrics.protocol}, "
            f"split {metrics.split}, {metrics.clips:,} clips."
        )
        stream, figures = list(metrics.streams.items())[-1]
        page.facts(
            [
                (f"{figures.top1:.1%}", f"top-1 of {stream}"),
                (f"{figures.top5:.1%}", "top-5"),
                (f"{figures.mean_class:.1%}", "top-1, mean of signs"),
            ]
        )
        if metrics.split == "val":
            page.text("Val was chosen on, so its figures flatter; test is scored only when asked.")
    if findings.unread:
        more = f", and {len(findings.unread) - 1} more" if len(findings.unread) > 1 else ""
        page.warning(f"Not everything could be read: {findings.unread[0]}{more}.")


def _looked_at(pieces: Pieces, findings: Findings, gallery: Gallery) -> None:
    """The sections about single clips."""
    main = findings.main
    if main is None:
        for title, what in CLIP_BY_CLIP.items():
            pieces.page.heading(title)
            pieces.lacking(what, EVALUATE)
        return
    pieces.page.heading("Embeddings")
    if not findings.embedded:
        pieces.lacking("an encoder to embed with", "signpipe pretrain")
    for embedded in findings.embedded:
        if isinstance(embedded, str):
            pieces.page.text(f"Not drawn: {embedded}.")
        else:
            add_embedding(pieces, embedded)
    add_confusion(pieces, main, gallery)
    add_corrections(pieces, main, gallery)
    _calibration(pieces, main)


def _calibration(pieces: Pieces, main: Evaluation) -> None:
    pieces.page.heading("Calibration")
    measured = main.metrics.calibration
    if not measured:
        pieces.lacking("the calibration of a recogniser", EVALUATE)
        return
    stream, calibration = list(measured.items())[-1]
    draw = partial(draw_calibration, calibration=calibration, title=stream)
    alt = f"Reliability of {stream}"
    caption = (
        f"{main.name}: how often a clip is named rightly against how sure {stream} is of it; on "
        "the dashed line both agree. Red dots are the bins' mean confidence."
    )
    pieces.page.picture(pieces.drawn("calibration", draw, alt), alt, caption)
    rows: list[list[Cell]] = [
        [name, bin_.low, bin_.high, bin_.clips, bin_.confidence, bin_.accuracy]
        for name, found in measured.items()
        for bin_ in found.bins
    ]
    columns = ["stream", "above", "up to", "clips", "confidence", "right"]
    pieces.csv("calibration", columns, rows, "the bins of the reliability picture")
