"""Frames -> an H.264 file."""

import math
from collections.abc import Iterable, Iterator
from fractions import Fraction
from itertools import chain
from pathlib import Path

import av
import numpy as np
import numpy.typing as npt
from av.video.reformatter import Colorspace

from signpipe.workspace import atomic

Frame = npt.NDArray[np.uint8]

# With macroblock trees, x264 gives other bytes from run to run on processors with AVX-512, even
# with one thread; without them the same crf costs about a quarter more bytes.
_REPEATABLE = {"x264-params": "mbtree=0"}


def write_video(path: Path, frames: Iterable[Frame], fps: float | Fraction, crf: int = 23) -> None:
    """Write RGB frames (H, W, 3), uint8, as an mp4 file; `crf` 0..51, the lower the better.

    The file appears under its name only when it is complete. H.264 wants even sides: an odd one
    gets its last row or column twice. The same frames give the same bytes on one machine. Raises
    ValueError for no frames, frames of different size or type, or an fps that is none, and OSError
    when the file cannot be written.
    """
    if not 0 < fps < math.inf:
        raise ValueError(f"fps is {fps}, but must be above 0 and finite")
    remaining = iter(frames)
    first = next(remaining, None)
    if first is None:
        raise ValueError(f"there are no frames to write to {path}")
    alike = _checked(chain([first], remaining), first.shape)
    with atomic(path) as temporary:
        _encode(temporary, alike, first.shape, Fraction(fps).limit_denominator(100_000), crf)


def _checked(frames: Iterable[Frame], shape: tuple[int, ...]) -> Iterator[Frame]:
    """Refuse what would otherwise be silently scaled or misread, and make sides even."""
    for number, frame in enumerate(frames):
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3:
            raise ValueError(f"frame {number} is {frame.dtype} {frame.shape}, not uint8 (H, W, 3)")
        if frame.shape != shape:
            raise ValueError(f"frame {number} is {frame.shape}, but frame 0 is {shape}")
        odd = ((0, shape[0] % 2), (0, shape[1] % 2), (0, 0))
        yield np.ascontiguousarray(np.pad(frame, odd, mode="edge"))


def _encode(
    path: Path, frames: Iterator[Frame], shape: tuple[int, ...], rate: Fraction, crf: int
) -> None:
    with av.open(str(path), "w", format="mp4", options={"movflags": "+faststart"}) as container:
        stream = container.add_stream("libx264", rate=rate)
        stream.height, stream.width = (side + side % 2 for side in shape[:2])
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(crf), "preset": "slow", **_REPEATABLE}
        stream.codec_context.thread_count = 1  # more threads would make the bytes differ
        stream.codec_context.colorspace = Colorspace.ITU601  # what the conversion from RGB uses
        for frame in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(frame, format="rgb24")))
        container.mux(stream.encode())
