"""status: what is done, stale or missing in a workspace, and the command that comes next."""

from collections import Counter
from dataclasses import dataclass

from signpipe.cliptable import USABLE, read_clips
from signpipe.errors import SignpipeError
from signpipe.parts.store import read_parts_record
from signpipe.settings import PrepareSettings
from signpipe.stages.prepare import usable_outcomes, wanted_record
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
    stages = [_extract(workspace), _prepare(workspace)]
    keypoints = _keypoints_now(workspace)
    for stage, finished in (
        ("pretrain", "encoder.safetensors"),
        ("finetune", "recognizer/recognizer.json"),
    ):
        stages += _runs(workspace, stage, finished, keypoints)
    stages += _evaluations(workspace)
    return Status(tuple(stages), _next(stages))


def _extract(workspace: Workspace) -> StageStatus:
    clips = read_clips(workspace.clips).values()
    if not clips:
        return StageStatus("extract", "keypoints", MISSING, "no clips yet")
    counts = Counter(clip.status for clip in clips)
    usable = [clip for clip in clips if clip.status in USABLE]
    signs = {clip.label for clip in usable if clip.label}
    signers = {clip.signer for clip in usable if clip.signer}
    by_status = ", ".join(f"{count} {status}" for status, count in counts.most_common())
    detail = (
        f"{len(clips)} clips: {by_status}; {sum(bool(clip.label) for clip in usable)} labelled "
        f"with {len(signs)} signs, {len(signers)} signers"
    )
    return StageStatus("extract", "keypoints", DONE if usable else MISSING, detail)


def _prepare(workspace: Workspace) -> StageStatus:
    record = read_parts_record(workspace.parts)
    if record is None:
        return StageStatus("prepare", "parts.h5", MISSING, "made by itself when it is needed")
    settings = PrepareSettings.model_validate(record["settings"])
    found = differences(record, wanted_record(usable_outcomes(workspace), settings))
    detail = f"{record['inputs']['clips']} clips"
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
        elif record.get("inputs", {}).get("parts") != keypoints:
            state, detail = STALE, f"{detail}; clips were added or changed since"
        else:
            state = DONE
        found.append(StageStatus(stage, name, state, detail))
    return found


def _evaluations(workspace: Workspace) -> list[StageStatus]:
    paths = sorted((workspace.root / "evaluate").glob("*/metrics.json"))
    if not paths:
        return [StageStatus("evaluate", "", MISSING, "")]
    found = []
    for path in paths:
        metrics = read_json(path)
        try:
            both = metrics["streams"]["both"]
            detail = (
                f"{metrics['split']}: top-1 {both['top1']:.1%}, mean-class {both['mean_class']:.1%}"
            )
            model = workspace.run("finetune", metrics["run"]) / "recognizer" / "model.safetensors"
            now = sha256_of_file(model) if model.exists() else None
            state = DONE if metrics["inputs"]["recognizer"] == now else STALE
        except (KeyError, TypeError, ValueError) as error:
            raise SignpipeError(f"{path} is no result of evaluate: {error}") from error
        found.append(StageStatus("evaluate", path.parent.name, state, detail))
    return found


def _next(stages: list[StageStatus]) -> str:
    def any_is(stage: str, *states: str) -> bool:
        return any(entry.stage == stage and entry.state in states for entry in stages)

    if any_is("extract", MISSING):
        return "extract VIDEOS"
    if not any_is("pretrain", DONE, STALE):
        return "pretrain"
    if not any_is("finetune", DONE, STALE):
        return "finetune"
    if not any_is("evaluate", DONE):
        return "evaluate"
    return "predict CLIP"
