"""status: what is done, stale or missing in a workspace, and the command that comes next."""

import shlex
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from signpipe.cliptable import USABLE, Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.requests import unfinished_requests
from signpipe.model.recognizer_card import CARD_FILE, read_card
from signpipe.parts.prepare import recorded_settings, usable_outcomes, wanted_record
from signpipe.parts.store import read_parts_record
from signpipe.run_again import evaluate_again, run_again
from signpipe.settings import PrepareSettings, under_new_names
from signpipe.splits import fingerprint, labelled_clips, learnable
from signpipe.training.metrics_log import epochs_finished
from signpipe.training.training_runs import ENCODER, RECOGNIZER, began_from_file, redo_of
from signpipe.wording import counted
from signpipe.workspace import (
    Workspace,
    differences,
    read_record,
    sha256_while_unchanged,
    uncollected,
)

if TYPE_CHECKING:
    from signpipe.evaluation.staleness import Present

DONE, STALE, MISSING, UNFINISHED = "done", "stale", "missing", "unfinished"
FINISHED = {"pretrain": ENCODER, "finetune": RECOGNIZER}  # the file that a finished run has


@dataclass(frozen=True)
class StageStatus:
    """`state` is done, stale (its inputs changed since), unfinished or missing."""

    stage: str
    name: str
    state: str
    detail: str
    # The arguments of the command that makes it, or makes it again; empty if there is nothing to do
    command: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class Status:
    """One entry for every stage or run, in the pipeline's order, and the next command."""

    stages: tuple[StageStatus, ...]
    next: str


def run(workspace: Workspace) -> Status:
    """Look at a workspace; changes nothing. Raises SignpipeError if one of its files is damaged."""
    now = _Now(workspace)
    with uncollected():
        stages = [_extract(now)]
        if stages[0].state != MISSING:
            stages += [_prepare(now), *_runs(now, "pretrain"), *_runs(now, "finetune")]
            stages += _evaluations(now)
        stages += _taught(workspace)
    return Status(tuple(stages), _next(stages, bool(now.labels(None, 0))))


