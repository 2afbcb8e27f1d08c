"""One pretraining step against the machine's matrix multiplication; run by hand.

    python tests/bench/pretrain.py [--preset paper] [--batch 16] [--precision bf16] [--steps N]

prints, for each preset and precision, the time of a step on made-up clips with full queues, how it
divides into loading, augmentation, the encoders' forward passes, losses, backward pass, optimiser
and the keeping of key encoders and queues, and its floating-point operations a second (counted by
torch's FlopCounterMode) as a share of what a 2048 x 2048 fp32 `torch.mm` reaches before and after
each step. With one thread (the default) times are of the processor, not of the clock on the wall,
so that a shared machine disturbs them less. `--memory CLIPS` trains a few steps from a parts file
with that many clips instead, and prints how much memory of its own the process takes.
"""

import argparse
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.utils.flop_counter import FlopCounterMode

from signpipe.model.momentum import Encoded, MomentumContrast
from signpipe.parts.store import Parts, open_parts, write_parts
from signpipe.settings import PretrainSettings, resolve
from signpipe.skeleton import KEYPOINTS, LEFT_HAND, RIGHT_HAND
from signpipe.training import loop, views
from signpipe.training import pretrain as stage
from signpipe.training.devices import keep_memory

SIDE = 2048
FRAMES = 60  # of a made-up clip
SIGNERS = 50
SEEN = ((RIGHT_HAND, 0.9), (LEFT_HAND, 0.6))  # how often
BATCHES = {"compact": 64, "paper": 16}  # the paper's own 64 would need some 20 GB
PARTS = (
    "loading",
    "augmentation",
    "keys",
    "queries",
    "losses",
    "backward",
    "optimiser",
    "key encoder",
)


class Stopwatch:
    """Seconds by label; a label inside another is taken off the outer one."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.clock = clock
        self.seconds: dict[str, float] = defaultdict(float)
        self.labels: list[str] = []
        self.last = 0.0

    @contextmanager
    def of(self, label: str) -> Iterator[None]:
        self._turn()
        self.labels.append(label)
        yield
        self._turn()
        self.labels.pop()

    def _turn(self) -> None:
        now = self.clock()
        if self.labels:
            self.seconds[self.labels[-1]] += now - self.last
        self.last = now

    def watch(self, owner: Any, name: str, label: Callable[[], str]) -> None:
        """Time every call of `owner.name`."""
        function = getattr(owner, name)

        def timed(*args: Any, **kwargs: Any) -> Any:
            with self.of(label()):
                return function(*args, **kwargs)

        setattr(owner, name, timed)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--preset", choices=BATCHES, action="append")
    parser.add_argument("--precision", choices=("fp32", "bf16"), action="append")
    parser.add_argument("--batch", type=int)
    parser.add_argument("--steps", type=int, default=7)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--memory", type=int, default=0, metavar="CLIPS")
    arguments = parser.parse_args()
    torch.set_num_threads(arguments.threads)
    keep_memory()
    if arguments.memory:
        watch_memory(arguments.memory)
        return
    clock = time.process_time if arguments.threads == 1 else time.perf_counter
    head = " ".join(f"{name:>12}" for name in PARTS)
    print("preset   precision batch GFLOP/clip  s/step  clips/s  GFLOP/s  mm GFLOP/s  share", head)
    for preset in arguments.preset or BATCHES:
        for precision in arguments.precision or ("fp32", "bf16"):
            batch = arguments.batch or BATCHES[preset]
            measure(preset, precision, batch, arguments.steps, clock)


def measure(
    preset: str, precision: str, batch: int, steps: int, clock: Callable[[], float]
) -> None:
    changes = {"batch_size": batch, "precision": precision}
    settings = resolve(PretrainSettings, preset, changes=changes)
    task = full_task(settings)
    trainer = loop.Trainer(task, settings, precision)
    watch = Stopwatch(clock)
    watch_step(task, watch)
    trainer.step(0, 0)
    in_place = {
        torch.ops.aten.addmm_: lambda _, a, b, **__: 2 * a[0] * a[1] * b[1]
    }  # which it does not count by itself
    with FlopCounterMode(display=False, custom_mapping=in_place) as counter:
        trainer.step(0, 1)
    work = counter.get_total_flops()
    watch.seconds.clear()
    rates, shares, times = [], [], []
    for step in range(2, 2 + steps):
        before = multiplication_rate(clock)
        started = clock()
        with watch.of("optimiser"):
            trainer.step(0, step)
        times.append(clock() - started)
        rates.append((before + multiplication_rate(clock)) / 2)
        shares.append(work / times[-1] / rates[-1])
    seconds = median(times)
    spent = sum(watch.seconds.values())
    division = " ".join(f"{watch.seconds[name] / spent:>11.1%} " for name in PARTS)
    print(
        f"{preset:<8} {precision:<9} {batch:>5} {work / batch / 1e9:>10.2f} {seconds:>7.3f} "
        f"{batch / seconds:>8.1f} {work / seconds / 1e9:>8.1f} {median(rates) / 1e9:>11.1f} "
        f"{median(shares):>6.3f} {division}",
        flush=True,
    )


def watch_step(task: stage.Pretraining, watch: Stopwatch) -> None:
    """Put the stopwatch around the parts of a step; what is left over is the optimiser's."""
    task.batches = task._batch  # not in a thread beside, whose time would count with the rest
    watch.watch(views, "resample", lambda: "loading")
    watch.watch(task, "_view", lambda: "augmentation")
    watch.watch(Encoded, "of", lambda: "queries" if torch.is_grad_enabled() else "keys")
    watch.watch(MomentumContrast, "forward", lambda: "losses")
    watch.watch(MomentumContrast, "_update_key_encoder", lambda: "key encoder")
    watch.watch(MomentumContrast, "_enqueue", lambda: "key encoder")
    watch.watch(torch.Tensor, "backward", lambda: "backward")


