"""cross-signer: every signer in turn is held out, alone or in a group, and named by the others."""

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

from sklearn.model_selection import GroupKFold

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols.cells import CellTrainer, Start, find_start
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    Seen,
    figures,
    of_split,
    table,
    together,
)
from signpipe.evaluation.protocols.tables import calibrations
from signpipe.evaluation.schema import Cell
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.splits import TRAIN, VAL, learnable, split_clips
from signpipe.training import finetune
from signpipe.training.pseudo_labels import NeighbourGraph
from signpipe.workspace import Workspace

Fold = tuple[list[Clip], list[Clip]]  # held out and of a sign that the others make; the others


def plan(workspace: Workspace, request: Request) -> Plan:
    """Rotates over the signers of train, val and the split asked for.

    Raises SignpipeError if signers are unknown, or fewer than three.
    """
    start = find_start(workspace, request, scratch=request.from_scratch)
    splits = list(dict.fromkeys((TRAIN, VAL, request.split)))
    clips = members(workspace, start.parts, splits)
    folds = list(_folds(clips, request.settings.folds))
    scored = [clip for held_out, _ in folds for clip in held_out]
    # Also those that nobody is asked about: they can be named all the same.
    signs = sorted({clip.label for fold in folds for clips_of in fold for clip in clips_of})
    pool = start.unlabelled(workspace, clips)
    found = start.plan(
        workspace,
        request,
        ("folds", "bootstrap", "level"),
        clips + pool,
        scored,
        protocol="cross-signer",
        split="+".join(splits),
        split_from=f"{len(folds)} folds by signer; each takes val from the others by signer",
        signs=len(signs),
        unknown=len(clips) - len(scored),
        measure=lambda folder: _measure(workspace, request, start, folds, pool, signs, folder),
        both="mean of the streams' logits, joint weighed by its fold's joint_weight",
    )
    return replace(found, headline=_headline(start, found.seen, {clip.signer for clip in scored}))


def members(workspace: Workspace, parts: Parts, splits: Sequence[str]) -> list[Clip]:
    """The labelled clips of all splits that take turns. Raises SignpipeError without the last."""
    clips, _ = table(workspace, parts)
    of_split(clips, splits[-1])
    return [clip for clip in clips if clip.split in splits]


def _headline(start: Start, seen: Seen | None, signers: set[str]) -> str:
    """What the figures are; whose clips the encoder has seen is no small print."""
    whole = "every clip named once, by a recogniser fine-tuned without its signer"
    if start.backbone is None:
        return whole
    if seen is None:
        return f"{whole}; whether the encoder has seen the signers is not known here"
    if not seen.signers:
        return f"{whole}, whom the encoder has not seen either"
    return (
        f"{whole}; the encoder was pretrained on clips of {len(seen.signers)} of these "
        f"{len(signers)} signers, without labels, so for them this is not signer-independent"
    )


def _folds(clips: list[Clip], folds: int) -> Sequence[Fold]:
    signers = [clip.signer for clip in clips]
    if "" in signers or len(set(signers)) < 3:
        raise SignpipeError(
            "cross-signer needs every labelled clip's signer, and at least three of them; write "
            "them into the column signer of the clip table"
        )
    count = min(folds, len(set(signers))) or len(set(signers))
    found = []
    for rest, held_out in GroupKFold(count).split(clips, groups=signers):
        # All of train: the split then takes val from it by signer.
        others = [replace(clips[i], split=TRAIN) for i in rest]
        of = split_clips(others).of
        others = learnable([replace(clip, split=of[clip.clip_id]) for clip in others])
        known = {clip.label for clip in others}
        found.append(([clips[i] for i in held_out if clips[i].label in known], others))
    return [fold for fold in found if fold[0]]


def _measure(
    workspace: Workspace,
    request: Request,
    start: Start,
    folds: Sequence[Fold],
    pool: list[Clip],
    signs: list[str],
    folder: Path,
) -> Measured:
    trainer = CellTrainer(workspace, start.parts, "by signer", folder)
    cells: list[Cell] = []
    each: list[Scored] = []
    for number, (held_out, others) in enumerate(folds):
        names = ", ".join(sorted({clip.signer for clip in held_out}))
        note(f"cross-signer: {number + 1} of {len(folds)}, without {names}")
        began = (start.backbone, partial(_graph, start, pool, held_out, others))
        scored, weight = trainer.cell(str(number), start.settings, others, held_out, *began)
        each.append(scored)
        cells.append(
            Cell(
                of={"fold": number, "signers": names},
                clips=len(held_out),
                streams=figures([scored], request.settings)[0],
                joint_weight=weight,
                trained_on=sum(clip.split == TRAIN for clip in others),
            )
        )
    whole = together(each, signs)
    streams, how = figures([whole], request.settings)
    return Measured(
        streams=streams,
        selection=finetune.selection(start.settings, True)
        + "; val being other signers of the fold",
        bootstrap=how,
        calibration=calibrations(whole),
        cells=cells,
        scored=whole,
    )


def _graph(
    start: Start, pool: list[Clip], held_out: list[Clip], others: list[Clip]
) -> NeighbourGraph | None:
    """A fold's training clips, and the unlabelled ones that no signer can have made who is asked.

    Nor any signer by whom the fold chooses; a clip of an unknown signer may be anybody's.
    """
    own = [clip for clip in others if clip.split == TRAIN]
    choosing = [clip for clip in others if clip.split == VAL]
    hidden = {"", *(clip.signer for clip in held_out + choosing)}
    return start.graph(own, [clip for clip in pool if clip.signer not in hidden])