class _Now:
    """What the workspace holds now, each thing looked at once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._labels: dict[tuple[int | None, int], str] = {}

    @cached_property
    def table(self) -> dict[str, Clip]:
        return read_clips(self.workspace.clips)

    @cached_property
    def outcomes(self) -> dict[str, Outcome]:
        return read_outcomes(self.workspace.outcomes)

    @cached_property
    def usable(self) -> list[Outcome]:
        return usable_outcomes(self.workspace)

    @cached_property
    def parts(self) -> dict[str, Any] | None:
        return read_parts_record(self.workspace.parts)

    @cached_property
    def inputs(self) -> dict[str, Any]:
        """What a parts file of all keypoints would be made of."""
        inputs: dict[str, Any] = wanted_record(self.usable, PrepareSettings())["inputs"]
        return inputs

    @cached_property
    def evaluated(self) -> "Present":
        from signpipe.evaluation.staleness import Present

        return Present(self.workspace)

    def labels(self, per_sign: int | None, seed: int) -> str:
        """The fingerprint of what finetune would learn; "" if it could not."""
        key = (per_sign, seed if per_sign else 0)
        if key not in self._labels:
            try:
                clips, _ = labelled_clips(self.table.values(), *key)
                self._labels[key] = fingerprint(learnable(clips))
            except SignpipeError:
                self._labels[key] = ""
        return self._labels[key]


def _extract(now: _Now) -> StageStatus:
    clips = now.table.values()
    behind = len(now.outcomes.keys() - now.table.keys())
    requests = unfinished_requests(now.workspace, now.outcomes)
    state, detail, command = DONE, list[str](), ["extract", "VIDEOS"]
    if requests:
        found = {clip_id for request in requests for clip_id in request.clips}
        extracted = len(found & now.outcomes.keys())
        detail.append(f"{extracted:,} of {counted(len(found), 'clip')} found are extracted")
        state, command = UNFINISHED, requests[0].arguments
    if not clips and behind:
        some = counted(behind, "finished clip is", "finished clips are")
        detail.append(f"cut short: {some} not in the clip table; extract adds them")
    elif not clips:
        detail.append("no clips yet")
    else:
        detail.append(_clips(list(clips)))
        if behind:
            detail.append(f"{behind:,} more are not in the clip table, extract adds them")
    if not any(clip.status in USABLE for clip in clips):
        state = UNFINISHED if requests else MISSING
    return StageStatus("extract", "keypoints", state, "; ".join(detail), tuple(command))


def _clips(clips: list[Clip]) -> str:
    """How many, with what outcome, and what is known of them."""
    usable = [clip for clip in clips if clip.status in USABLE]
    signs = {clip.label for clip in usable if clip.label}
    signers = {clip.signer for clip in usable if clip.signer}
    statuses = Counter(clip.status for clip in clips).most_common()
    by_status = ", ".join(f"{count:,} {status}" for status, count in statuses)
    labelled = sum(bool(clip.label) for clip in usable)
    named = f"{labelled:,} labelled with {counted(len(signs), 'sign')}" if labelled else "no labels"
    by = counted(len(signers), "signer") if signers else "signers unknown"
    return f"{counted(len(clips), 'clip')}: {by_status}; {named}, {by}"


def _prepare(now: _Now) -> StageStatus:
    record = now.parts
    if record is None:
        return StageStatus("prepare", "parts.h5", MISSING, "made by itself when it is needed")
    detail = counted(record["inputs"]["clips"], "clip")
    try:
        settings = recorded_settings(record).model_dump(mode="json")
    except SignpipeError as error:
        return StageStatus("prepare", "parts.h5", STALE, f"{detail}; {error}")
    changes = differences(record["settings"], settings)
    if record["inputs"]["keypoints"] != now.inputs["keypoints"]:
        changes.append(_clips_since(record["inputs"]["clips"], now))
    if changes:
        return StageStatus("prepare", "parts.h5", STALE, "; ".join((detail, *changes)))
    return StageStatus("prepare", "parts.h5", DONE, detail)


def _clips_since(before: int | None, now: _Now) -> str:
    """How the clips with landmarks have changed since there were so many (None: not known)."""
    added = 0 if before is None else len(now.usable) - before
    if added > 0:
        return f"you added {counted(added, 'clip')} since"
    if added < 0:
        return f"{counted(-added, 'clip')} fewer since"
    return "clips were added or changed since" if before is None else "clips were changed since"


def _runs(now: _Now, stage: str) -> list[StageStatus]:
    names = now.workspace.runs(stage)
    return [_run(now, stage, name) for name in names] or [StageStatus(stage, "", MISSING, "")]


def _run(now: _Now, stage: str, name: str) -> StageStatus:
    folder = now.workspace.run(stage, name)
    record = read_record(folder) or {}
    epochs = record.get("settings", {}).get("epochs", "?")
    changed = _changed(now, record)
    if (folder / FINISHED[stage]).exists():
        state = STALE if changed else DONE
        detail = [counted(epochs, "epoch") if isinstance(epochs, int) else f"{epochs} epochs"]
    else:
        state, detail = UNFINISHED, [_progress(folder, epochs)]
    beside = redo_of(folder)
    if beside.exists():
        again = (read_record(beside) or {}).get("settings", {}).get("epochs", "?")
        detail.append(f"a --redo of it is unfinished: {_progress(beside, again)}")
    detail += [changed] if changed else []
    command = () if state == DONE else tuple(run_again(stage, name, record))
    return StageStatus(stage, name, state, "; ".join(detail), command)


def _progress(folder: Path, epochs: object) -> str:
    return f"epoch {epochs_finished(folder / 'metrics.csv')} of {epochs} is finished"


def _changed(now: _Now, record: Mapping[str, Any]) -> str:
    """What a run's inputs no longer agree with, in words; "" if nothing."""
    inputs, settings = record.get("inputs", {}), record.get("settings", {})
    if not now.usable or inputs.get("parts") != now.inputs["keypoints"]:
        return _clips_since(record.get("prepared"), now)
    if now.parts and under_new_names(inputs.get("prepare") or {}) != now.parts["settings"]:
        return "prepare's settings were changed since"
    began_from = record.get("began_from")
    if began_from and _made_again(
        began_from_file(now.workspace, began_from["file"]), began_from["sha256"]
    ):
        return f"the encoder {began_from['file']} was made again since"
    if "labels" in inputs:
        there = now.labels(settings.get("labels_per_sign"), settings.get("seed", 0))
        if there != inputs["labels"]:
            return "labels or splits were changed since"
    return ""


