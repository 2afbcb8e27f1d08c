"""Clips that the motion stream corrects, and clips that it spoils."""

from collections.abc import Sequence

from signpipe.evaluation.predictions import Named
from signpipe.pictures.page import Card
from signpipe.pictures.strips import FRAMES, png, strip
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.gallery import Gallery
from signpipe.report.results.pieces import Cell, Pieces
from signpipe.wording import counted, noun

SHOWN = 6
STREAMS = ("joint", "motion", "both")


def corrected(named: Sequence[Named]) -> list[Named]:
    """Joint is wrong, and both together are right."""
    return [c for c in named if c.said["joint"] != c.label == c.said["both"]]


def spoiled(named: Sequence[Named]) -> list[Named]:
    """Joint is right, and both together are wrong."""
    return [c for c in named if c.said["joint"] == c.label != c.said["both"]]


def add_corrections(pieces: Pieces, evaluation: Evaluation, gallery: Gallery) -> None:
    """How often each, a list of them, and some as skeletons."""
    if not set(STREAMS) <= set(evaluation.metrics.streams):
        pieces.lacking(
            "what motion adds to joint", "signpipe finetune --run both --set streams=both"
        )
        return
    pieces.page.heading("What motion adds to joint")
    named = evaluation.named
    kinds = {"corrected": corrected(named), "spoiled": spoiled(named)}
    gain = len(kinds["corrected"]) - len(kinds["spoiled"])
    pieces.page.text(
        f"Of {counted(len(named), 'clip')} of {evaluation.name}, motion corrects "
        f"{len(kinds['corrected']):,}: joint alone is wrong there, both streams together are "
        f"right. It spoils {len(kinds['spoiled']):,}, where joint alone is right and both together "
        f"are wrong. Together that is {gain:+,} {noun(abs(gain), 'clip')}."
    )
    rows: list[list[Cell]] = [
        [what, clip.clip_id, clip.signer, clip.label, *(clip.said[s] for s in STREAMS)]
        for what, clips in kinds.items()
        for clip in clips
    ]
    if rows:
        columns = ["what", "clip", "signer", "sign", *STREAMS]
        pieces.csv("motion", columns, rows, "clips that motion corrects or spoils")
    for what, clips in kinds.items():
        cards = [
            (f"{what}-{number}", card)
            for number, clip in enumerate(varied(clips)[:SHOWN], start=1)
            if (card := _card(clip, gallery))
        ]
        if cards:
            more = f" (some of {len(clips):,}; the CSV has all)" if len(clips) > len(cards) else ""
            pieces.page.text(f"{what.capitalize()} by motion{more}:")
            pieces.cards(cards)


def varied(clips: Sequence[Named]) -> list[Named]:
    """All of them, first one of every sign, then the second of each, and so on."""
    seen: dict[str, int] = {}
    turns = []
    for clip in clips:
        seen[clip.label] = seen.get(clip.label, 0) + 1
        turns.append((seen[clip.label], clip))
    return [clip for _, clip in sorted(turns, key=lambda turn: turn[0])]


def _card(clip: Named, gallery: Gallery) -> Card | None:
    footage = gallery.look(clip.clip_id)
    if footage is None:
        return None
    said = ", ".join(f"{stream}: {clip.said[stream]}" for stream in STREAMS)
    picture = png(strip(footage, FRAMES // 2))
    return Card(picture, f"Skeletons of {clip.clip_id}", clip.label, f"{said} ({clip.clip_id})")
