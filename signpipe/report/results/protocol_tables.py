"""The tables of all evaluations: what each protocol found, and how it was measured."""

from collections.abc import Mapping, Sequence

from signpipe.evaluation.schema import MEASURES, Figures, Measure
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.pieces import Accuracy, Cell, Pieces

WORDS = dict(zip(MEASURES, ("top-1", "top-5", "per sign top-1", "per sign top-5"), strict=True))
NAMED, SIGNERS = 3, 5  # evaluations and signers of one row; the CSV has all
ABOUT = {
    "finetuned": "the recogniser of a fine-tuning run",
    "linear": "encoder frozen, a linear classifier learns",
    "knn": "encoder frozen, the nearest training clips name a clip",
    "fractions": "fine-tuned with a part of the labels",
    "few-shot": "encoder frozen, a few clips of each sign are shown",
    "cross-signer": "signers are held out in turn",
}


def add_protocols(
    pieces: Pieces, evaluations: Sequence[Evaluation], scored: Mapping[str, int]
) -> None:
    """A table a protocol, one of how they were made, and how often each split was `scored`."""
    pieces.page.heading("Protocols")
    if not evaluations:
        pieces.lacking("the accuracy of any run", "signpipe evaluate")
        return
    pieces.page.text(
        "In per cent; in brackets the interval, after ± the standard deviation over seeds, draws, "
        "folds or signers. Top-1 and top-5 count clips alike, per sign counts signs alike."
    )
    for protocol, meaning in ABOUT.items():
        own = [one for one in evaluations if one.metrics.protocol == protocol]
        if own:
            _results(pieces, protocol, f"{protocol}: {meaning}", own)
            _cells(pieces, protocol, own)
    _made(pieces, evaluations)
    times = ", ".join(f"{split} {count}" for split, count in sorted(scored.items()))
    pieces.page.text(
        f"How often each split was scored so far in this workspace: {times or 'never'}."
    )


def accuracy(figures: Figures, measure: Measure) -> Accuracy:
    """One measure with all that is known about it."""
    low, high = figures.intervals.get(measure, (None, None))
    return Accuracy(getattr(figures, measure), low, high, figures.spread.get(measure))


def _results(pieces: Pieces, protocol: str, caption: str, own: Sequence[Evaluation]) -> None:
    rows: list[list[Cell]] = [
        [one.name, one.metrics.split, stream, *(accuracy(figures, name) for name in MEASURES)]
        for one in own
        for stream, figures in one.metrics.streams.items()
    ]
    columns = ["evaluation", "split", "stream", *WORDS.values()]
    pieces.table(f"protocol-{protocol}", columns, rows, caption)


def _cells(pieces: Pieces, protocol: str, own: Sequence[Evaluation]) -> None:
    """What a protocol that measures several times has measured, summed up where it does so."""
    found = [(one, cell) for one in own for cell in one.metrics.summary or one.metrics.cells]
    if not found or protocol == "fractions":  # these have a section of their own
        return
    names = list(dict.fromkeys(name for _, cell in found for name in cell.of))
    streams = list(dict.fromkeys(stream for _, cell in found for stream in cell.streams))
    rows: list[list[Cell]] = [
        [
            one.name,
            *(cell.of.get(name) for name in names),
            cell.clips,
            *(accuracy(cell.streams[s], "top1") if s in cell.streams else None for s in streams),
        ]
        for one, cell in found
    ]
    columns = ["evaluation", *names, "clips", *(f"{stream} top-1" for stream in streams)]
    pieces.table(f"protocol-{protocol}-cells", columns, rows, f"{protocol}: every case")


def _made(pieces: Pieces, evaluations: Sequence[Evaluation]) -> None:
    """How each was measured; on the page those that were measured alike are one row."""
    columns = ["protocol", "split", "split from", "clips", "signs", "signers", "selection"]
    columns += ["figures", "averages", "interval", "clips seen in pretraining"]
    last = "split scored before"
    alike: dict[tuple[str | int | None, ...], list[Evaluation]] = {}
    for one in evaluations:
        alike.setdefault(_how(one), []).append(one)
    whole: list[list[Cell]] = [
        [one.name, *how, one.metrics.scored_before] for how, own in alike.items() for one in own
    ]
    caption = "How each was measured; the last column: how often its split had been scored before"
    pieces.csv("protocols", ["evaluation", *columns, last], whole, caption)
    rows: list[list[str | int | float | None]] = []
    for own in alike.values():
        before = sorted({one.metrics.scored_before for one in own})
        times = str(before[0]) if len(before) == 1 else f"{before[0]} to {before[-1]}"
        more = f" and {len(own) - NAMED} more" if len(own) > NAMED else ""
        names = ", ".join(one.name for one in own[:NAMED]) + more
        rows.append([names, *_how(own[0], SIGNERS), times])
    pieces.page.table(["evaluation", *columns, last], rows, caption)


def _how(one: Evaluation, most: int | None = None) -> tuple[str | int | None, ...]:
    """How it was measured, with at most so many signers by name."""
    m = one.metrics
    known = [signer for signer in m.signers if signer]
    more = f" and {len(known) - most} more" if most and len(known) > most else ""
    signers = f"{len(known)}: {', '.join(known[:most])}{more}" if known else "unknown"
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
        m.averages,
        interval,
        m.clips_seen_in_pretraining,
    )