def _made_again(file: Path, sha256: str) -> bool:
    """Whether another file is there now; one that is gone, or elsewhere, says nothing."""
    return file.exists() and sha256_while_unchanged(file) != sha256


def _evaluations(now: _Now) -> list[StageStatus]:
    folders = sorted((now.workspace.root / "evaluate").glob("[!.]*/"))
    found = []
    for folder in folders:
        if (folder / "metrics.json").exists():
            found.append(_evaluation(now, folder))
        elif (folder / "settings.json").exists():
            cells = len(list((folder / "cells").glob("[!.]*.safetensors")))
            detail = f"{counted(cells, 'recogniser is', 'recognisers are')} trained and scored"
            found.append(StageStatus("evaluate", folder.name, UNFINISHED, detail))
    return found or [StageStatus("evaluate", "", MISSING, "")]


def _evaluation(now: _Now, folder: Path) -> StageStatus:
    # Here, since these load torch, which nobody waits for who has not evaluated anything.
    from signpipe.evaluation.schema import read_metrics
    from signpipe.evaluation.staleness import stale

    try:
        metrics = read_metrics(folder / "metrics.json")
    except SignpipeError as error:
        return StageStatus("evaluate", folder.name, STALE, str(error))
    *_, answer = metrics.streams.values()  # both, or the only stream
    detail = (
        f"{metrics.split}: top-1 {answer.top1:.1%}, mean-class {answer.mean_class:.1%} of "
        f"{counted(metrics.clips, 'clip')}"
    )
    why = stale(now.workspace, folder, now.evaluated)
    if not why:
        return StageStatus("evaluate", folder.name, DONE, detail)
    command = evaluate_again(metrics.model_dump(), now.workspace.runs("pretrain"))
    return StageStatus("evaluate", folder.name, STALE, f"{detail}; {why} since", tuple(command))


def _taught(workspace: Workspace) -> list[StageStatus]:
    """The recogniser that `signpipe teach` makes, which is never stale: nothing is trained."""
    if not (workspace.taught / CARD_FILE).exists():
        return []
    card = read_card(workspace.taught)
    takes = sum(card.trained.get("takes", {}).values())
    detail = f"{counted(len(card.signs), 'sign')}, {counted(takes, 'take')}"
    return [StageStatus("teach", workspace.taught.name, DONE, detail)]


def _next(stages: list[StageStatus], labelled: bool) -> str:
    """The first thing that is to be done; pretraining only where nothing is `labelled` yet."""
    first = stages[0]
    if first.state == MISSING and any(entry.stage == "teach" for entry in stages):
        return "predict CLIP"
    if first.state in (MISSING, UNFINISHED):
        return shlex.join(first.command)
    learned = any(entry.stage == "finetune" and entry.state != MISSING for entry in stages)
    for stage in ("pretrain", "finetune", "evaluate"):
        runs = [entry for entry in stages if entry.stage == stage]
        if any(entry.state == DONE for entry in runs):
            continue
        begun = [entry for entry in runs if entry.command]
        if stage == "pretrain" and not begun and (learned or labelled):
            continue  # another encoder serves, such as the one that comes with signpipe
        return shlex.join(begun[0].command) if begun else stage
    return "predict CLIP"
