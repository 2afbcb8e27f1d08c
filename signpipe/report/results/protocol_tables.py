"""The tables of all evaluations: what each protocol found, and how it was measured."""

from collections.abc import Mapping, Sequence

from signpipe.evaluation.schema import MEASURES, Figures, Measure
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.report_writer import Accuracy, Entry, ReportWriter
from signpipe.wording import listed, times

WORDS = dict(zip(MEASURES, ("top-1", "top-5", "mean-class", "mean-class top-5"), strict=True))
NAMED, SIGNERS = 3, 5  # evaluations and signers of one row; the CSV has all
ABOUT = {
    "finetuned": "the recogniser of a fine-tuning run",
    "linear": "encoder frozen, a linear classifier learns",
    "knn": "encoder frozen, the nearest training clips name a clip",
    "fractions": "fine-tuned with a part of the labels",
    "few-shot": "encoder frozen, a few clips of each sign are shown",
    "cross-signer": "signers are held out in turn",
    "cross-validation": "few clips are left out in turn",
    "retrieval": "a dictionary is searched by signing; top-1 is recall at 1",
    "open-set": "signs are held out in turn; the accuracy is that on the others",
}


def add_protocols(
    report: ReportWriter, evaluations: Sequence[Evaluation], scored: Mapping[str, int]
) -> None:
    """A table a protocol, one of how they were made, and how often each split was `scored`."""
    if not evaluations:
        report.add_missing("the accuracy of any run", "signpipe evaluate")
        return
    report.page.heading("Accuracy by protocol")
    report.page.text(
        "All in per cent, with the interval in brackets, or the standard deviation over seeds, "
        "draws, folds or signers after ±. Top-1 is the share of clips whose first answer is right, "
        "top-5 of those whose sign is among the first five; mean-class is the mean of these over "
        "the signs, so that rare signs count as much as frequent ones."
    )
    for protocol, meaning in ABOUT.items():
        own = [one for one in evaluations if one.metrics.protocol == protocol]
        if own:
            _results(report, protocol, f"{protocol}: {meaning}", own)
            _cells(report, protocol, own)
    _made(report, evaluations)
    how_often = ", ".join(f"{split} {times(count)}" for split, count in sorted(scored.items()))
    report.page.text(f"Scored so far in this workspace: {how_often or 'no split'}.")


def accuracy(figures: Figures, measure: Measure) -> Accuracy:
    """One measure with all that is known about it."""
    low, high = figures.intervals.get(measure, (None, None))
    return Accuracy(getattr(figures, measure), low, high, figures.spread.get(measure))


def _results(report: ReportWriter, protocol: str, caption: str, own: Sequence[Evaluation]) -> None:
    rows: list[list[Entry]] = [
        [
            one.title,
            one.metrics.split,
            one.metrics.clips,
            stream,
            *(accuracy(figures, name) for name in MEASURES),
        ]
        for one in own
        for stream, figures in one.metrics.streams.items()
    ]
    columns = ["evaluation", "split", "clips", "stream", *WORDS.values()]
    report.table(f"protocol-{protocol}", columns, rows, caption)


def _cells(report: ReportWriter, protocol: str, own: Sequence[Evaluation]) -> None:
    """What a protocol that measures several times has measured, summed up where it does so."""
    found = [(one, cell) for one in own for cell in one.metrics.summary or one.metrics.cells]
    if not found or protocol == "fractions":  # these have a section of their own
        return
    names = list(dict.fromkeys(name for _, cell in found for name in cell.of))
    streams = list(dict.fromkeys(stream for _, cell in found for stream in cell.streams))
    rows: list[list[Entry]] = [
        [
            one.title,
            *(cell.of.get(name) for name in names),
            cell.clips,
            *(accuracy(cell.streams[s], "top1") if s in cell.streams else None for s in streams),
        ]
        for one, cell in found
    ]
    columns = ["evaluation", *names, "clips", *(f"{stream} top-1" for stream in streams)]
    report.table(f"protocol-{protocol}-cells", columns, rows, f"{protocol}: every case")


def _made(report: ReportWriter, evaluations: Sequence[Evaluation]) -> None:
    """How each was measured; on the page those that were measured alike are one record."""
    columns = ["protocol", "split", "split from", "clips", "signs", "signers", "selection"]
    columns += ["figures", "averages", "interval", "clips seen in pretraining"]
    last = "split scored before"
    alike: dict[tuple[str | int | None, ...], list[Evaluation]] = {}
    for one in evaluations:
        alike.setdefault(_how(one), []).append(one)
    whole: list[list[Entry]] = [
        [one.title, *how, one.metrics.scored_before] for how, own in alike.items() for one in own
    ]
    report.csv("protocols", ["evaluation", *columns, last], whole, "how each was measured")
    records = []
    for own in alike.values():
        before = sorted({one.metrics.scored_before for one in own})
        how_often = " to ".join(times(count) for count in (before[0], before[-1])[: len(before)])
        values = [*_how(own[0], SIGNERS), how_often]
        shown = (("" if value is None else str(value)) for value in values)
        fields = [(name, value) for name, value in zip((*columns, last), shown, strict=True)]
        names = listed([one.title for one in own], NAMED)
        records.append((names, [(name, value) for name, value in fields if value]))
    report.page.heading("How each was measured").records(records)


def _how(one: Evaluation, most: int | None = None) -> tuple[str | int | None, ...]:
    """How it was measured, with at most so many signers by name."""
    m = one.metrics
    known = [signer for signer in m.signers if signer]
    signers = f"{len(known)}: {listed(known, most or len(known))}" if known else "unknown"
    interval = f"{m.bootstrap.level:.0%} over {m.bootstrap.over}" if m.bootstrap else ""
    if m.bootstrap and m.bootstrap.note:
        interval += f"; {m.bootstrap.note}"
    return (
        m.protocol,
        m.split,
        m.split_from,
        m.clips,
        f"{m.signs_scored} of {m.signs}",
        signers,
        m.selection,
        m.headline,
        _in_words(m.averages),
        interval,
        m.clips_seen_in_pretraining,
    )


def _in_words(text: str) -> str:
    """The measures under the names that the tables give them."""
    for measure, name in (("top1", "top-1"), ("top5", "top-5"), ("mean_class_", "mean-class ")):
        text = text.replace(measure, name)
    return text.replace("mean_class", "mean-class")
