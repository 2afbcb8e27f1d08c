"""Training on several devices: one process each, started here or, on several machines, by torchrun.

The processes train on shares of every batch (`signpipe.model.distributed`). Only the first one does
what comes before and after, and writes; the others run the training alone.
"""

import ctypes
import datetime
import os
import signal
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import torch
import torch.distributed as dist
from torch import multiprocessing
from torch.multiprocessing.spawn import (
    ProcessExitedException,
    ProcessRaisedException,
    start_processes,
)

from signpipe.errors import SignpipeError
from signpipe.model import distributed
from signpipe.progress import console

Train = Callable[..., None]  # of module level, for it is called by name in the other processes

PATIENCE = datetime.timedelta(days=1)  # the others wait while the first prepares
GONE = "a process of this training has ended; the same command goes on from the last checkpoint"

# glibc's mallopt: never a mapping of its own for a large block, keep what is freed.
M_TRIM_THRESHOLD, M_TOP_PAD, M_MMAP_MAX = -1, -2, -4


def keep_memory() -> None:
    """Have the C library reuse large blocks, where it would ask the system for cleared ones.

    Every step frees and takes the same sizes; fresh pages cost a third of a step on a processor.
    """
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt:
        mallopt(M_MMAP_MAX, 0)
        mallopt(M_TRIM_THRESHOLD, 2**31 - 1)
        mallopt(M_TOP_PAD, 64 * 2**20)


@contextmanager
def team() -> Iterator[None]:
    """Join the processes that torchrun started, if it did.

    Only the first of them enters the block. The others do their part of what it trains by
    `train_on`, and then exit.
    """
    if int(os.environ.get("WORLD_SIZE", "1")) == 1:
        yield
        return
    try:
        _join(int(os.environ.get("LOCAL_RANK", "0")), "env://")
        if distributed.rank():
            _follow()
            raise SystemExit(0)
        try:
            yield
        finally:
            dismiss()
    except RuntimeError as error:
        raise _lost(error) from error


def dismiss() -> None:
    """Let the others of the team go, if they still wait for something to train."""
    if distributed.world_size() > 1:
        distributed.broadcast(None)
        dist.destroy_process_group()


def check_devices(devices: int, batch: int) -> None:
    """Raises SignpipeError if there are not so many, or a batch has too few clips to be shared."""
    count = max(devices, int(os.environ.get("WORLD_SIZE", "1")))
    if count > batch:
        raise SignpipeError(
            f"{count} devices cannot share batches of {batch} clips; use fewer devices, more clips "
            "or a larger batch"
        )
    gpus = torch.cuda.device_count()
    if gpus and devices > gpus:
        raise SignpipeError(f"--devices {devices}: this machine has {gpus} GPU(s)")
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    if not gpus and devices > (cores or 1):
        raise SignpipeError(f"--devices {devices}: this machine has {cores} processor core(s)")


def train_on(devices: int, function: Train, *arguments: Any) -> None:
    """Call `function` in every process of the team, or in `devices` new ones; for one do nothing.

    Raises SignpipeError if one of them does, or ends otherwise than by returning.
    """
    if distributed.world_size() > 1:
        distributed.broadcast((function, arguments))
        _work(function, arguments)
    elif devices > 1:
        with tempfile.TemporaryDirectory() as meeting:
            _spawn(devices, f"file://{meeting}/ranks", function, arguments)


def _follow() -> None:
    work: tuple[Train, tuple[Any, ...]] | None = None
    work = distributed.broadcast(work)
    if work:
        _work(*work)
    else:
        dist.destroy_process_group()


def _work(function: Train, arguments: tuple[Any, ...]) -> None:
    function(*arguments)
    dist.barrier()
    dist.destroy_process_group()


def _join(place: int, method: str, rank: int = -1, count: int = -1) -> None:
    # Waiting for other ranks cannot be interrupted from Python, so Ctrl-C ends the process at once.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    gpu = torch.cuda.is_available()
    if gpu:
        torch.cuda.set_device(place)
    backend = "nccl" if gpu else "gloo"
    dist.init_process_group(backend, method, PATIENCE, rank=rank, world_size=count)
    if distributed.rank():
        console.quiet = True


def _spawn(count: int, method: str, function: Train, arguments: tuple[Any, ...]) -> None:
    threads = max(1, torch.get_num_threads() // count)
    failures = multiprocessing.get_context("spawn").SimpleQueue()
    started = start_processes(  # type: ignore[no-untyped-call]
        _one,
        (count, method, threads, failures, function, arguments),
        nprocs=count,
        join=False,
        daemon=True,
        start_method="spawn",
    )
    try:
        while not started.join(timeout=0.1):
            pass
    except ProcessExitedException as error:
        raise SignpipeError(GONE if failures.empty() else failures.get()) from error
    except ProcessRaisedException as error:
        cause = str(error).strip().splitlines()[-1]
        message = f"a process of this training failed: {cause}"
        raise SignpipeError(message if failures.empty() else failures.get()) from error
    finally:
        for process in started.processes:
            process.kill()


def _one(
    rank: int,
    count: int,
    method: str,
    threads: int,
    failures: Any,
    function: Train,
    arguments: tuple[Any, ...],
) -> None:
    """What each new process does; a sentence for the person goes to `failures`."""
    torch.set_num_threads(threads)
    if sys.platform == "linux":
        os.environ.setdefault("GLOO_SOCKET_IFNAME", "lo")
    try:
        _join(rank, method, rank, count)
        _work(function, arguments)
    except SignpipeError as error:
        failures.put(str(error))
        raise SystemExit(1) from error
    except RuntimeError as error:
        with suppress(SignpipeError):
            raise _lost(error) from error
        raise SystemExit(1) from error


def _lost(error: RuntimeError) -> Exception:
    """What a broken connection to another rank means to a person; any other error as it is."""
    broken = any(word in str(error) for word in ("gloo", "NCCL", "Connection", "peer"))
    return SignpipeError(GONE) if broken else error
