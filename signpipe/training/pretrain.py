"""pretrain: learn the streams' encoders from unlabelled clips by momentum contrast."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from signpipe import __version__
from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.model import distributed
from signpipe.model.backbone import BackboneCard, load_backbone, save_backbone
from signpipe.model.momentum import BRANCHES, MomentumContrast, StreamViews
from signpipe.model.shipped import SHIPPED
from signpipe.parts import prepare
from signpipe.parts.store import Parts, open_parts
from signpipe.progress import note
from signpipe.settings import PrepareSettings, PretrainSettings
from signpipe.splits import POOL, TRAIN, Splits, split_clips
from signpipe.training import training_runs
from signpipe.training.begun import Begun
from signpipe.training.devices import check_devices, train_on
from signpipe.training.encoders import fitting_card, named_encoder, origin
from signpipe.training.loop import draw, fit, pick_device
from signpipe.training.metrics_log import Logger, check_logger
from signpipe.training.prefetch import Prefetch
from signpipe.training.views import random_views, stream_views
from signpipe.wording import counted
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

    def __init__(
        self,
        settings: PretrainSettings,
        parts: Parts,
        rows: NDArray[np.int64],
        signers: NDArray[np.int64],
        init: Path | None = None,
    ) -> None:
        self.settings, self.parts, self.rows, self.signers = settings, parts, rows, signers
        self.batch = min(settings.batch_size, len(rows))
        self.steps_per_pass = len(rows) // self.batch
        self.steps = max(self.steps_per_pass, settings.min_steps_per_epoch)
        self.batches = Prefetch(self._batch, self.steps, settings.epochs)
        self._pass: tuple[tuple[int, int], NDArray[np.int64]] = (-1, -1), np.empty(0, np.int64)
        queue = min(settings.queue, len(rows))
        torch.manual_seed(settings.seed)
        self.contrast = MomentumContrast(settings.model_copy(update={"queue": queue}))
        if init:
            load_backbone(init, self.contrast.encoders())
            self.contrast.key.load_state_dict(self.contrast.query.state_dict())
        self.module: nn.Module = self.contrast.to(pick_device())

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.contrast.query.parameters()), "lr_scale": 1.0}]

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        chosen, first, second = self.batches(epoch, step)
        whose = (torch.from_numpy(of[chosen]).to(pick_device()) for of in (self.rows, self.signers))
        loss, numbers = self.parallel(first, second, *whose)
        return loss, numbers, len(chosen)

    def _batch(self, epoch: int, step: int) -> tuple[NDArray[np.int64], StreamViews, StreamViews]:
        """Which clips a step learns from, and this rank's share of both views of them."""
        chosen = self._chosen(epoch, step)
        rng, generator = draw(self.settings.seed, "views", epoch, step)
        first, second = (self._view(self.rows[chosen], rng, generator) for _ in range(2))
        return chosen, first, second

    @cached_property
    def parallel(self) -> nn.Module:
        """The objective, whose gradients all ranks share."""
        some_unused = len(self.settings.contrast) < len(BRANCHES)
        return distributed.data_parallel(self.contrast, some_unused)

    def _chosen(self, epoch: int, step: int) -> NDArray[np.int64]:
        """The step's share of a shuffled pass over all clips."""
        finished, place = divmod(step, self.steps_per_pass)
        return self._order(epoch, finished)[place * self.batch : (place + 1) * self.batch]

    def _order(self, epoch: int, finished: int) -> NDArray[np.int64]:
        """The shuffled clips of one pass, drawn once for all its steps."""
        place, shuffled = self._pass
        if place != (epoch, finished):
            order, _ = draw(self.settings.seed, "order", epoch, finished)
            shuffled = order.permutation(len(self.rows))
            self._pass = (epoch, finished), shuffled
        return shuffled

    def _view(
        self, rows: NDArray[np.int64], rng: np.random.Generator, generator: torch.Generator
    ) -> StreamViews:
        s = self.settings
        own = distributed.own_share(len(rows))
        points, valid = random_views(self.parts, rows, s, s.encoder.frames, rng, generator, own)
        return stream_views(points, valid, pick_device(), s.encoder.motion)

    def validate(self) -> dict[str, float]:
        return {}

    def saturated(self, epochs: list[dict[str, float]]) -> bool:
        return False