def multiplication_rate(clock: Callable[[], float], repeat: int = 4) -> float:
    """Operations a second of an fp32 matrix product."""
    one, other = torch.randn(SIDE, SIDE), torch.randn(SIDE, SIDE)
    torch.mm(one, other)
    times = []
    for _ in range(repeat):
        started = clock()
        torch.mm(one, other)
        times.append(clock() - started)
    return 2 * SIDE**3 / median(times)


def made_up_clips(count: int) -> Iterator[tuple[str, np.ndarray]]:
    """Clips in which joints and hands are missing at random."""
    rng = np.random.default_rng(0)
    for number in range(count):
        clip = rng.normal(size=(FRAMES, KEYPOINTS, 3)).astype(np.float32)
        clip[..., 2] = 1
        for hand, often in SEEN:
            clip[rng.random(FRAMES) >= often, hand] = 0
        yield str(number), clip


def full_task(settings: PretrainSettings) -> stage.Pretraining:
    """The task on made-up clips, its queues full of keys, as they are for most of a training."""
    parts = Parts.of(dict(made_up_clips(4 * settings.batch_size)))
    rows = np.tile(np.arange(len(parts)), -(-settings.queue // len(parts)))
    task = stage.Pretraining(settings, parts, rows, rows % SIGNERS)
    contrast = task.contrast
    contrast.signers.copy_(torch.arange(len(contrast.signers)) % SIGNERS)
    contrast.queues.copy_(F.normalize(torch.randn_like(contrast.queues), dim=-1))
    contrast.filled.fill_(contrast.queues.shape[2])
    return task


def watch_memory(clips: int, steps: int = 20) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        path = Path(scratch, "parts.h5")
        write_parts(path, made_up_clips(clips), clips * FRAMES, {"settings": {}, "inputs": {}})
        before = own_memory()
        parts = open_parts(path)
        settings = PretrainSettings()
        task = stage.Pretraining(settings, parts, np.arange(clips), np.arange(clips) % SIGNERS)
        trainer = loop.Trainer(task, settings, "fp32")
        for step in range(steps):
            trainer.step(0, step)
        print(f"{clips} clips, {steps} steps: {own_memory() - before:.0f} MB", flush=True)


def own_memory() -> float:
    """Resident megabytes of this process, without the pages of mapped files."""
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("RssAnon"):
            return int(line.split()[1]) / 1000
    raise RuntimeError("/proc/self/status has no RssAnon")


if __name__ == "__main__":
    main()
