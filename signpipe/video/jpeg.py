"""JPEG pictures of a camera: decoded as `Video` would, or written as a file that it reads."""

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
from numpy.typing import NDArray

from signpipe.workspace import atomic

MOST_BYTES, MOST_SIDE = 4 << 20, 2048  # of one picture; a camera's are far smaller
CLOCK = Fraction(1, 1000)  # Matroska's: times are rounded to it

av.logging.set_level(av.logging.PANIC)


def decode_jpeg(jpeg: bytes) -> NDArray[np.uint8]:
    """The pixels (H, W, 3) uint8 RGB, as `Video` gives them of a file that `write_jpegs` wrote.

    Raises ValueError for what is no JPEG, or larger than any camera's.
    """
    if not 0 < len(jpeg) <= MOST_BYTES:
        raise ValueError(f"a picture has {len(jpeg)} bytes")
    try:
        frames = av.CodecContext.create("mjpeg", "r").decode(av.Packet(jpeg))
    except av.FFmpegError as error:
        raise ValueError(f"a picture is no JPEG: {error}") from error
    frame = next(iter(frames), None)
    if not isinstance(frame, av.VideoFrame):
        raise ValueError("a picture is no JPEG")
    if max(frame.width, frame.height) > MOST_SIDE:
        raise ValueError(f"a picture is of {frame.width} x {frame.height} pixels")
    return np.ascontiguousarray(frame.to_ndarray(format="rgb24"))


def file_times(frames: Sequence[tuple[float, bytes]]) -> list[float]:
    """The seconds of `(seconds, JPEG)` as a file of them has them: from 0, whole milliseconds."""
    return [float(tick * CLOCK) for tick in _ticks(frames)]


def _ticks(frames: Sequence[tuple[float, bytes]]) -> list[int]:
    ticks: list[int] = []
    for seconds, _ in frames:
        tick = round((seconds - frames[0][0]) / CLOCK)
        ticks.append(max(tick, ticks[-1] + 1) if ticks else tick)
    return ticks


def write_jpegs(path: Path, frames: Sequence[tuple[float, bytes]]) -> None:
    """Write `(seconds, JPEG)` as a Matroska file (.mkv), the pictures as they are, atomically.

    Raises ValueError for no frames, OSError when the file cannot be written.
    """
    if not frames:
        raise ValueError(f"there are no frames to write to {path}")
    height, width, _ = decode_jpeg(frames[0][1]).shape
    with atomic(path) as temporary, av.open(str(temporary), "w", format="matroska") as container:
        stream = container.add_stream("mjpeg", rate=30)
        stream.width, stream.height, stream.pix_fmt = width, height, "yuvj420p"
        stream.time_base = CLOCK
        for tick, (_, jpeg) in zip(_ticks(frames), frames, strict=True):
            packet = av.Packet(jpeg)
            packet.pts = packet.dts = tick
            packet.time_base, packet.stream, packet.is_keyframe = CLOCK, stream, True
            container.mux(packet)
