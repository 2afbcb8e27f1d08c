"""The page of results, section by section."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from signpipe.evaluation.calibration_picture import draw_calibration
from signpipe.evaluation.intervals import FEW
from signpipe.pictures.page import Page
from signpipe.report.results.ablation import Trial, add_ablation
from signpipe.report.results.by_signer import add_signers
from signpipe.report.results.confused import add_confusion
from signpipe.report.results.corrections import add_corrections
from signpipe.report.results.curves import add_curves
from signpipe.report.results.embedding import Embedded, add_embedding
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.label_fractions import add_fractions
from signpipe.report.results.open_set import add_open_set
from signpipe.report.results.protocol_tables import add_protocols
from signpipe.report.results.report_writer import Entry, ReportWriter
from signpipe.report.results.run_histories import Run
from signpipe.report.results.single_changes import Changes, add_single_changes
from signpipe.splits import VAL
from signpipe.wording import counted, listed, noun

TITLE = "Results"
LEAD = "What the runs of this workspace have learned, and how it was measured"
EVALUATE = "signpipe evaluate"
# What is shown of the clips of one evaluation.
CLIP_BY_CLIP = (
    "t-SNE of the clips' embeddings",
    "which signs are taken for which",
    "clips that motion corrects or spoils",
    "how far the probabilities can be trusted",
)
STAGES = {"pretrain": "pretraining", "finetune": "fine-tuning"}
NAMED = 3  # stale evaluations


@dataclass(frozen=True)
class ResultsFindings:
    """All that the page tells. `main` is the evaluation whose clips are looked at, `embedded` what
    its clips look like to the encoders, or in words why it cannot be told; `scored` how often each
    split was scored; `unread` which results cannot be read and why."""

    runs: Mapping[str, Sequence[Run]]
    evaluations: Sequence[Evaluation]
    main: Evaluation | None
    compared: Sequence[Sequence[Trial]]
    changed: Sequence[Changes]
    embedded: Sequence[Embedded | str]
    scored: Mapping[str, int]
    unread: Sequence[str] = ()


def build(findings: ResultsFindings, report: ReportWriter, reader: FootageReader) -> None:
    """Fill the page, and write the files behind it."""
    _head(report.page, findings)
    add_protocols(report, findings.evaluations, findings.scored)
    add_signers(report, findings.evaluations, findings.main)
    add_ablation(report, findings.compared)
    add_single_changes(report, findings.changed)
    add_fractions(report, findings.evaluations)
    add_open_set(report, findings.evaluations)
    _looked_at(report, findings, reader)
    for stage, runs in findings.runs.items():
        add_curves(report, stage, runs)
    if reader.failures:
        failures = listed([*reader.failures.values()], 1)
        report.page.heading("Not shown").text(f"Some clips could not be drawn: {failures}.")


def _head(page: Page, findings: ResultsFindings) -> None:
    """How much there is, the figures of the main evaluation, and what to be wary of."""
    counts = [(len(findings.runs[stage]), f"{name} run") for stage, name in STAGES.items()]
    counts.append((len(findings.evaluations), "evaluation"))
    page.facts([(f"{count:,}", noun(count, name)) for count, name in counts])
    if findings.main:
        _headline(page, findings.main)
    stale = [one for one in findings.evaluations if one.stale]
    if stale:
        which = listed([f"{one.name} ({one.stale})" for one in stale], NAMED)
        page.warning(
            f"{counted(len(stale), 'evaluation is', 'evaluations are')} stale: {which}. What is "
            "stale is marked so below and does not count here; `signpipe status` names the command "
            "that measures it anew."
        )
    if findings.unread:
        page.warning(f"Not everything could be read: {listed(findings.unread, 1)}.")


def _headline(page: Page, main: Evaluation) -> None:
    metrics = main.metrics
    stream, figures = list(metrics.streams.items())[-1]
    few = f", of only {counted(metrics.clips, 'clip')}" if metrics.clips < FEW else ""
    page.facts(
        [
            (f"{figures.top1:.1%}", f"top-1 of {stream}{few}"),
            (f"{figures.top5:.1%}", "top-5"),
            (f"{figures.mean_class:.1%}", "mean-class top-1"),
        ]
    )
    page.text(
        f"Measured on the split {metrics.split}, {counted(metrics.clips, 'clip')} of "
        f"{counted(metrics.signs_scored, 'sign')}, by the protocol {metrics.protocol} "
        f"({main.name}); the single clips below are these."
    )
    if few:
        low, high = figures.intervals.get("top1", (None, None))
        level = metrics.bootstrap.level if metrics.bootstrap else None
        known = low is not None and high is not None and level is not None
        interval = f", and its {level:.0%} interval is {low:.1%} to {high:.1%}" if known else ""
        page.text(
            f"Few clips say little: one clip more or less moves top-1 by {1 / metrics.clips:.1%}"
            f"{interval}."
        )
    if metrics.split == VAL:
        page.text(
            "The best epoch was chosen on val, so figures on val flatter; the figure to report is "
            "that of test: `signpipe evaluate --split test`."
        )


def _looked_at(report: ReportWriter, findings: ResultsFindings, reader: FootageReader) -> None:
    """The sections about single clips."""
    main = findings.main
    if main is None:
        for what in CLIP_BY_CLIP:
            report.add_missing(what, EVALUATE)
        return
    if findings.embedded:
        report.page.heading("Embeddings")
    else:
        report.add_missing("an encoder to embed with", "signpipe pretrain")
    for embedded in findings.embedded:
        if isinstance(embedded, str):
            report.page.text(f"Not drawn: {embedded}.")
        else:
            add_embedding(report, embedded)
    add_confusion(report, main, reader)
    add_corrections(report, main, reader)
    _calibration(report, main)


def _calibration(report: ReportWriter, main: Evaluation) -> None:
    measured = main.metrics.calibration
    if not measured and main.metrics.protocol == "finetuned":
        return  # it is measured, but of few clips there is none
    if not measured:
        report.add_missing("the calibration of a recogniser", EVALUATE)
        return
    report.page.heading("Calibration")
    stream, calibration = list(measured.items())[-1]
    draw = partial(draw_calibration, calibration=calibration, title=stream)
    alt = f"Reliability of {stream}"
    caption = (
        f"{main.name}: how often {stream} is right, against its confidence; on the dashed line "
        "both agree. Red dots: the mean confidence of each bin."
    )
    report.page.picture(report.draw("calibration", draw, alt), alt, caption)
    rows: list[list[Entry]] = [
        [name, bin_.low, bin_.high, bin_.clips, bin_.confidence, bin_.accuracy]
        for name, found in measured.items()
        for bin_ in found.bins
    ]
    columns = ["stream", "above", "up to", "clips", "confidence", "right"]
    report.csv("calibration", columns, rows, "the bins of the reliability picture")