def run(
    workspace: Workspace,
    settings: PretrainSettings | None = None,
    *,
    run: str = "default",
    splits: Sequence[str] | None = None,
    init: str | None = None,
    logger: Logger | None = None,
    devices: int = 1,
    redo: bool = False,
) -> PretrainResult:
    """Pretrain on the clips that may be learned from (`splits`, default train, unlabelled, none).

    `init` names a pretraining run, an encoder file, or "shipped": its encoders' weights are the
    start; the projection heads are new. `devices` processes share every batch. Prepares first where
    needed. What is not given is as the run was begun. A finished run is left alone, an unfinished
    one goes on; one whose clips have changed is made again. Raises SignpipeError if there are too
    few clips, `init` does not fit, or the run was begun with other settings.
    """
    if run == SHIPPED:
        raise SignpipeError(
            f"{run!r} is the encoder that comes with signpipe; name the run otherwise"
        )
    folder = workspace.run("pretrain", run)
    begun = Begun.of(folder, redo)
    settings = settings or begun.settings(PretrainSettings)
    splits = begun.option("splits", None if splits is None else list(splits))
    start = begun.encoder(workspace, named_encoder(workspace, init) if init else None, False)
    prepared = prepare.run(workspace)
    if not prepared.already:
        note(f"prepared {counted(prepared.clips, 'clip')} in {prepared.path}")
    parts = open_parts(workspace.parts)
    if start:
        fitting_card(start, parts, settings, settings.encoder)
    pool = pool_clips(workspace, parts, splits)
    check_logger(logger)
    check_devices(devices, min(settings.batch_size, len(pool)))
    encoder, began_from = folder / training_runs.ENCODER, origin(workspace, start)
    inputs = {
        "clips": len(pool),
        "pool": sha256_of_values(*(value for c in pool for value in (c.clip_id, c.signer))),
        "parts": parts.record["inputs"]["keypoints"],
        "prepare": parts.record["settings"],
        "init": began_from["sha256"] if began_from else None,
    }
    asked = settings.model_dump(mode="json")
    with workspace.lock(f"pretrain-{run}"):
        about = {"began_from": began_from, "splits": splits, "prepared": len(parts)}
        made = training_runs.begin(folder, asked, inputs, training_runs.ENCODER, redo, **about)
        if made is None:
            return PretrainResult(folder, encoder, len(pool), True, {})
        training_runs.write_clip_list(
            made / "clips.csv", [(clip.clip_id, clip.split) for clip in pool]
        )
        _tell_held_out(workspace, pool)
        rows = np.array([parts.rows[clip.clip_id] for clip in pool])
        signers = numbered([clip.signer for clip in pool])
        train_on(devices, _train, settings, workspace.parts, rows, signers, start, made, logger)
        task = Pretraining(settings, parts, rows, signers, start)
        state = fit(task, settings, made, logger)  # of nothing, if several devices did it
        card = BackboneCard(
            signpipe=__version__,
            streams=settings.streams,
            encoder=settings.encoder,
            prepare=PrepareSettings.model_validate(parts.record["settings"]),
            trained={
                "clips": len(pool),
                "frames": int(parts.lengths(rows).sum()),
                "signers": len({clip.signer for clip in pool} - {""}),
                "splits": dict(Counter(clip.split or "none" for clip in pool)),
                "began_from": began_from,
                "settings": asked,
            },
        )
        save_backbone(made / training_runs.ENCODER, task.contrast.encoders(), card)
        training_runs.end(made, folder)
    return PretrainResult(folder, encoder, len(pool), False, state.rows[-1])


def _train(
    settings: PretrainSettings,
    parts: Path,
    rows: NDArray[np.int64],
    signers: NDArray[np.int64],
    init: Path | None,
    folder: Path,
    logger: Logger | None,
) -> None:
    """What each of several processes does."""
    fit(Pretraining(settings, open_parts(parts), rows, signers, init), settings, folder, logger)


def numbered(signers: Sequence[str]) -> NDArray[np.int64]:
    """A number for every clip (N,), equal where the signer is; an unknown one is nobody else."""
    number = {signer: i for i, signer in enumerate(sorted({*signers} - {""}))}
    of = [number.get(signer, len(number) + i) for i, signer in enumerate(signers)]
    return np.array(of, np.int64)


def pool_clips(workspace: Workspace, parts: Parts, splits: Sequence[str] | None) -> list[Clip]:
    """The clips to learn from without labels.

    By default those of the splits train and unlabelled and those with none, but nothing that
    fine-tuning would hold out, nor clips without a split of signers it would hold out. Where it
    draws signers to hold out, nothing of theirs is learned from, whatever a clip's split.
    """
    clips = [clip for clip in read_clips(workspace.clips).values() if clip.clip_id in parts.rows]
    wanted = POOL if splits is None else tuple(splits)
    drawn = _splits(clips)
    of = drawn.of if splits is None else {}
    held_out = [clip for clip in clips if of.get(clip.clip_id, TRAIN) not in POOL]
    ids = {clip.clip_id for clip in held_out}
    signers = {clip.signer for clip in held_out} - {""}
    pool = [
        clip
        for clip in clips
        if clip.split in wanted
        and clip.clip_id not in ids
        and clip.signer not in drawn.held_out
        and not (clip.signer in signers and not clip.split and not of.get(clip.clip_id))
    ]
    if len(pool) < 2:
        named = ", ".join(split or "none" for split in wanted)
        raise SignpipeError(
            f"{counted(len(pool), 'usable clip')} to pretrain on of the split {named}; there must "
            "be at least two: extract more clips, or change the split column of the clip table"
        )
    # The table's order is the order in which clips were finished: chance must not train.
    return sorted(pool, key=lambda clip: clip.clip_id)


def _tell_held_out(workspace: Workspace, pool: list[Clip]) -> None:
    """Say how many labelled clips are not learned from, and as what they are kept back."""
    usable = [clip for clip in read_clips(workspace.clips).values() if clip.usable]
    of, learned = _splits(usable).of, {clip.clip_id for clip in pool}
    kept = [clip for clip in usable if clip.label and clip.clip_id not in learned]
    splits = Counter(of.get(c.clip_id, c.split) or "of signers held out" for c in kept)
    if kept:
        by_split = ", ".join(f"{count:,} {split}" for split, count in sorted(splits.items()))
        note(f"held out from pretraining: {counted(len(kept), 'labelled clip')} ({by_split})")


def _splits(clips: list[Clip]) -> Splits:
    """The splits that fine-tuning will give the labelled clips; of none where it cannot."""
    labelled = [clip for clip in clips if clip.label]
    try:
        return split_clips(labelled)
    except SignpipeError:  # fine-tuning will say what is wrong with the labels
        return Splits({}, "")
