"""The one training loop: pretraining and fine-tuning are tasks for it.

Every random draw of a step comes from (seed, epoch, step) alone, and a checkpoint is written after
every epoch; so a run that was killed and resumed ends with the same weights as one that was not.
"""

import math
import time
from contextlib import nullcontext
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from signpipe.errors import SignpipeError, out_of_memory
from signpipe.model import distributed
from signpipe.progress import Tracker, note, track
from signpipe.settings import FinetuneSettings, PretrainSettings
from signpipe.training.checkpoints import State, load_checkpoint, save_checkpoint
from signpipe.training.devices import keep_memory
from signpipe.training.metrics_log import Logger, MetricsLog
from signpipe.training.precision import autocast, pick_precision

WARM_UP = 0.05  # share of all steps in which a cosine schedule's rate rises
DIVERGED = 10  # an epoch's mean loss is so many times the worst one before
FIRST_STEPS = 8  # in which nearly empty queues make the losses of pretraining small


class NotFinite(ArithmeticError):
    """The loss of a step, or its gradient, is no number."""


class Task(Protocol):
    """What the loop trains."""

    module: nn.Module
    steps: int  # in one epoch
    description: str

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The optimiser's groups; `lr_scale` in a group scales the learning rate."""

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        """The loss of one batch, numbers to follow (`loss` among them), and its clips' count."""

    def validate(self) -> dict[str, float]:
        """Numbers after an epoch; by the largest `score`, if there is one, the best is kept."""

    def saturated(self, epochs: list[dict[str, float]]) -> bool:
        """Whether nothing is left to learn after these epochs, each with its numbers."""


def pick_device() -> torch.device:
    """Where to train: the GPU if there is one, else the processor."""
    return torch.device("cuda" if torch.cuda.is_available() else "cpu")


def draw(
    seed: int, purpose: str, epoch: int, step: int
) -> tuple[np.random.Generator, torch.Generator]:
    """Random generators for one purpose and place in a run, independent of any other."""
    rng = np.random.default_rng([seed, crc32(purpose.encode()), epoch, step])
    generator = torch.Generator()
    generator.manual_seed(int(rng.integers(2**62)))
    return rng, generator


def learning_rate(settings: PretrainSettings | FinetuneSettings, share: float) -> float:
    """The rate after `share` in [0, 1) of all steps."""
    if settings.schedule == "steps":
        return settings.learning_rate * 0.1 ** sum(share >= drop for drop in settings.lr_milestones)
    rise = min(1.0, (share + 1e-3) / WARM_UP)
    return settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * share))


class Trainer:
    """Takes a task's steps: forward, backward, update."""

    def __init__(
        self, task: Task, settings: PretrainSettings | FinetuneSettings, precision: str
    ) -> None:
        self.task, self.settings, self.precision = task, settings, precision
        self.optimizer = _optimizer(settings, task.parameter_groups())

    def step(self, epoch: int, step: int) -> tuple[dict[str, float], int]:
        """The numbers to follow and how many clips there were.

        Raises NotFinite, before anything is updated, when the loss or its gradient is no number.
        """
        settings, device = self.settings, pick_device()
        rate = learning_rate(settings, (epoch + step / self.task.steps) / settings.epochs)
        for group in self.optimizer.param_groups:
            group["lr"] = rate * group["lr_scale"]
        seed = draw(settings.seed, "dropout", epoch, step)[1].initial_seed()
        torch.manual_seed(seed + distributed.rank())
        with autocast(self.precision, device):
            loss, numbers, count = self.task.loss(epoch, step)
        numbers = distributed.mean(numbers, count, device)
        if not math.isfinite(numbers["loss"]):
            raise NotFinite
        self.optimizer.zero_grad(set_to_none=True)
        (loss * distributed.weight(count)).backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in self.optimizer.param_groups for p in group["params"]]
        most = settings.max_grad_norm or math.inf
        if not nn.utils.clip_grad_norm_(parameters, most, foreach=True).isfinite():
            raise NotFinite
        self.optimizer.step()
        return {**numbers, "learning_rate": rate}, count


def _optimizer(
    settings: PretrainSettings | FinetuneSettings, groups: list[dict[str, Any]]
) -> torch.optim.Optimizer:
    common: dict[str, Any] = {
        "lr": settings.learning_rate,
        "weight_decay": settings.weight_decay,
        "foreach": True,
    }
    if settings.optimizer == "adamw":
        return torch.optim.AdamW(groups, **common)
    return torch.optim.SGD(groups, momentum=settings.momentum, **common)


