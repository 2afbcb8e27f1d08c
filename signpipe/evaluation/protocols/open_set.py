"""open-set: signs are held out of training in turn; are clips of them told from those learned?"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import bootstrap
from signpipe.evaluation.open_set_figures import KNOWN, Asked, open_set
from signpipe.evaluation.open_set_table import write_asked
from signpipe.evaluation.protocols.cells import CellTrainer, Start, find_start
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    averaged,
    figures,
    intervals_of,
)
from signpipe.evaluation.protocols.frozen import Members, members
from signpipe.evaluation.schema import MEASURES, Cell, Figures
from signpipe.model.rejection import SCORE, Rejection, fit_rejection
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.settings import EvaluateSettings
from signpipe.splits import SEED
from signpipe.training import finetune
from signpipe.training.metrics import hits
from signpipe.wording import counted, listed
from signpipe.workspace import Workspace

FEWEST = 3  # signs: one is held out, of two one is named


@dataclass(frozen=True)
class Chosen:
    """Clips of signs, and `idle` ones, which show none and are never learned from."""

    of_signs: Members
    idle: list[Clip]

    @property
    def used(self) -> list[Clip]:
        """Every clip that has a say in the result, once."""
        return self.of_signs.used + self.idle


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there are fewer than three signs, or no clip to score."""
    start = find_start(workspace, request, scratch=request.from_scratch)
    asked = request.settings
    chosen = choose(workspace, start.parts, request.split, asked.idle)
    of_signs = chosen.of_signs
    folds = folded(of_signs, asked.folds)
    pool = start.unlabelled(workspace, chosen.used)
    return start.plan(
        workspace,
        request,
        ("folds", "kept", "idle", "bootstrap", "level"),
        chosen.used + pool,
        of_signs.scored,
        protocol="open-set",
        split=request.split,
        split_from=f"{counted(len(folds), 'fold')} of signs; {of_signs.how}",
        signs=len(of_signs.signs),
        unknown=of_signs.unknown,
        measure=lambda folder: _measure(workspace, request, start, chosen, folds, pool, folder),
        headline="clips of the signs that a fold has learned, those of all folds together",
    )


def choose(workspace: Workspace, parts: Parts, split: str, idle: str) -> Chosen:
    """The clips that have a say; those with the label `idle` whatever their split is."""
    rows = [clip for clip in read_clips(workspace.clips).values() if clip.clip_id in parts.rows]
    still = sorted(
        (clip for clip in rows if clip.usable and idle and clip.label == idle),
        key=lambda clip: clip.clip_id,
    )
    found = members(workspace, parts, split)

    def without(clips: list[Clip]) -> list[Clip]:
        return [clip for clip in clips if clip.label != idle]

    of_signs = replace(
        found,
        signs=[sign for sign in found.signs if sign != idle],
        train=without(found.train),
        val=without(found.val),
        scored=without(found.scored),
    )
    return Chosen(of_signs, still)


