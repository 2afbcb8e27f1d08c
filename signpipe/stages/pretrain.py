"""pretrain: learn both encoders from unlabelled clips by momentum contrast."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.model.backbone import BackboneCard, save_backbone
from signpipe.model.momentum import Modalities, MomentumContrast
from signpipe.parts.store import Parts, open_parts
from signpipe.progress import note
from signpipe.settings import PrepareSettings, PretrainSettings
from signpipe.splits import POOL, TRAIN, split_clips
from signpipe.stages import prepare, runs
from signpipe.training.loop import draw, fit, pick_device
from signpipe.training.views import Augmenter, Window, modalities, resample, split_valid
from signpipe.workspace import Workspace, sha256_of_values


@dataclass(frozen=True)
class PretrainResult:
    """`numbers` is the last epoch's row of metrics.csv; empty if nothing was left to do."""

    folder: Path
    encoder: Path
    clips: int
    already: bool
    numbers: dict[str, float]


class Pretraining:
    """The loop's task: two independently augmented views of every clip, in shuffled passes."""

    description = "pretrain"

    def __init__(self, settings: PretrainSettings, parts: Parts, rows: NDArray[np.int64]) -> None:
        self.settings, self.parts, self.rows = settings, parts, rows
        self.batch = min(settings.batch, len(rows))
        self.steps_a_pass = len(rows) // self.batch
        self.steps = max(self.steps_a_pass, settings.least_steps)
        queue = min(settings.queue, len(rows))
        torch.manual_seed(settings.seed)
        self.contrast = MomentumContrast(settings.model_copy(update={"queue": queue}))
        self.module: nn.Module = self.contrast.to(pick_device())

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.contrast.query.parameters()), "share": 1.0}]

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        rows = self.rows[self._chosen(epoch, step)]
        rng, generator = draw(self.settings.seed, "views", epoch, step)
        first, second = (self._view(rows, rng, generator) for _ in range(2))
        loss, numbers = self.contrast(first, second, torch.from_numpy(rows).to(pick_device()))
        return loss, numbers, len(rows)

    def _chosen(self, epoch: int, step: int) -> NDArray[np.int64]:
        """The step's share of a shuffled pass over all clips."""
        finished, place = divmod(step, self.steps_a_pass)
        order, _ = draw(self.settings.seed, "order", epoch, finished)
        shuffled = order.permutation(len(self.rows))
        return shuffled[place * self.batch : (place + 1) * self.batch]

    def _view(
        self, rows: NDArray[np.int64], rng: np.random.Generator, generator: torch.Generator
    ) -> Modalities:
        s = self.settings
        frames = self.parts.lengths(rows)
        window = Window.random(rng, frames, s.crop, s.crop_frames)
        points, valid = split_valid(resample(self.parts, rows, window, s.encoder.frames))
        points, valid = Augmenter(s.augmentation, generator)(points, valid)
        return modalities(points, valid, pick_device())

    def validate(self) -> dict[str, float]:
        return {}


def run(
    workspace: Workspace,
    settings: PretrainSettings | None = None,
    *,
    run: str = "default",
    splits: Sequence[str] | None = None,
    redo: bool = False,
) -> PretrainResult:
    """Pretrain on the clips that may be learned from (`splits`, default train, unlabelled, none).

    Prepares first where needed. A finished run is left alone, an unfinished one goes on. Raises
    SignpipeError if there are too few clips or the run was begun with other settings.
    """
    settings = settings or PretrainSettings()
    prepared = prepare.run(workspace)
    if not prepared.already:
        note(f"prepared {prepared.clips} clips in {prepared.path}")
    parts = open_parts(workspace.parts)
    pool = pool_clips(workspace, parts, splits)
    folder = workspace.run("pretrain", run)
    encoder = folder / "encoder.safetensors"
    inputs = {
        "clips": len(pool),
        "pool": sha256_of_values(*(clip.clip_id for clip in pool)),
        "parts": parts.record["inputs"]["keypoints"],
        "prepare": parts.record["settings"],
    }
    with workspace.lock(f"pretrain-{run}"):
        if runs.begin(folder, settings.model_dump(mode="json"), inputs, encoder, redo):
            return PretrainResult(folder, encoder, len(pool), True, {})
        runs.write_clip_list(folder / "clips.csv", [(clip.clip_id, clip.split) for clip in pool])
        rows = np.array([parts.rows[clip.clip_id] for clip in pool])
        task = Pretraining(settings, parts, rows)
        state = fit(task, settings, folder)
        trained = {"clips": len(pool), "settings": settings.model_dump(mode="json")}
        card = BackboneCard(
            encoder=settings.encoder,
            prepare=PrepareSettings.model_validate(parts.record["settings"]),
            trained=trained,
        )
        save_backbone(encoder, task.contrast.encoders(), card)
    return PretrainResult(folder, encoder, len(pool), False, state.rows[-1])


def pool_clips(workspace: Workspace, parts: Parts, splits: Sequence[str] | None) -> list[Clip]:
    """The clips to learn from without labels.

    By default those of the splits train and unlabelled and those with none, but nothing that
    fine-tuning would hold out, nor unlabelled clips without a split of signers it would hold out.
    """
    clips = [clip for clip in read_clips(workspace.clips).values() if clip.clip_id in parts.rows]
    wanted = POOL if splits is None else tuple(splits)
    held_out = _held_out(clips) if splits is None else []
    ids = {clip.clip_id for clip in held_out}
    signers = {clip.signer for clip in held_out} - {""}
    pool = [
        clip
        for clip in clips
        if clip.split in wanted
        and clip.clip_id not in ids
        and not (clip.signer in signers and not clip.label and not clip.split)
    ]
    if len(pool) < 2:
        named = ", ".join(split or "none" for split in wanted)
        raise SignpipeError(
            f"{len(pool)} usable clips to pretrain on have the split {named}; there must be at "
            "least two: extract more clips, or change the split column of the clip table"
        )
    # The table's order is the order in which clips were finished: chance must not train.
    return sorted(pool, key=lambda clip: clip.clip_id)


def _held_out(clips: list[Clip]) -> list[Clip]:
    """The labelled clips that fine-tuning will neither train on nor find a given split for."""
    labelled = [clip for clip in clips if clip.label]
    if len({clip.label for clip in labelled}) < 2:
        return []
    try:
        of = split_clips(labelled).of
    except SignpipeError:  # fine-tuning will say what is wrong with the labels
        return []
    return [clip for clip in labelled if of.get(clip.clip_id, TRAIN) not in POOL]
