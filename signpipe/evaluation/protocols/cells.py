"""Fine-tuning many times over: every finished recogniser's scores are kept and not made again."""

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save_file

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.protocols.common import (
    Plan,
    Request,
    Scored,
    fingerprint,
    opened,
    rows_of,
    seen_in_pretraining,
)
from signpipe.evaluation.protocols.frozen import find
from signpipe.model.stream_classifiers import combine, load_recognizer
from signpipe.parts.store import Parts
from signpipe.settings import FinetuneSettings
from signpipe.training.encoders import find_encoder, fitting_card, shipped_encoder, with_its_sizes
from signpipe.training.finetune import SCRATCH, FinetuneJob, learn, unlabelled
from signpipe.training.loop import pick_device
from signpipe.training.precision import pick_precision
from signpipe.training.pseudo_labels import NeighbourGraph
from signpipe.training.scoring import score
from signpipe.workspace import Workspace, atomic, sha256_of_file

WEIGHT = "joint_weight"


@dataclass(frozen=True)
class Start:
    """What fine-tuning begins from: an encoder file, or None for scratch."""

    backbone: Path | None
    settings: FinetuneSettings  # with the encoder's own sizes
    parts: Parts
    stage: Literal["pretrain"] | None
    run: str

    @property
    def sha256(self) -> str | None:
        return sha256_of_file(self.backbone) if self.backbone else None

    def unlabelled(self, workspace: Workspace, labelled: list[Clip]) -> list[Clip]:
        """The clips beside `labelled` that it may learn from without their labels."""
        if not self.backbone or not self.settings.unlabelled:
            return []
        return unlabelled(workspace, self.parts, labelled)

    def graph(self, labelled: list[Clip], others: list[Clip]) -> NeighbourGraph | None:
        """All of them as the encoder sees them, if the `others` are learned from, unlabelled."""
        if not others or not self.backbone or not self.settings.unlabelled:
            return None
        clips = labelled + others
        return NeighbourGraph.of(self.backbone, self.parts, clips, self.settings.streams)

    def plan(
        self,
        workspace: Workspace,
        request: Request,
        given: Sequence[str],
        used: list[Clip],
        scored: list[Clip],
        **own: Any,
    ) -> Plan:
        """That of a protocol which fine-tunes from here, with its `own` fields.

        `given` names the settings that concern it, `used` are all clips that have a say.
        """
        data, sha256 = fingerprint(self.parts, used), self.sha256
        return Plan(
            run=self.run,
            clips=scored,
            seen=seen_in_pretraining(workspace, sha256, scored),
            data=data,
            settings=request.given(*given) | {"finetune": self.settings.model_dump(mode="json")},
            inputs={"encoder": sha256, "data": data, **own.pop("inputs", {})},
            stage=self.stage,
            resumable=True,
            **own,
        )


def find_start(workspace: Workspace, request: Request, *, scratch: bool) -> Start:
    """The encoder asked for, or the newest; none if `scratch`, or if there is none."""
    settings = request.settings.finetune
    if settings.labels_per_sign:
        raise SignpipeError(
            "finetune.labels_per_sign has no say in a protocol; use --set 'fractions=[...]'"
        )
    backbone = None if scratch else find_encoder(workspace, request.encoder)
    if not backbone:
        parts = opened(workspace, None, None)
        backbone = None if scratch else shipped_encoder(parts, settings, settings.encoder)
        if not backbone:
            return Start(None, settings, parts, None, request.run or SCRATCH)
    frozen = find(workspace, replace(request, encoder=str(backbone)))
    card = fitting_card(frozen.path, frozen.parts, settings)
    settings = with_its_sizes(settings, frozen.path, card)
    return Start(frozen.path, settings, frozen.parts, frozen.stage, frozen.run)


@dataclass(frozen=True)
class CellTrainer:
    """What all cells have in common."""

    workspace: Workspace
    parts: Parts
    split_from: str
    folder: Path

    def cell(
        self,
        name: str,
        settings: FinetuneSettings,
        clips: list[Clip],
        scored: list[Clip],
        backbone: Path | None,
        graph: Callable[[], NeighbourGraph | None],
    ) -> tuple[Scored, float | None]:
        """Learn from those `clips` whose split is train, choose on those of val, name `scored`.

        `graph` has clips that get pseudo-labels. Returns what it says, and the weight of the
        joint stream; both are kept in `cells/<name>.safetensors`. Killed, it goes on from its last
        epoch. What is not of a learned sign has the label -1.
        """
        signs = sorted({clip.label for clip in clips})
        # Tried once for all cells, and kept beside them.
        precision = pick_precision(settings.precision, settings.encoder, pick_device(), self.folder)
        settings = settings.model_copy(update={"precision": precision})
        path = self.folder / "cells" / f"{name}.safetensors"
        if not path.exists():
            work = self.folder / "cells" / name
            start = (self.split_from, backbone, graph())
            learn(FinetuneJob(self.workspace, settings, self.parts, clips, *start), work)
            recognizer, card = load_recognizer(work / "recognizer")
            rows = rows_of(scored, self.parts)
            arrays = score(recognizer, self.parts, rows, card.encoder.frames)
            arrays[WEIGHT] = np.array([card.joint_weight], np.float32)
            with atomic(path) as temporary:
                save_file(arrays, temporary)
            shutil.rmtree(work)
        return self._kept(path, signs, scored)

    def _kept(
        self, path: Path, signs: list[str], scored: list[Clip]
    ) -> tuple[Scored, float | None]:
        try:
            arrays = load_file(path)
            weight = float(arrays.pop(WEIGHT)[0])
        except (OSError, SafetensorError, KeyError, IndexError, TypeError, ValueError) as error:
            raise SignpipeError(f"cannot read {path}: {error}; delete it and go on") from error
        shapes = {values.shape for values in arrays.values()}
        if shapes != {(len(scored), len(signs))} or not 0 <= weight <= 1:
            raise SignpipeError(f"{path} does not fit this evaluation; use --redo")
        # In the order of the protocols' tables, joint before motion, which a file does not keep.
        logits = combine({stream: arrays[stream] for stream in sorted(arrays)}, weight)
        number = {sign: i for i, sign in enumerate(signs)}
        labels = np.array([number.get(clip.label, -1) for clip in scored], np.int64)
        alone = len(logits) == 1
        return Scored(scored, signs, labels, logits), None if alone else weight
