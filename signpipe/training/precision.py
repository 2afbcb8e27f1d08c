"""Which numbers the encoders compute with: fp32, or bfloat16 where that is faster in fact."""

import math
import time
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path

import torch

from signpipe.model.encoder import Encoder
from signpipe.settings import EncoderSettings, Precision
from signpipe.skeleton import KEYPOINTS
from signpipe.workspace import read_record, write_json

FASTER = 1.25  # so many times must bfloat16 be; near a tie chance would choose
TRIES, CLIPS = 3, 4


def pick_precision(
    wanted: Precision, encoder: EncoderSettings, device: torch.device, folder: Path
) -> str:
    """`fp32` or `bf16` for the run in `folder`.

    What `auto` finds by a trial is kept in the run's record, so that a resumed run goes on with it.
    """
    if wanted != "auto":
        return wanted
    record = read_record(folder)
    if record and "precision" in record:
        return str(record["precision"])
    found = choose(encoder, device)
    if record:
        write_json(folder / "settings.json", {**record, "precision": found})
    return found


def choose(encoder: EncoderSettings, device: torch.device) -> str:
    """bf16 where the device has it; on a processor also only if an encoder trains faster by it."""
    if device.type == "cuda":
        return "bf16" if torch.cuda.is_bf16_supported(including_emulation=False) else "fp32"
    with torch.random.fork_rng(devices=[]):
        faster = _has_bfloat16() and _pays(_product()) and _pays(_training(encoder))
    return "bf16" if faster else "fp32"


def _has_bfloat16() -> bool:
    there = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]
    return bool(there and torch.ops.mkldnn._is_mkldnn_bf16_supported())


def _pays(work: Callable[[], None]) -> bool:
    """Whether work is done clearly faster in bfloat16, by the processor's own clock."""
    seconds = {"fp32": math.inf, "bf16": math.inf}
    for _ in range(TRIES):
        for precision, least in seconds.items():
            started = time.process_time()
            with autocast(precision, torch.device("cpu")):
                work()
            seconds[precision] = min(least, time.process_time() - started)
    return seconds["fp32"] > FASTER * seconds["bf16"]


def _product() -> Callable[[], None]:
    """A matrix product, which takes milliseconds; where it gains nothing, no encoder does."""
    one, other = torch.randn(512, 512), torch.randn(512, 512)
    return lambda: [one @ other for _ in range(4)].clear()


def _training(settings: EncoderSettings) -> Callable[[], None]:
    """Forward and backward pass of an encoder for a few clips."""
    encoder = Encoder(settings)
    points = torch.randn(CLIPS, settings.frames, KEYPOINTS, 2)
    valid = torch.ones(points.shape[:3], dtype=torch.bool)
    return lambda: encoder(points, valid).fused.square().sum().backward()


def autocast(precision: str, device: torch.device) -> AbstractContextManager[None]:
    """The context in which encoders compute with `precision`."""
    return torch.autocast(device.type, torch.bfloat16, enabled=precision == "bf16")
