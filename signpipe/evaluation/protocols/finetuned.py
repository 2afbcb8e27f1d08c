"""finetuned: the recogniser of a fine-tuning run."""

from pathlib import Path

import numpy as np

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    figures,
    fingerprint,
    opened,
    seen_in_pretraining,
)
from signpipe.evaluation.protocols.tables import calibrations
from signpipe.model.rejection import Rejection, unknownness
from signpipe.model.stream_classifiers import combine, load_recognizer
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.splits import TRAIN, UNLABELLED
from signpipe.training import training_runs
from signpipe.training.classify import Labelled
from signpipe.training.scoring import score
from signpipe.wording import counted
from signpipe.workspace import Workspace, read_record, sha256_of_values, sha256_while_unchanged


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no recogniser or no clip to score."""
    name = request.run or training_runs.newest_recognizer(workspace)
    source = workspace.run("finetune", name)
    recognizer, card = load_recognizer(source / "recognizer")
    parts = opened(workspace, card.prepare, source)
    clips = split_members(workspace, source, parts, request.split)
    _tell_unscored(workspace, source)
    known = [clip for clip in clips if clip.label in card.signs]
    if not known:
        raise SignpipeError(
            f"no clip of the split {request.split} has a sign that {source} has learned"
        )

    def measured(folder: Path) -> Measured:
        labelled = Labelled.of(known, parts, list(card.signs))
        logits = score(recognizer, parts, labelled.rows, card.encoder.frames)
        signs, rejection = list(card.signs), card.rejection or Rejection()
        said = combine(logits, card.joint_weight)
        *_, (answer, values) = said.items()
        unknown = unknownness(values, rejection.score, rejection.temperature)
        # As predict says it; of the figures only calibration depends on the temperature.
        said = {**said, answer: values / np.float32(rejection.temperature)}
        scored = Scored(known, signs, labelled.labels, said)
        streams, how = figures([scored], request.settings)
        return Measured(
            streams=streams,
            selection=card.trained.get("selection", "unknown"),
            joint_weight=card.joint_weight,
            chosen={"epoch": card.trained["epoch"]} if "epoch" in card.trained else {},
            bootstrap=how,
            calibration=calibrations(scored),
            rejected=float(rejection.rejects(unknown).mean()) if card.rejection else None,
            scored=scored,
        )

    inputs = inputs_now(source, parts, known)
    return Plan(
        protocol="finetuned",
        stage="finetune",
        run=name,
        split=request.split,
        split_from=card.trained.get("split", "unknown"),
        clips=known,
        signs=len(card.signs),
        unknown=len(clips) - len(known),
        seen=seen_in_pretraining(workspace, inputs["encoder"], known),
        data=fingerprint(parts, known),
        settings=request.given("bootstrap", "level"),
        inputs=inputs,
        measure=measured,
    )


def _tell_unscored(workspace: Workspace, source: Path) -> None:
    """Say which labelled clips belong to no split, whichever is scored."""
    drawn = training_runs.read_clip_list(source / "clips.csv")
    labelled = [clip for clip in read_clips(workspace.clips).values() if clip.label]
    usable = [clip for clip in labelled if clip.usable]
    free = sum(not drawn.get(clip.clip_id, clip.split) for clip in usable)
    for count, why in (
        (free, f"without a split, not used by {source.name}; finetune again, or name theirs"),
        (len(labelled) - len(usable), "without landmarks"),
    ):
        if count:
            note(f"left out: {counted(count, 'labelled clip')} {why}")


def inputs_now(source: Path, parts: Parts, known: list[Clip]) -> dict[str, str | None]:
    """Fingerprints of all that the figures of the run `source` on the `known` clips depend on."""
    record = read_record(source)
    return {
        "recognizer": sha256_while_unchanged(source / "recognizer" / "model.safetensors"),
        "card": sha256_while_unchanged(source / "recognizer" / "recognizer.json"),
        "encoder": record["inputs"].get("encoder") if record else None,
        "labels": sha256_of_values(*((c.clip_id, c.label, c.signer) for c in known)),
        "parts": parts.record["inputs"]["keypoints"],
    }


def split_members(workspace: Workspace, source: Path, parts: Parts, split: str) -> list[Clip]:
    """Labelled clips of a split as the fine-tuning run drew it; else as the clip table names it.

    Raises SignpipeError naming the splits there are.
    """
    drawn = training_runs.read_clip_list(source / "clips.csv")
    rows, members, known = parts.rows, [], set()
    for clip in read_clips(workspace.clips).values():
        own = drawn.get(clip.clip_id, clip.split)
        # With few labels, training clips that were left out may have been learned from unlabelled.
        if not clip.label or clip.clip_id not in rows or drawn.get(clip.clip_id) == UNLABELLED:
            continue
        known.add(own)
        # With few labels, training clips that were left out are not train.
        if own == split and (split != TRAIN or clip.clip_id in drawn):
            members.append(clip)
    if not members:
        there = ", ".join(sorted(known - {""}))
        raise SignpipeError(f"no labelled clip has the split {split!r}; there are {there}")
    return members