def folded(chosen: Members, most: int) -> list[list[str]]:
    """The signs that are held out together, of which each fold has a clip to score.

    At most `most` folds, 0: each sign by itself. Raises SignpipeError with fewer than three signs.
    """
    signs = sorted({clip.label for clip in chosen.scored})
    if len(signs) < 2 or len(chosen.signs) < FEWEST:
        raise SignpipeError(
            f"open-set needs {FEWEST} signs that are learned and two of them to score; "
            f"there are {len(chosen.signs)} and {len(signs)}: label more clips"
        )
    shuffled = [signs[i] for i in np.random.default_rng(SEED).permutation(len(signs))]
    count = min(most or len(signs), len(signs))
    if len(chosen.signs) - -(-len(signs) // count) < 2:  # two have to be left
        count = len(signs)
    return [sorted(shuffled[number::count]) for number in range(count)]


def _measure(
    workspace: Workspace,
    request: Request,
    start: Start,
    chosen: Chosen,
    folds: Sequence[Sequence[str]],
    pool: list[Clip],
    folder: Path,
) -> Measured:
    of_signs, asked = chosen.of_signs, request.settings
    trainer = CellTrainer(workspace, start.parts, of_signs.how, folder)
    cells: list[Cell] = []
    each: list[Asked] = []
    known: list[Scored] = []
    for number, held_out in enumerate(folds):
        names = listed(held_out, len(held_out))
        note(f"open-set: {number + 1} of {len(folds)}, without {names}")
        train, val = (
            [c for c in of if c.label not in held_out] for of in (of_signs.train, of_signs.val)
        )
        graph = partial(start.graph, train, pool)
        # Val before the others: by it the fold chooses its threshold, as finetune does.
        clips = list({clip.clip_id: clip for clip in val + of_signs.scored + chosen.idle}.values())
        scored, weight = trainer.cell(
            str(number), start.settings, train + val, clips, start.backbone, graph
        )
        chosen_by = scored.final[: len(val)], scored.labels[: len(val)]
        rejection = fit_rejection(*chosen_by) if val else Rejection(score=SCORE)
        wanted = {clip.clip_id for clip in of_signs.scored + chosen.idle}
        whole = _only(scored, np.array([clip.clip_id in wanted for clip in clips]))
        kinds = np.array([_kind(clip, scored.signs, asked.idle) for clip in whole.clips])
        logits = whole.final.astype(np.float64)
        each.append(Asked(number, scored.signs, whole.clips, kinds, logits, rejection))
        known.append(_only(whole, whole.labels >= 0))
        cells.append(
            Cell(
                of={"fold": number, "signs": ", ".join(held_out)},
                clips=len(known[-1].clips),
                streams=figures(known[-1:], asked)[0],
                joint_weight=weight,
                trained_on=len(train),
            )
        )
    found, how = open_set(each, asked)
    write_asked(folder, each)
    streams = {
        stream: _of_all(known, stream, [cell.streams[stream] for cell in cells], asked)
        for stream in cells[0].streams
    }
    return Measured(
        streams=streams,
        selection=finetune.selection(start.settings, bool(of_signs.val))
        + f"; temperature and threshold likewise: {found.score}",
        bootstrap=how,
        cells=cells,
        open_set=found,
    )


def _of_all(
    folds: Sequence[Scored], stream: str, each: Sequence[Figures], settings: EvaluateSettings
) -> Figures:
    """The accuracy on the known clips of all folds, and as spread that of `each` fold.

    A clip is known to all folds but one: intervals take it as one clip, right in a share of them.
    """
    clips = {clip.clip_id: clip for fold in folds for clip in fold.clips}
    number = {clip_id: place for place, clip_id in enumerate(clips)}
    rows = np.concatenate([[number[clip.clip_id] for clip in fold.clips] for fold in folds])
    right = np.concatenate(
        [[hits(fold.logits[stream], fold.labels, k) for k in (1, 5)] for fold in folds], axis=1
    )
    share = np.stack([np.bincount(rows, row) for row in right]) / np.bincount(rows)
    labels = np.unique([clip.label for clip in clips.values()], return_inverse=True)[1]
    top1, top5 = share.mean(axis=1)
    of_signs = (np.bincount(labels, row) / np.bincount(labels) for row in share)
    mean_class, mean_class_top5 = (float(row.mean()) for row in of_signs)
    drawn = bootstrap.units([clip.signer for clip in clips.values()])
    return Figures(
        top1=float(top1),
        top5=float(top5),
        mean_class=mean_class,
        mean_class_top5=mean_class_top5,
        intervals=dict(zip(MEASURES, intervals_of(share, labels, drawn, settings), strict=True)),
        spread=averaged(each).spread,
    )


def _kind(clip: Clip, signs: Sequence[str], idle: str) -> str:
    return KNOWN if clip.label in signs else "idle" if clip.label == idle else "other signs"


def _only(scored: Scored, wanted: NDArray[np.bool_]) -> Scored:
    """Some of the clips."""
    clips = [clip for clip, keep in zip(scored.clips, wanted, strict=True) if keep]
    logits = {stream: values[wanted] for stream, values in scored.logits.items()}
    return Scored(clips, scored.signs, scored.labels[wanted], logits)
