"""status: what is done, stale or missing in a workspace, and the command that comes next."""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe.cliptable import USABLE, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import read_outcomes
from signpipe.parts.prepare import recorded_settings, usable_outcomes, wanted_record
from signpipe.parts.store import read_parts_record
from signpipe.settings import PrepareSettings, under_new_names
from signpipe.splits import fingerprint, labelled_clips, learnable
from signpipe.training.encoders import ENCODER
from signpipe.workspace import Workspace, differences, read_json, read_record, sha256_of_file

DONE, STALE, MISSING, UNFINISHED = "done", "stale", "missing", "unfinished"


@dataclass(frozen=True)
class StageStatus:
    """`state` is done, stale (its inputs changed since), unfinished or missing."""

    stage: str
    name: str
    state: str
    detail: str


@dataclass(frozen=True)
class Status:
    """One entry for every stage or run, in the pipeline's order, and the next command."""

    stages: tuple[StageStatus, ...]
    next: str


def run(workspace: Workspace) -> Status:
    """Look at a workspace; changes nothing. Raises SignpipeError if one of its files is damaged."""
    stages = [_extract(workspace)]
    if stages[0].state == MISSING:
        return Status((stages[0],), _next([stages[0]]))
    stages.append(_prepare(workspace))
    keypoints = _keypoints_now(workspace)
    for stage, finished in (
        ("pretrain", ENCODER),
        ("finetune", "recognizer/recognizer.json"),
    ):
        stages += _runs(workspace, stage, finished, keypoints)
    stages += _evaluations(workspace)
    return Status(tuple(stages), _next(stages))


def _extract(workspace: Workspace) -> StageStatus:
    table = read_clips(workspace.clips)
    clips = table.values()
    behind = len(read_outcomes(workspace.outcomes).keys() - table.keys())
    left_out = f"; {behind} more are not in the clip table, extract adds them" if behind else ""
    if not clips and behind:
        detail = f"cut short: {behind} finished clips are not in the clip table; run it again"
        return StageStatus("extract", "keypoints", MISSING, detail)
    if not clips:
        return StageStatus("extract", "keypoints", MISSING, "no clips yet")
    counts = Counter(clip.status for clip in clips)
    usable = [clip for clip in clips if clip.status in USABLE]
    signs = {clip.label for clip in usable if clip.label}
    signers = {clip.signer for clip in usable if clip.signer}
    by_status = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    detail = (
        f"{len(clips)} clips: {by_status}; {sum(bool(clip.label) for clip in usable)} labelled "
        f"with {len(signs)} signs, {len(signers)} signers{left_out}"
    )
    return StageStatus("extract", "keypoints", DONE if usable else MISSING, detail)


def _prepare(workspace: Workspace) -> StageStatus:
    record = read_parts_record(workspace.parts)
    if record is None:
        return StageStatus("prepare", "parts.h5", MISSING, "made by itself when it is needed")
    detail = f"{record['inputs']['clips']} clips"
    try:
        settings = recorded_settings(record)
    except SignpipeError as error:
        return StageStatus("prepare", "parts.h5", STALE, f"{detail}; {error}")
    found = differences(record, wanted_record(usable_outcomes(workspace), settings))
    if found:
        changed = "; ".join(found).replace("inputs.", "")
        return StageStatus("prepare", "parts.h5", STALE, f"{detail}; {changed}")
    return StageStatus("prepare", "parts.h5", DONE, detail)


def _keypoints_now(workspace: Workspace) -> str | None:
    outcomes = usable_outcomes(workspace)
    if not outcomes:
        return None
    fingerprint: str = wanted_record(outcomes, PrepareSettings())["inputs"]["keypoints"]
    return fingerprint


