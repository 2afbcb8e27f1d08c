"""Clips that the motion stream corrects, and clips that it spoils."""

from collections.abc import Sequence

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.pictures.page import Card
from signpipe.pictures.strips import FRAMES, png, strip
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import Entry, ReportWriter
from signpipe.wording import counted, noun

SHOWN = 6
STREAMS = ("joint", "motion", "both")


def corrected(predictions: Sequence[ClipPrediction]) -> list[ClipPrediction]:
    """Joint is wrong, and both together are right."""
    return [c for c in predictions if c.predicted["joint"] != c.label == c.predicted["both"]]


def spoiled(predictions: Sequence[ClipPrediction]) -> list[ClipPrediction]:
    """Joint is right, and both together are wrong."""
    return [c for c in predictions if c.predicted["joint"] == c.label != c.predicted["both"]]


def add_corrections(report: ReportWriter, evaluation: Evaluation, reader: FootageReader) -> None:
    """How often each, a list of them, and some as skeletons."""
    if not set(STREAMS) <= set(evaluation.metrics.streams):
        report.add_missing(
            "what motion adds to joint", "signpipe finetune --run both --set streams=both"
        )
        return
    report.page.heading("What motion adds to joint")
    predictions = evaluation.predictions
    kinds = {"corrected": corrected(predictions), "spoiled": spoiled(predictions)}
    gain = len(kinds["corrected"]) - len(kinds["spoiled"])
    report.page.text(
        f"Of {counted(len(predictions), 'clip')} of {evaluation.name}, motion corrects "
        f"{len(kinds['corrected']):,}: joint alone is wrong there, both streams together are "
        f"right. It spoils {len(kinds['spoiled']):,}, where joint alone is right and both together "
        f"are wrong. Together that is {gain:+,} {noun(abs(gain), 'clip')}."
    )
    rows: list[list[Entry]] = [
        [what, clip.clip_id, clip.signer, clip.label, *(clip.predicted[s] for s in STREAMS)]
        for what, clips in kinds.items()
        for clip in clips
    ]
    if rows:
        columns = ["what", "clip", "signer", "sign", *STREAMS]
        report.csv("motion", columns, rows, "clips that motion corrects or spoils")
    for what, clips in kinds.items():
        cards = [
            (f"{what}-{number}", card)
            for number, clip in enumerate(varied(clips)[:SHOWN], start=1)
            if (card := _card(clip, reader))
        ]
        if cards:
            more = f" (some of {len(clips):,}; the CSV has all)" if len(clips) > len(cards) else ""
            report.page.text(f"{what.capitalize()} by motion{more}:")
            report.cards(cards)


def varied(clips: Sequence[ClipPrediction]) -> list[ClipPrediction]:
    """All of them, first one of every sign, then the second of each, and so on."""
    seen: dict[str, int] = {}
    turns = []
    for clip in clips:
        seen[clip.label] = seen.get(clip.label, 0) + 1
        turns.append((seen[clip.label], clip))
    return [clip for _, clip in sorted(turns, key=lambda turn: turn[0])]


def _card(clip: ClipPrediction, reader: FootageReader) -> Card | None:
    footage = reader.read(clip.clip_id)
    if footage is None:
        return None
    predicted = ", ".join(f"{stream}: {clip.predicted[stream]}" for stream in STREAMS)
    picture = png(strip(footage, FRAMES // 2))
    return Card(
        picture, f"Skeletons of {clip.clip_id}", clip.label, f"{predicted} ({clip.clip_id})"
    )
