"""Whether an evaluation still says what is so: what it measured may have changed since."""

from functools import cached_property
from pathlib import Path

import numpy as np

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols import (
    cross_signer,
    cross_validation,
    few_shot,
    finetuned,
    frozen,
    open_set,
    retrieval,
)
from signpipe.evaluation.protocols.common import fingerprint
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.model.recognizer_card import read_card
from signpipe.parts.prepare import recorded_settings, usable_outcomes, wanted_record
from signpipe.parts.store import Parts, read_parts_record
from signpipe.settings import PrepareSettings
from signpipe.skeleton import KEYPOINTS
from signpipe.training.finetune import unlabelled
from signpipe.training.training_runs import ENCODER
from signpipe.workspace import Workspace, sha256_while_unchanged


class Present:
    """What evaluations depend on, as it is in the workspace now; each thing is looked at once."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._data: dict[tuple[str, str, bool], str] = {}

    @cached_property
    def parts(self) -> Parts:
        """What `prepare` would make of the keypoints: its clips and record, without any frame."""
        outcomes = usable_outcomes(self.workspace)
        present = read_parts_record(self.workspace.parts)
        settings = recorded_settings(present) if present else PrepareSettings()
        ids = [outcome.clip_id for outcome in outcomes]
        none = np.empty((0, KEYPOINTS, 3), np.float32)
        record = wanted_record(outcomes, settings)
        return Parts(none, np.zeros(len(ids) + 1, np.int64), ids, record)

    def data(self, metrics: Metrics) -> str:
        """What `Metrics.data` would be of the same protocol and split; not of `finetuned`."""
        learned = metrics.settings.get("finetune")
        some = isinstance(learned, dict) and bool(learned.get("unlabelled"))
        hidden = some and bool(metrics.inputs.get("encoder"))
        key = (metrics.protocol, metrics.split, hidden)
        if key not in self._data:
            clips = _used(self.workspace, metrics, self.parts, hidden)
            self._data[key] = fingerprint(self.parts, clips)
        return self._data[key]


def stale(workspace: Workspace, folder: Path, present: Present | None = None) -> str:
    """Why the evaluation in `folder` would be measured anew, in words; "" if it would not.

    Several evaluations share one `present`. Raises SignpipeError if metrics.json cannot be read.
    """
    metrics = read_metrics(folder / "metrics.json")
    present = present or Present(workspace)
    try:
        return _weights(workspace, metrics) or _clips(workspace, metrics, present)
    except SignpipeError as error:
        return f"it cannot be measured again: {error}"


def _weights(workspace: Workspace, metrics: Metrics) -> str:
    """Whether the weights that were scored have been made again, or are gone."""
    inputs = metrics.inputs
    if metrics.stage == "finetune":
        folder = workspace.run("finetune", metrics.run) / "recognizer"
        if not (folder / "recognizer.json").exists():
            return f"the recogniser {metrics.run} is gone"
        files = {"recognizer": "model.safetensors", "card": "recognizer.json"}
        if any(_sha256(folder / name) != inputs.get(key) for key, name in files.items()):
            return f"the recogniser {metrics.run} was trained again"
    elif metrics.stage == "pretrain":
        encoders = [workspace.run("pretrain", n) / ENCODER for n in workspace.runs("pretrain")]
        if inputs.get("encoder") not in {_sha256(path) for path in encoders}:
            return "the encoder was trained again, or is gone"
    return ""


def _sha256(path: Path) -> str:
    """The fingerprint of a file, made once for as long as it does not change; "" without it."""
    if not path.exists():
        return ""
    return sha256_while_unchanged(path)


def _clips(workspace: Workspace, metrics: Metrics, present: Present) -> str:
    """Whether the clips, or what the clip table says of them, have changed."""
    parts = present.parts
    if metrics.protocol == "finetuned":
        source = workspace.run("finetune", metrics.run)
        card = read_card(source / "recognizer")
        clips = finetuned.split_members(workspace, source, parts, metrics.split)
        signs = set(card.signs)
        known = [clip for clip in clips if clip.label in signs]
        now = finetuned.inputs_now(source, parts, known)
        if now["labels"] != metrics.inputs.get("labels"):
            return "labels, signers or splits were changed"
        if now["parts"] != metrics.inputs.get("parts"):
            return "clips were added or changed"
        if card.prepare.model_dump(mode="json") != parts.record["settings"]:
            return "prepare's settings were changed"
    elif present.data(metrics) != metrics.data:
        return "clips, labels, signers or splits were changed"
    return ""


def _used(workspace: Workspace, metrics: Metrics, parts: Parts, hidden: bool) -> list[Clip]:
    """The clips that have a say in a protocol's result."""
    if metrics.protocol == "few-shot":
        val, scored, _ = few_shot.members(workspace, parts, metrics.split)
        return few_shot.used(val, scored)
    if metrics.protocol == "retrieval":
        whose = metrics.settings.get("whose", "others")
        return retrieval.members(workspace, parts, metrics.split, whose).used
    if metrics.protocol == "cross-validation":
        clips = cross_validation.members(workspace, parts)
    elif metrics.protocol == "open-set":
        clips = open_set.choose(workspace, parts, metrics.split, metrics.settings["idle"]).used
    elif metrics.protocol == "cross-signer":
        clips = cross_signer.members(workspace, parts, metrics.split.split("+"))
    else:
        clips = frozen.members(workspace, parts, metrics.split).used
    return clips + (unlabelled(workspace, parts, clips) if hidden else [])
