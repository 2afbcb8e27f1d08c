"""Clips as other tools leave them: what the reader of every foreign format finds and gives."""

import importlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from signpipe.errors import SignpipeError, missing_extra
from signpipe.landmarks.pack import SHAPES, Landmarks


class UnreadableClip(SignpipeError):
    """A clip that cannot be taken in; the message says why, without the clip's name."""


@dataclass(frozen=True)
class ForeignRecording:
    """What one clip's file or folder holds.

    `sha256` is that of the bytes that were read; `fps`, `width` and `height` (pixels) are None
    where the format does not tell them. Raises UnreadableClip if a landmark is infinite.
    """

    landmarks: Landmarks
    sha256: str
    fps: float | None = None
    width: int | None = None
    height: int | None = None

    def __post_init__(self) -> None:
        for part in SHAPES:
            if np.isinf(getattr(self.landmarks, part)).any():
                raise UnreadableClip(f"its {part} holds infinite numbers")


@dataclass(frozen=True)
class ForeignClip:
    """A clip that was found but not yet read.

    `path` is a file or a folder of frames, absolute, links resolved; `collection` and `name` are
    what its pack and its clip id are made of; `read` raises UnreadableClip or OSError.
    """

    path: Path
    collection: str
    name: str
    read: Callable[[Path], ForeignRecording]
    label: str = ""
    signer: str = ""


def stamp(path: Path) -> tuple[int, int]:
    """(bytes, newest mtime_ns) of a file, or of a folder's files together. Raises OSError."""
    if not path.is_dir():
        status = path.stat()
        return status.st_size, status.st_mtime_ns
    # The folder's own time changes when a file comes or goes, the files' when one is rewritten.
    with os.scandir(path) as entries:
        stats = [entry.stat() for entry in entries]
    times = [path.stat().st_mtime_ns, *(status.st_mtime_ns for status in stats)]
    return sum(status.st_size for status in stats), max(times)


def judge(landmarks: Landmarks) -> tuple[str, str]:
    """The status of a clip that was read, and the reason where it is not ok."""
    if not len(landmarks):
        return "empty", "it has no frames"
    if not landmarks.seen("pose").any():
        return "nobody", "no person was found in any frame"
    return "ok", ""


def optional(module: str, package: str, purpose: str) -> Any:
    """Import a module of the extra `formats`. Raises SignpipeError that says what to install."""
    try:
        return importlib.import_module(module)
    except ImportError as error:
        raise missing_extra(purpose, package, "formats") from error
