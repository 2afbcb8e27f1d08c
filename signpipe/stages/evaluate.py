"""evaluate: how often a recogniser is right on a named split, for joint, motion and both."""

import csv
import io
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.model.recognizer import STREAMS, Card, combine, load_recognizer
from signpipe.parts.store import Parts, open_parts
from signpipe.report.confusion import draw_confusion
from signpipe.splits import TRAIN, VAL
from signpipe.stages import prepare, runs
from signpipe.stages.finetune import Labelled
from signpipe.training.metrics import confusion, measure
from signpipe.training.scoring import score
from signpipe.workspace import (
    Workspace,
    read_json,
    read_record,
    sha256_of_file,
    sha256_of_values,
    write_json,
    write_text,
)


@dataclass(frozen=True)
class EvaluateResult:
    """`metrics` is what metrics.json holds."""

    folder: Path
    metrics: dict[str, Any]
    already: bool


def run(
    workspace: Workspace, *, split: str = VAL, run: str | None = None, redo: bool = False
) -> EvaluateResult:
    """Score the recogniser of a fine-tuning run (default: the newest) on `split`.

    Writes metrics.json, predictions.csv, confusion.csv and confusion.png to
    `evaluate/<run>-<split>/`. Raises SignpipeError if there is no recogniser or no clip to score.
    """
    name = run or newest_run(workspace)
    source = workspace.run("finetune", name)
    recognizer, card = load_recognizer(source / "recognizer")
    prepare.run(workspace)
    parts = open_parts(workspace.parts)
    if card.prepare.model_dump(mode="json") != parts.record["settings"]:
        raise SignpipeError(
            f"{source} was trained on keypoints prepared otherwise than {workspace.parts}; "
            "prepare with its settings (they stand in recognizer.json), or fine-tune again"
        )
    clips = split_members(workspace, source, parts, split)
    scored = [clip for clip in clips if clip.label in card.signs]
    if not scored:
        raise SignpipeError(f"no clip of the split {split} has a sign that {source} has learned")
    folder = workspace.run("evaluate", f"{name}-{re.sub('[^A-Za-z0-9._-]', '_', split)}")
    inputs = {
        "recognizer": sha256_of_file(source / "recognizer" / "model.safetensors"),
        "card": sha256_of_file(source / "recognizer" / "recognizer.json"),
        "labels": sha256_of_values(*((clip.clip_id, clip.label, clip.signer) for clip in scored)),
        "parts": parts.record["inputs"]["keypoints"],
    }
    path = folder / "metrics.json"
    if path.exists() and not redo:
        metrics = read_json(path)
        if metrics.get("inputs") == inputs:
            return EvaluateResult(folder, metrics, already=True)
    labelled = Labelled.of(scored, parts, list(card.signs))
    logits = combine(
        score(recognizer, parts, labelled.rows, card.encoder.frames), card.joint_weight
    )
    metrics = {
        "split": split,
        "run": name,
        "clips": len(scored),
        "signers": sorted({clip.signer for clip in scored}),
        "streams": {stream: measure(logits[stream], labelled.labels) for stream in STREAMS},
        "averages": "top1 and top5 over clips; mean_class is top1 averaged over signs",
        "signs": len(card.signs),
        "signs_scored": len({clip.label for clip in scored}),
        "clips_of_unknown_signs": len(clips) - len(scored),
        "clips_seen_in_pretraining": _seen_in_pretraining(workspace, source, scored),
        "joint_weight": card.joint_weight,
        "selection": card.trained.get("selection", "unknown"),
        "split_from": card.trained.get("split", "unknown"),
        "inputs": inputs,
    }
    _write_tables(folder, scored, card, logits, labelled)
    write_json(path, metrics)  # last: its presence says that the rest is whole
    return EvaluateResult(folder, metrics, already=False)


def newest_run(workspace: Workspace) -> str:
    """The newest finished fine-tuning run. Raises SignpipeError if there is none."""
    for name in workspace.runs("finetune"):
        if (workspace.run("finetune", name) / "recognizer" / "recognizer.json").exists():
            return name
    raise SignpipeError(f"{workspace.root} has no recogniser yet; run `signpipe finetune` first")


def split_members(workspace: Workspace, source: Path, parts: Parts, split: str) -> list[Clip]:
    """Labelled clips of a split as the fine-tuning run drew it; else as the clip table names it.

    Raises SignpipeError naming the splits there are.
    """
    drawn = runs.read_clip_list(source / "clips.csv")
    table = read_clips(workspace.clips).values()
    labelled = [clip for clip in table if clip.label and clip.clip_id in parts.rows]
    members = [c for c in labelled if drawn.get(c.clip_id, c.split) == split]
    if split == TRAIN:  # with few labels, training clips that were left out are not train
        members = [clip for clip in members if clip.clip_id in drawn]
    if not members:
        known = sorted({drawn.get(clip.clip_id, clip.split) for clip in labelled} - {""})
        there = ", ".join(known)
        raise SignpipeError(f"no labelled clip has the split {split!r}; there are {there}")
    return members


def _seen_in_pretraining(workspace: Workspace, source: Path, clips: list[Clip]) -> int | None:
    """How many of the clips the encoder was pretrained on; None if that is not known here."""
    record = read_record(source)
    wanted = record["inputs"].get("encoder") if record else None
    if wanted is None:
        return 0
    for name in workspace.runs("pretrain"):
        folder = workspace.run("pretrain", name)
        encoder = folder / "encoder.safetensors"
        if encoder.exists() and sha256_of_file(encoder) == wanted:
            pool = runs.read_clip_list(folder / "clips.csv")
            return sum(clip.clip_id in pool for clip in clips)
    return None


def _write_tables(
    folder: Path,
    clips: list[Clip],
    card: Card,
    logits: dict[str, NDArray[np.float32]],
    labelled: Labelled,
) -> None:
    matrix = confusion(logits["both"], labelled.labels)
    # Signs that were neither made nor named would only be empty rows.
    used = np.flatnonzero(matrix.sum(axis=0) + matrix.sum(axis=1))
    signs = [card.signs[i] for i in used]
    matrix = matrix[np.ix_(used, used)]
    table = [["made \\ named", *signs]]
    table += [[sign, *map(str, row)] for sign, row in zip(signs, matrix, strict=True)]
    _write_csv(folder / "confusion.csv", table)
    draw_confusion(folder / "confusion.png", matrix, signs)
    rows = [["clip_id", "signer", "label", *STREAMS, "probability", "second", "third"]]
    for i, clip in enumerate(clips):
        named = [card.signs[int(logits[stream][i].argmax())] for stream in STREAMS]
        shifted = np.exp(logits["both"][i] - logits["both"][i].max())
        order = np.argsort(-logits["both"][i], kind="stable")
        others = [card.signs[j] for j in order[1:3]] + [""] * (3 - min(3, len(order)))
        share = shifted[order[0]] / shifted.sum()
        rows.append([clip.clip_id, clip.signer, clip.label, *named, f"{share:.4f}", *others])
    _write_csv(folder / "predictions.csv", rows)


def _write_csv(path: Path, rows: list[list[str]]) -> None:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    write_text(path, text.getvalue())
