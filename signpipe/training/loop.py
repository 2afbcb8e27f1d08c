"""The one training loop: pretraining and fine-tuning are tasks for it.

Every random draw of a step comes from (seed, epoch, step) alone, and a checkpoint is written after
every epoch; so a run that was killed and resumed ends with the same weights as one that was not.
"""

import csv
import io
import math
import time
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from zlib import crc32

import numpy as np
import torch
from torch import Tensor, nn

from signpipe.errors import SignpipeError
from signpipe.progress import Tracker, track
from signpipe.settings import FinetuneSettings, PretrainSettings
from signpipe.workspace import atomic, write_text

WARM_UP = 0.05  # share of all steps in which a cosine schedule's rate rises


class Task(Protocol):
    """What the loop trains."""

    module: nn.Module
    steps: int  # in one epoch
    description: str

    def parameter_groups(self) -> list[dict[str, Any]]:
        """The optimiser's groups; `share` in a group scales the learning rate."""

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        """The loss of one batch, numbers to follow, and how many clips the batch has."""

    def validate(self) -> dict[str, float]:
        """Numbers after an epoch; by the largest `score`, if there is one, the best is kept."""


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    epoch: int = 0  # finished epochs
    rows: list[dict[str, float]] = field(default_factory=list)  # one an epoch, for metrics.csv
    best_epoch: int = 0
    best_score: float = 0.0
    best: dict[str, Tensor] = field(default_factory=dict)  # weights; empty without a score


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
        return settings.learning_rate * 0.1 ** sum(share >= drop for drop in settings.drops)
    rise = min(1.0, (share + 1e-3) / WARM_UP)
    return settings.learning_rate * rise * 0.5 * (1 + math.cos(math.pi * share))


def fit(task: Task, settings: PretrainSettings | FinetuneSettings, folder: Path) -> State:
    """Train until the last epoch, from `folder/checkpoint.pt` if there is one.

    Writes checkpoint.pt and metrics.csv after every epoch. Raises SignpipeError when the loss is no
    longer finite, naming the last good checkpoint.
    """
    optimizer = torch.optim.SGD(
        task.parameter_groups(),
        lr=settings.learning_rate,
        momentum=settings.momentum,
        weight_decay=settings.weight_decay,
    )
    path = folder / "checkpoint.pt"
    state = load_checkpoint(path, task.module, optimizer) if path.exists() else State()
    if state.rows:  # a kill between the checkpoint and this would lose a row
        write_metrics(folder / "metrics.csv", state.rows)
    left = settings.epochs - state.epoch
    with track(task.description, left * task.steps, "steps") as tracker:
        for epoch in range(state.epoch, settings.epochs):
            row = _epoch(task, settings, optimizer, epoch, tracker, path)
            if "score" in row and (not state.best or row["score"] > state.best_score):
                state.best_epoch, state.best_score = epoch + 1, row["score"]
                state.best = {k: v.detach().clone() for k, v in task.module.state_dict().items()}
            state.epoch = epoch + 1
            state.rows.append(row)
            save_checkpoint(path, task.module, optimizer, state)
            write_metrics(folder / "metrics.csv", state.rows)
    return state


def _epoch(
    task: Task,
    settings: PretrainSettings | FinetuneSettings,
    optimizer: torch.optim.Optimizer,
    epoch: int,
    tracker: Tracker,
    checkpoint: Path,
) -> dict[str, float]:
    """One epoch: the means of what the steps reported, then the validation."""
    task.module.train()
    started, clips, sums = time.monotonic(), 0, dict[str, float]()
    rate = 0.0
    for step in range(task.steps):
        rate = learning_rate(settings, (epoch + step / task.steps) / settings.epochs)
        for group in optimizer.param_groups:
            group["lr"] = rate * group["share"]
        torch.manual_seed(draw(settings.seed, "dropout", epoch, step)[1].initial_seed())
        loss, numbers, count = task.loss(epoch, step)
        if not torch.isfinite(loss):
            raise _diverged(epoch, step, checkpoint)
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        parameters = [p for group in optimizer.param_groups for p in group["params"]]
        nn.utils.clip_grad_norm_(parameters, settings.clip_gradient)
        optimizer.step()
        clips += count
        for name, value in numbers.items():
            sums[name] = sums.get(name, 0.0) + value
        tracker.advance(detail=_detail(epoch, settings.epochs, numbers, clips, started))
    seconds = time.monotonic() - started
    means = {name: value / task.steps for name, value in sums.items()}
    timing = {"clips_per_second": clips / seconds, "seconds": seconds}
    task.module.eval()
    return {"epoch": epoch + 1, **means, "learning_rate": rate, **timing, **task.validate()}


def _detail(epoch: int, epochs: int, numbers: dict[str, float], clips: int, started: float) -> str:
    shown = ", ".join(f"{name} {value:.2f}" for name, value in numbers.items())
    rate = clips / (time.monotonic() - started)
    return f"epoch {epoch + 1} of {epochs}, {shown}, {rate:.0f} clips/s"


def _diverged(epoch: int, step: int, checkpoint: Path) -> SignpipeError:
    kept = (
        f"the last good checkpoint is {checkpoint} (after epoch {epoch})"
        if epoch
        else "no epoch was finished"
    )
    return SignpipeError(
        f"the loss is not finite in epoch {epoch + 1}, step {step + 1}; {kept}; "
        "try a lower learning_rate"
    )


def save_checkpoint(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, state: State
) -> None:
    """Write the training state atomically."""
    saved = {
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "state": vars(state),
    }
    with atomic(path) as temporary, open(temporary, "wb") as file:
        torch.save(saved, file)


def load_checkpoint(path: Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> State:
    """Restore weights and optimiser from our own file. Raises SignpipeError if it is damaged."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        module.load_state_dict(saved["module"])
        optimizer.load_state_dict(saved["optimizer"])
        return State(**saved["state"])
    except Exception as error:  # torch raises many kinds for a damaged file
        raise SignpipeError(
            f"cannot resume from {path}: {str(error).splitlines()[0]}; "
            "start this run again with --redo"
        ) from error


def write_metrics(path: Path, rows: Iterable[dict[str, float]]) -> None:
    """Write metrics.csv, one row an epoch."""
    rows = list(rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    for row in rows:
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
    write_text(path, text.getvalue())
