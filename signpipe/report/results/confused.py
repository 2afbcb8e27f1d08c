"""Which signs are taken for which: the matrix, and the most confused pairs as skeletons."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.evaluation.predictions import ClipPrediction
from signpipe.pictures.confusion_matrix import draw_confusion
from signpipe.pictures.strips import strip, titled
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import Accuracy, Entry, ReportWriter
from signpipe.wording import counted, times

SIGNS = 40  # in the picture of the matrix; the CSV has all
LISTED, SHOWN = 20, 6  # pairs in the table, and as skeletons


@dataclass(frozen=True)
class Pair:
    """Two signs: how often the first was true and the second predicted, and the other way round.

    `mistaken` is such a clip of the more frequent mistake, `other` one of the sign it was taken
    for (named rightly, if there is such a clip; None without any).
    """

    signs: tuple[str, str]
    counts: tuple[int, int]
    clips: tuple[int, int]  # of each sign
    mistaken: ClipPrediction
    other: ClipPrediction | None

    @property
    def share(self) -> float:
        """Of the clips of both signs."""
        return sum(self.counts) / sum(self.clips)


def confused_pairs(predictions: Sequence[ClipPrediction]) -> list[Pair]:
    """All pairs that were confused, the most often confused first; the first sign of each is the
    one that was mistaken more often."""
    clips = Counter(clip.label for clip in predictions)
    mistakes: Counter[tuple[str, str]] = Counter()
    first: dict[tuple[str, str], ClipPrediction] = {}  # example of every true and predicted sign
    of_sign: dict[str, ClipPrediction] = {}
    for clip in predictions:
        answer = clip.final
        first.setdefault((clip.label, answer), clip)
        of_sign.setdefault(clip.label, clip)
        if clip.label != answer:
            mistakes[clip.label, answer] += 1
    pairs = []
    for one, other in {(min(pair), max(pair)) for pair in mistakes}:
        if mistakes[other, one] > mistakes[one, other]:
            one, other = other, one
        example = first.get((other, other), of_sign.get(other))
        counts = (mistakes[one, other], mistakes[other, one])
        both = (clips[one], clips[other])
        pairs.append(Pair((one, other), counts, both, first[one, other], example))
    return sorted(pairs, key=lambda pair: (-sum(pair.counts), -pair.share, pair.signs))


def matrix_of(predictions: Sequence[ClipPrediction]) -> tuple[NDArray[np.int64], list[str]]:
    """(S, S) counts, rows true, columns predicted, and the signs that occur."""
    signs = sorted({clip.label for clip in predictions} | {clip.final for clip in predictions})
    number = {sign: place for place, sign in enumerate(signs)}
    matrix = np.zeros((len(signs), len(signs)), np.int64)
    for clip in predictions:
        matrix[number[clip.label], number[clip.final]] += 1
    return matrix, signs


def add_confusion(report: ReportWriter, evaluation: Evaluation, reader: FootageReader) -> None:
    """The matrix of one evaluation, its most confused pairs, and strips of the first of them."""
    report.page.heading("Confusion")
    matrix, signs = matrix_of(evaluation.predictions)
    caption = f"{evaluation.name}: rows are the true signs, columns the predicted ones."
    chosen = np.arange(len(signs))
    if len(signs) > SIGNS:
        wrong = matrix.sum(axis=0) + matrix.sum(axis=1) - 2 * matrix.diagonal()
        chosen = np.sort(np.argsort(-wrong, kind="stable")[:SIGNS])
        caption += (
            f" Of {len(signs)} signs the {SIGNS} with the most mistakes, and only what was "
            "confused among them; the CSV has all."
        )
    shown, names = matrix[np.ix_(chosen, chosen)], [signs[i] for i in chosen]
    draw = partial(draw_confusion, matrix=shown, signs=names)
    alt = f"Confusion matrix of {counted(len(names), 'sign')}"
    report.page.picture(report.draw("confusion", draw, alt), alt, caption)
    rows: list[list[Entry]] = [
        [sign, *row.tolist()] for sign, row in zip(signs, matrix, strict=True)
    ]
    report.csv("confusion", ["true / predicted", *signs], rows, "the whole confusion matrix")
    _add_pairs(report, confused_pairs(evaluation.predictions), reader)


def _add_pairs(report: ReportWriter, pairs: Sequence[Pair], reader: FootageReader) -> None:
    if not pairs:
        report.page.text("Every clip was recognised.")
        return
    columns = ["true", "predicted", "clips", "reverse", "share"]
    rows: list[list[Entry]] = [
        [*pair.signs, *pair.counts, Accuracy(pair.share)] for pair in pairs[:LISTED]
    ]
    more = f", the first {LISTED} of {len(pairs)}" if len(pairs) > LISTED else ""
    report.table(
        "confused-pairs",
        columns,
        rows,
        f"The most confused pairs{more}; reverse: the other way round; "
        "share: of the clips of both signs, in per cent",
    )
    for number, pair in enumerate(pairs[:SHOWN], start=1):
        one, other = pair.signs
        below = f"{other}, for comparison"
        clips = [(f"{one}, taken for {other}", pair.mistaken), (below, pair.other)]
        known = [(words, clip, reader.read(clip.clip_id)) for words, clip in clips if clip]
        strips = [(words, clip, strip(film)) for words, clip, film in known if film]
        if not strips:
            continue
        alt = f"Skeletons of {one} and {other}"
        png = titled([(words, picture) for words, _, picture in strips])
        which = "; below ".join(clip.clip_id for _, clip, _ in strips)
        caption = f"{one} and {other}, confused {times(sum(pair.counts))}: {which}"
        name = f"pair-{number}"
        report.page.picture(
            report.draw(name, partial(Path.write_bytes, data=png), alt), alt, caption
        )