def fit(
    task: Task,
    settings: PretrainSettings | FinetuneSettings,
    folder: Path,
    logger: Logger | None = None,
) -> State:
    """Train until the last epoch, or nothing is left to learn, from `folder/checkpoint.pt` if any.

    Writes checkpoint.pt after every epoch and metrics.csv after every step; of several ranks only
    the first one writes. Raises SignpipeError when the loss is no longer finite or rises far above
    its past, naming the last good checkpoint.
    """
    keep_memory()
    first = distributed.rank() == 0
    device = pick_device()
    chosen = pick_precision(settings.precision, settings.encoder, device, folder) if first else ""
    trainer = Trainer(task, settings, distributed.broadcast(chosen))
    path = folder / "checkpoint.pt"
    state = load_checkpoint(path, task.module, trainer.optimizer) if path.exists() else State()
    left = settings.epochs - state.epoch
    with (
        MetricsLog(folder, state.rows, task.steps, logger) if first else nullcontext() as log,
        track(task.description, left * task.steps, "steps") as tracker,
    ):
        for epoch in range(state.epoch, settings.epochs):
            # Asked before an epoch, not after one, so that a resumed run stops where it would have.
            if distributed.broadcast(task.saturated(state.rows)):
                note(f"{task.description}: nothing is left to learn after epoch {epoch}")
                break
            try:
                row = _epoch(trainer, epoch, tracker, log, path)
            except (MemoryError, RuntimeError) as error:
                if whose := out_of_memory(error):
                    raise _too_large(whose, settings) from error
                raise
            worst = max((past["loss"] for past in state.rows), default=float("inf"))
            if epoch * task.steps >= FIRST_STEPS and row["loss"] > DIVERGED * worst:
                place = f"rose more than {DIVERGED}-fold in epoch {epoch + 1}"
                raise _diverged(place, epoch, path)
            if "score" in row and (not state.best or row["score"] > state.best_score):
                state.best_epoch, state.best_score = epoch + 1, row["score"]
                state.best = {k: v.detach().clone() for k, v in task.module.state_dict().items()}
            state.epoch = epoch + 1
            state.rows.append(row)
            if log:
                log.epoch(row)
                save_checkpoint(path, task.module, trainer.optimizer, state)
    return state


def _epoch(
    trainer: Trainer, epoch: int, tracker: Tracker, log: MetricsLog | None, checkpoint: Path
) -> dict[str, float]:
    """One epoch: the means of what the steps reported, then the validation."""
    task = trainer.task
    task.module.train()
    started, clips, sums = time.monotonic(), 0, dict[str, float]()
    for step in range(task.steps):
        begun = time.monotonic()
        try:
            numbers, count = trainer.step(epoch, step)
        except NotFinite as error:
            place = f"is not finite in epoch {epoch + 1}, step {step + 1}"
            raise _diverged(place, epoch, checkpoint) from error
        clips += count
        for name, value in numbers.items():
            sums[name] = sums.get(name, 0.0) + value
        if log:
            speed = {"clips_per_second": count / (time.monotonic() - begun)}
            log.step({"epoch": epoch + 1, "step": step + 1, **numbers, **speed})
        tracker.advance(detail=f"loss {numbers['loss']:.2f}")
    seconds = time.monotonic() - started
    means = {name: value / task.steps for name, value in sums.items()}
    means["learning_rate"] = numbers["learning_rate"]  # the last one
    timing = {"clips_per_second": clips / seconds, "seconds": seconds}
    task.module.eval()
    return {"epoch": epoch + 1, **means, **timing, **task.validate()}


def _too_large(whose: str, settings: PretrainSettings | FinetuneSettings) -> SignpipeError:
    size = settings.batch_size
    return SignpipeError(
        f"{whose} for batches of {size} clips; use --redo --set batch_size={max(2, size // 2)}, "
        "a smaller encoder, or --devices to share them"
    )


def _diverged(place: str, epoch: int, checkpoint: Path) -> SignpipeError:
    kept = (
        f"the last good checkpoint is {checkpoint} (after epoch {epoch})"
        if epoch
        else "no epoch was finished"
    )
    return SignpipeError(f"the loss {place}; {kept}; try a lower learning_rate")