def _runs(
    workspace: Workspace, stage: str, finished: str, keypoints: str | None
) -> list[StageStatus]:
    names = workspace.runs(stage)
    if not names:
        return [StageStatus(stage, "", MISSING, "")]
    found = []
    for name in names:
        folder = workspace.run(stage, name)
        record = read_record(folder) or {}
        settings = record.get("settings", {})
        detail = f"{settings.get('epochs', '?')} epochs"
        if not (folder / finished).exists():
            state = UNFINISHED
        else:
            changed = _changed(workspace, record, keypoints)
            state, detail = (STALE, f"{detail}; {changed} since") if changed else (DONE, detail)
        found.append(StageStatus(stage, name, state, detail))
    return found


def _changed(workspace: Workspace, record: dict[str, Any], keypoints: str | None) -> str:
    """What a finished run's inputs no longer agree with, in words; "" if nothing."""
    inputs, settings = record.get("inputs", {}), record.get("settings", {})
    parts = read_parts_record(workspace.parts)
    if inputs.get("parts") != keypoints:
        return "clips were added or changed"
    if parts and under_new_names(inputs.get("prepare") or {}) != parts["settings"]:
        return "prepare's settings were changed"
    began_from = record.get("began_from")
    if began_from and _made_again(workspace.root / began_from["file"], began_from["sha256"]):
        return f"the encoder {began_from['file']} was made again"
    if "labels" in inputs:
        table = read_clips(workspace.clips).values()
        try:
            seed, per_sign = settings.get("seed", 0), settings.get("labels_per_sign")
            clips, _ = labelled_clips(table, per_sign, seed)
            now = fingerprint(learnable(clips))
        except SignpipeError:
            now = ""
        if now != inputs["labels"]:
            return "labels or splits were changed"
    return ""


def _made_again(file: Path, sha256: str) -> bool:
    """Whether another file is there now; one that is gone, or elsewhere, says nothing."""
    return file.exists() and sha256_of_file(file) != sha256


def _evaluations(workspace: Workspace) -> list[StageStatus]:
    paths = sorted((workspace.root / "evaluate").glob("[!.]*/metrics.json"))
    if not paths:
        return [StageStatus("evaluate", "", MISSING, "")]
    found = []
    for path in paths:
        metrics = read_json(path)
        try:
            *_, answer = metrics["streams"].values()  # both, or the only stream
            detail = (
                f"{metrics['split']}: top-1 {answer['top1']:.1%}, "
                f"mean-class {answer['mean_class']:.1%}"
            )
            state = DONE if _still_there(workspace, metrics) else STALE
        except (KeyError, TypeError, ValueError) as error:
            raise SignpipeError(f"{path} is no result of evaluate: {error}") from error
        found.append(StageStatus("evaluate", path.parent.name, state, detail))
    return found


def _still_there(workspace: Workspace, metrics: dict[str, Any]) -> bool:
    """Whether the weights that were scored are still those in the workspace."""
    inputs = metrics["inputs"]
    match metrics.get("stage", "finetune"):
        case "finetune":
            folder = workspace.run("finetune", metrics["run"])
            weights = [folder / "recognizer" / "model.safetensors"]
            scored = inputs["recognizer"]
        case "pretrain":
            weights = [workspace.run("pretrain", n) / ENCODER for n in workspace.runs("pretrain")]
            scored = inputs["encoder"]
        case _:  # nothing of this workspace
            return True
    return any(file.exists() and sha256_of_file(file) == scored for file in weights)


def _next(stages: list[StageStatus]) -> str:
    if any(entry.stage == "extract" and entry.state == MISSING for entry in stages):
        return "extract VIDEOS"
    for stage in ("pretrain", "finetune", "evaluate"):
        runs = [entry for entry in stages if entry.stage == stage]
        if any(entry.state == DONE for entry in runs):
            continue
        begun = [entry for entry in runs if entry.state in (STALE, UNFINISHED)]
        if not begun or stage == "evaluate":
            return stage
        name, redo = begun[0].name, " --redo" if begun[0].state == STALE else ""
        named = {"default": "", "scratch": " --from-scratch"}.get(name, f" --run {name}")
        return f"{stage}{redo}{named}"
    return "predict CLIP"
