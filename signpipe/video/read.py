"""A video file to frames and times, by PyAV; and finding video files.

PyAV, unlike OpenCV, reports damage; neither applies the rotation in the metadata, so this does.
The frame count a container declares is often wrong and never used.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.video.whole import missing_bytes

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".f4v", ".3gp", ".3g2"),
        *(".mkv", ".webm", ".avi", ".divx", ".wmv", ".asf", ".flv", ".ogv"),
        *(".mpg", ".mpeg", ".mpe", ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".mxf", ".dv"),
    )
)
FALLBACK_RATE = 30.0  # frames a second where neither time stamps nor the container tell

# Damage is reported by exceptions; FFmpeg's own lines on stderr would only repeat it.
av.logging.set_level(av.logging.PANIC)


class VideoError(SignpipeError):
    """A file that gives no frames; the message says why, without the file's name."""


class EmptyVideo(VideoError):
    """A whole file without any frame: zero bytes, no video stream, or a stream of no frames."""


class UnreadableVideo(VideoError):
    """A file that cannot be opened or decoded as a video at all."""


@dataclass(frozen=True)
class FoundVideo:
    """`path` is absolute with links resolved; `name` is relative to what was given, with /."""

    path: Path
    name: str

    @property
    def folder(self) -> str:
        """The name of the folder it lies in, as it was found."""
        parents = self.name.split("/")[:-1]
        return parents[-1] if parents else self.path.parent.name


class Video:
    """An open video file: iterate for `(seconds, pixels)` of each frame, once.

    `seconds` start at 0 and grow; pixels are (height, width, 3) uint8 RGB as a player would show
    them (rotated, square pixels). `width`, `height` and `rotation` (degrees clockwise that the
    metadata asked for and that were applied) are None until the first frame; `damage` says what
    kept later frames from being read and is "" until then, and for a whole file.

    Opening and iterating raise EmptyVideo, UnreadableVideo or, if the file cannot be read from
    disk, OSError.
    """

    def __init__(self, path: Path) -> None:
        self.width: int | None = None
        self.height: int | None = None
        self.rotation: int | None = None
        self.damage = ""
        self.frames = 0
        self._seconds = 0.0
        self._origin: float | None = None
        # An open file instead of a name: whatever its characters, FFmpeg takes it for no protocol.
        self._file: IO[bytes] = open(path, "rb")  # noqa: SIM115
        try:
            self._container = self._open(path)
            self._stream = self._container.streams.video[0]
            self._stream.codec_context.thread_count = 1
            self._rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        except BaseException:
            self._file.close()
            raise

    def _open(self, path: Path) -> av.container.InputContainer:
        self._missing = missing_bytes(self._file)
        if not os.fstat(self._file.fileno()).st_size:
            raise EmptyVideo("the file is empty (0 bytes)")
        try:
            container = av.open(self._file, "r", metadata_errors="replace")
        except (av.FFmpegError, ValueError) as error:
            raise UnreadableVideo(f"it cannot be opened as a video ({_cause(error)})") from error
        if not container.streams.video:
            container.close()
            raise EmptyVideo("there is no video stream in the file")
        return container

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()
        self._file.close()

    @property
    def fps(self) -> float | None:
        """Frames a second of what was read so far, by time stamps; None if nothing tells it."""
        if self.frames > 1 and self._seconds > 0:
            return (self.frames - 1) / self._seconds
        return self._rate or None

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        packets = undecodable = 0
        cause = ""
        for packet in self._packets():
            packets += packet.size > 0
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                undecodable, cause = undecodable + 1, cause or _cause(error)
                continue
            for frame in frames:
                assert isinstance(frame, av.VideoFrame)
                yield self._time(frame), self._pixels(frame)
        if not self.frames and packets:
            raise UnreadableVideo(f"none of its frames can be decoded ({cause or 'no picture'})")
        if not self.frames:
            raise EmptyVideo("its video stream has no frames")
        if undecodable:
            self.damage = f"{undecodable} of {packets} packets cannot be decoded ({cause})"
        elif self._missing and not self.damage:
            self.damage = f"the last {self._missing} bytes of the file are missing"

    def _packets(self) -> "Iterator[av.Packet[Any]]":
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError as error:
            self.damage = f"the file cannot be read to its end ({_cause(error)})"
            flush = av.Packet()  # an empty one makes the decoder give what it still holds
            flush.stream = self._stream
            yield flush

    def _time(self, frame: av.VideoFrame) -> float:
        if self._origin is None:
            self._origin = frame.time or 0.0
            seconds = 0.0
        else:
            known = frame.time is not None
            seconds = float(frame.time or 0) - self._origin if known else -1.0
            if seconds <= self._seconds:  # missing, or running backwards
                seconds = self._seconds + 1 / (self._rate or FALLBACK_RATE)
        self._seconds = seconds
        self.frames += 1
        return seconds

    def _pixels(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        if self.rotation is None:
            self._quarters = round(frame.rotation / 90) % 4  # counterclockwise
            self.rotation = -90 * self._quarters % 360
            ratio = self._stream.sample_aspect_ratio or 1
            self._size = max(1, round(frame.width * ratio)), frame.height
            turned = self._quarters % 2 == 1
            self.width, self.height = self._size[::-1] if turned else self._size
        # A stream may change its size; everything after is brought to that of the first frame.
        width, height = self._size
        pixels = frame.to_ndarray(format="rgb24", width=width, height=height)
        return np.ascontiguousarray(np.rot90(pixels, self._quarters))


def _cause(error: Exception) -> str:
    text = getattr(error, "strerror", None) or str(error)
    log = getattr(error, "log", None)
    return f"{text}: {log[2].strip()}" if log else text


def find_videos(paths: Sequence[Path]) -> list[FoundVideo]:
    """Video files among `paths` and, recursively, in the folders among them, sorted by path.

    Linked folders are followed, each real folder once; hidden files in folders and files without a
    video's ending are passed over. Raises SignpipeError for a path that does not exist.
    """
    found: dict[str, FoundVideo] = {}
    seen: set[tuple[int, int]] = set()
    for path in paths:
        if path.is_dir():
            for video in _walk(os.path.realpath(path), "", seen):
                found.setdefault(str(video.path), video)
        elif not path.exists():
            raise SignpipeError(f"there is no file or folder {str(path)!r}; check the path")
        elif path.suffix.lower() not in VIDEO_SUFFIXES:
            note(f"{path} has no video's ending (such as .mp4 or .mov) and is passed over")
        else:
            real = os.path.realpath(path)
            found.setdefault(real, FoundVideo(Path(real), path.name))
    return [found[path] for path in sorted(found)]


def _walk(folder: str, prefix: str, seen: set[tuple[int, int]]) -> Iterator[FoundVideo]:
    """`folder` is a real path, so that only links need resolving."""
    try:
        status = os.stat(folder)
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError as error:
        note(f"{folder} cannot be searched: {error.strerror}")
        return
    if (status.st_dev, status.st_ino) in seen:
        return
    seen.add((status.st_dev, status.st_ino))
    for entry in entries:
        if entry.name.startswith("."):
            continue
        real = os.path.realpath(entry.path) if entry.is_symlink() else entry.path
        if _is_folder(entry):
            yield from _walk(real, f"{prefix}{entry.name}/", seen)
        elif os.path.splitext(entry.name)[1].lower() in VIDEO_SUFFIXES:
            yield FoundVideo(Path(real), prefix + entry.name)


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link that leads round in a circle
        return False
