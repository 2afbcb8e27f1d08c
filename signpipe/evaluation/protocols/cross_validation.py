"""cross-validation: of few clips some are left out in turn, and named by a recogniser without them.

It stands in for a split that few clips leave empty. Signers are left out where several are known;
else, or where nobody else makes their signs, one clip of each sign that has more.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from sklearn.model_selection import GroupKFold

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols.cells import CellTrainer, Start
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    figures,
    opened,
    table,
    together,
)
from signpipe.evaluation.protocols.tables import calibrations
from signpipe.evaluation.schema import Cell
from signpipe.model.recognizer_card import read_card
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.settings import FinetuneSettings, under_new_names
from signpipe.splits import SEED, TEST, TRAIN, UNLABELLED, VAL
from signpipe.training import finetune, training_runs
from signpipe.training.pseudo_labels import NeighbourGraph
from signpipe.wording import counted
from signpipe.workspace import Workspace, read_record, sha256_of_file

BY_SIGNER, BY_CLIP = "signers left out in turn", "a clip of every sign left out in turn"
Fold = tuple[list[Clip], list[Clip]]  # held out and of a sign that the others have; the others


class NothingToScore(SignpipeError):
    """Not one clip can be left out, so that no accuracy can be known."""


def stands_in(workspace: Workspace, request: Request) -> bool:
    """Whether the split asked for is empty since clips are few, not since nobody gave it."""
    if request.split not in (TEST, VAL):
        return False
    labelled = [clip for clip in read_clips(workspace.clips).values() if clip.label and clip.usable]
    if any(clip.split not in ("", UNLABELLED) for clip in labelled):
        return False
    source = workspace.run("finetune", request.run or training_runs.newest_recognizer(workspace))
    signs = set(read_card(source / "recognizer").signs)
    drawn = training_runs.read_clip_list(source / "clips.csv")
    return not any(
        drawn.get(clip.clip_id) == request.split and clip.label in signs for clip in labelled
    )


def plan(workspace: Workspace, request: Request) -> Plan:
    """Fine-tunes as the run did that was asked for, or the newest, from the same encoder.

    Raises SignpipeError if that encoder is gone, and NothingToScore if no clip can be left out.
    """
    name = request.run or training_runs.newest_recognizer(workspace)
    source = workspace.run("finetune", name)
    start = _as_begun(workspace, source, name)
    clips = members(workspace, start.parts)
    folds, how = folded(clips, request.settings.folds)
    if not folds:
        raise NothingToScore(_what_is_known(clips))
    scored = [clip for held_out, _ in folds for clip in held_out]
    pool = start.unlabelled(workspace, clips)
    inputs = {
        "recognizer": sha256_of_file(source / "recognizer" / "model.safetensors"),
        "card": sha256_of_file(source / "recognizer" / "recognizer.json"),
    }
    found = start.plan(
        workspace,
        request,
        ("folds", "bootstrap", "level"),
        clips + pool,
        scored,
        protocol="cross-validation",
        split="+".join(s for s in (TRAIN, VAL, TEST) if any(c.split == s for c in clips)),
        split_from=f"{counted(len(folds), 'fold')}: {how}",
        signs=len({clip.label for clip in clips}),
        unknown=len(clips) - len(scored),
        inputs=inputs,
        measure=partial(_measure, workspace, request, start, folds, how, pool),
        headline=f"{how}, each named by a recogniser that was fine-tuned as {name} without it",
    )
    return replace(found, stage="finetune")


def members(workspace: Workspace, parts: Parts) -> list[Clip]:
    """The labelled clips, whichever split they were drawn for; of given ones train and val."""
    clips, how = table(workspace, parts)
    wanted = (TRAIN, VAL) if how.startswith("as given") else (TRAIN, VAL, TEST)
    return [clip for clip in clips if clip.split in wanted]


def _as_begun(workspace: Workspace, source: Path, name: str) -> Start:
    """What the run began from."""
    card, record = read_card(source / "recognizer"), read_record(source) or {}
    settings = FinetuneSettings.model_validate(
        {**under_new_names(record["settings"]), "encoder": card.encoder}
    )
    parts = opened(workspace, card.prepare, source)
    began_from = record.get("began_from")
    if not began_from:
        return Start(None, settings, parts, None, name)
    path = workspace.root / began_from["file"]
    if not path.exists() or sha256_of_file(path) != began_from["sha256"]:
        raise SignpipeError(
            f"the encoder {path} that {source} began from is gone or was made again; run "
            "`signpipe finetune` again first"
        )
    return Start(path, settings, parts, "pretrain", name)


def folded(clips: Sequence[Clip], most: int) -> tuple[list[Fold], str]:
    """At most `most` folds (0: no limit), and what is left out in each; none if nothing can be."""
    signers = [clip.signer for clip in clips]
    if "" not in signers and len(set(signers)) > 1:
        count = min(most or len(signers), len(set(signers)))
        parted = GroupKFold(count).split(clips, groups=signers)
        folds = [_fold(clips, held_out) for _, held_out in parted]
        if any(held_out for held_out, _ in folds):
            return [fold for fold in folds if fold[0]], BY_SIGNER
    by_sign: dict[str, list[int]] = defaultdict(list)
    for place in np.random.default_rng(SEED).permutation(len(clips)).tolist():
        by_sign[clips[place].label].append(place)
    several = [own for own in by_sign.values() if len(own) > 1]
    count = min(most or len(clips), max(map(len, several), default=0))
    # A sign's last clip falls to another fold than its first, so that one is always learned from.
    folds = [_fold(clips, [i for own in several for i in own[n::count]]) for n in range(count)]
    return [fold for fold in folds if fold[0]], BY_CLIP


def _fold(clips: Sequence[Clip], held_out: Iterable[int]) -> Fold:
    out = set(map(int, held_out))
    others = [replace(clip, split=TRAIN) for place, clip in enumerate(clips) if place not in out]
    known = {clip.label for clip in others}
    if len(known) < 2:
        return [], others
    return [clips[place] for place in sorted(out) if clips[place].label in known], others


def _what_is_known(clips: Sequence[Clip]) -> str:
    signs = len({clip.label for clip in clips})
    return (
        f"how often it is right cannot be known: {counted(len(clips), 'clip')} of "
        f"{counted(signs, 'sign')} leave none to try it on (by chance 1 of {signs} would be "
        "right); record each sign once more, best by another person, and extract again"
    )


def _measure(
    workspace: Workspace,
    request: Request,
    start: Start,
    folds: Sequence[Fold],
    how: str,
    pool: list[Clip],
    folder: Path,
) -> Measured:
    trainer = CellTrainer(workspace, start.parts, how, folder)
    cells: list[Cell] = []
    each: list[Scored] = []
    for number, (held_out, others) in enumerate(folds):
        note(f"cross-validation: {number + 1} of {len(folds)}, {how}")
        graph = partial(_graph, start, pool, held_out, others, how)
        began = (start.backbone, graph)
        scored, weight = trainer.cell(str(number), start.settings, others, held_out, *began)
        each.append(scored)
        cells.append(
            Cell(
                of={"fold": number},
                clips=len(held_out),
                streams=figures([scored], request.settings)[0],
                joint_weight=weight,
                trained_on=len(others),
            )
        )
    whole = together(each, sorted({clip.label for fold in folds for c in fold for clip in c}))
    streams, drawn = figures([whole], request.settings)
    return Measured(
        streams=streams,
        selection=finetune.selection(start.settings, False),
        bootstrap=drawn,
        calibration=calibrations(whole),
        cells=cells,
        scored=whole,
    )


def _graph(
    start: Start, pool: list[Clip], held_out: list[Clip], others: list[Clip], how: str
) -> NeighbourGraph | None:
    """A fold's clips and the unlabelled ones, but of no signer who is left out."""
    hidden = {"", *(clip.signer for clip in held_out)} if how == BY_SIGNER else set()
    return start.graph(others, [clip for clip in pool if clip.signer not in hidden])
