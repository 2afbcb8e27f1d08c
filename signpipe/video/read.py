"""A video file, or a segment of it, to frames and times, by PyAV; and finding video files.

PyAV, unlike OpenCV, reports damage; neither applies the rotation in the metadata, so this does.
The frame count a container declares is often wrong and never used.
"""

import math
import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from fractions import Fraction
from itertools import chain
from pathlib import Path
from typing import IO, Any, Self

import av
import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.video.truncation import missing_bytes

VIDEO_SUFFIXES = frozenset(
    (
        *(".mp4", ".m4v", ".mov", ".qt", ".f4v", ".3gp", ".3g2"),
        *(".mkv", ".webm", ".avi", ".divx", ".wmv", ".asf", ".flv", ".ogv"),
        *(".mpg", ".mpeg", ".mpe", ".m2v", ".vob", ".ts", ".mts", ".m2ts", ".mxf", ".dv"),
    )
)
# A playlist or a session's description, whatever it calls itself, names further files and hosts:
# FFmpeg opens none of them, by no protocol.
NOTHING_ELSE = {"protocol_whitelist": "none"}
FALLBACK_RATE = 30.0  # frames a second where neither time stamps nor the container tell
# Annotations, and containers such as Matroska, round times to milliseconds: a frame that comes less
# than this before a boundary counts as on it. No frame rate in use has frames so close together.
ROUNDING = 0.002  # seconds
# A pixel's sides to each other, and pixels of a picture, which are 400 MB: no recording has more.
MOST_STRETCHED, MOST_PIXELS = 16, 1 << 27
# How far before a segment to look for a frame that can be decoded by itself, before giving up.
BACKSTEPS = (0.0, 1.0, 8.0, 64.0)  # seconds

# Damage is reported by exceptions; FFmpeg's own lines on stderr would only repeat it.
av.logging.set_level(av.logging.PANIC)


class VideoError(SignpipeError):
    """A file that gives no frames; the message says why, without the file's name."""


class EmptyVideo(VideoError):
    """A whole file without any frame: zero bytes, no video stream, or a stream of no frames; or a
    segment in which a whole file has none."""


class UnreadableVideo(VideoError):
    """A file that cannot be opened or decoded as a video at all."""


@dataclass(frozen=True)
class FoundVideo:
    """`path` is absolute with links resolved; `name` is relative to what was given, with /.

    A data set's annotations may give a clip its `clip_id`, and the `segment` of the file that it is
    (as `signpipe.datasets.clips` writes it); several clips can be from one file.
    """

    path: Path
    name: str
    clip_id: str = ""
    segment: str = ""

    @property
    def key(self) -> str:
        """What no other video of a run has: the clip id if it is given, or else the path."""
        return self.clip_id or str(self.path)

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

    With `start` or `end` (seconds after the file's first frame) only the frames from `start` to
    before `end` are given, the first of them at 0 seconds (in the file it is at `first` seconds),
    the same as if all were decoded; damage elsewhere in the file does not count. Where the
    container can, it is entered shortly before `start`.

    Opening and iterating raise EmptyVideo, UnreadableVideo or, if the file cannot be read from
    disk, OSError; ValueError if `end` is not after `start`.
    """

    def __init__(
        self, path: Path, start: Fraction | float = 0, end: Fraction | float | None = None
    ) -> None:
        self._start = float(start)
        self._end = math.inf if end is None else float(end)
        if not 0 <= self._start < self._end:
            raise ValueError(f"a segment from {self._start} s to {self._end} s has no frames")
        self._is_segment = self._start > 0 or self._end < math.inf
        self.width: int | None = None
        self.height: int | None = None
        self.rotation: int | None = None
        self.damage = ""
        self.frames = 0
        self.first = 0.0
        self._seconds = 0.0
        # An open file instead of a name: whatever its characters, FFmpeg takes it for no protocol.
        self._file: IO[bytes] = open(path, "rb")  # noqa: SIM115
        try:
            self._open()
        except BaseException:
            self._file.close()
            raise

    def _open(self) -> None:
        self._missing = missing_bytes(self._file)
        if not os.fstat(self._file.fileno()).st_size:
            raise EmptyVideo("the file is empty (0 bytes)")
        try:
            self._container = av.open(
                self._file, "r", options=NOTHING_ELSE, metadata_errors="replace"
            )
        except (av.FFmpegError, ValueError) as error:
            raise UnreadableVideo(f"it cannot be opened as a video ({_cause(error)})") from error
        if not self._container.streams.video:
            self._container.close()
            raise EmptyVideo("there is no video stream in the file")
        self._stream = self._container.streams.video[0]
        self._stream.codec_context.thread_count = 1
        self._rate = float(self._stream.average_rate or self._stream.guessed_rate or 0)
        self._origin: float | None = None
        self._enter()

    def _enter(self) -> None:
        """Forget what was met on the way to where the file is read from now."""
        self._time_in_file = -math.inf
        self._packets_met = self._undecodable = 0
        self._broken_off = self._why = ""

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

    @property
    def declared_seconds(self) -> float | None:
        """How long the container says the video is; None if it does not say."""
        stream, container = self._stream, self._container
        if stream.duration is not None and stream.time_base is not None:
            return float(stream.duration * stream.time_base)
        return None if container.duration is None else container.duration / av.time_base

    def __iter__(self) -> Iterator[tuple[float, NDArray[np.uint8]]]:
        first = math.nan
        ended = False
        for frame in self._from_before_start():
            time = self._time(frame)
            if time < self._start - ROUNDING:
                continue
            if time >= self._end - ROUNDING:
                ended = True
                break
            if math.isnan(first):
                first = self.first = time
            self._seconds = time - first
            self.frames += 1
            yield self._seconds, self._pixels(frame)
        damage = self._damage(ended)
        if not self.frames:
            raise self._nothing(damage, ended)
        self.damage = damage

    def _damage(self, ended: bool) -> str:
        """What is wrong in the segment, which `ended` before the file did, or in the whole file."""
        if self._undecodable:
            count = f"{self._undecodable} of {self._packets_met} packets"
            return f"{count} cannot be decoded ({self._why})"
        if ended:
            return ""
        missing = f"the last {self._missing} bytes of the file are missing" if self._missing else ""
        return self._broken_off or missing

    def _nothing(self, damage: str, ended: bool) -> VideoError:
        if not self._is_segment:
            if self._packets_met:
                cause = self._why or "no picture"
                return UnreadableVideo(f"none of its frames can be decoded ({cause})")
            return EmptyVideo("its video stream has no frames")
        until = "the end" if self._end == math.inf else f"{self._end:.3f} s"
        segment = f"the segment from {self._start:.3f} s to {until}"
        if damage:
            return UnreadableVideo(f"{segment} cannot be read: {damage}")
        if ended or self._time_in_file == -math.inf:
            return EmptyVideo(f"{segment} has no frame")
        return EmptyVideo(f"{segment} is after the last frame, at {self._time_in_file:.3f} s")

    def _from_before_start(self) -> Iterator[av.VideoFrame]:
        """The frames of the whole file or, of a segment, at least those from its start on."""
        frames = self._decoded()
        if self._start == 0:
            yield from frames
            return
        first = next(frames, None)
        if first is None:
            return
        self._time(first)  # from it on the file's time counts, wherever the file is entered
        for back in BACKSTEPS:
            entered = self._seek(self._start - back) if self._start > back else None
            if entered is not None:
                yield from entered
                return
        self._container.close()
        self._file.seek(0)
        self._open()
        yield from self._decoded()

    def _seek(self, seconds: float) -> Iterator[av.VideoFrame] | None:
        """The frames from one on that needs no other and is not after the segment's start.

        None if this did not lead to one. What is decoded before it may lack what it refers to.
        """
        if self._origin is None or not self._stream.time_base:
            return None
        self._enter()
        offset = math.floor((self._origin + seconds) / self._stream.time_base)
        try:
            self._container.seek(offset, stream=self._stream)
        except (av.FFmpegError, OverflowError):
            return None
        frames = self._decoded()
        for frame in frames:
            if frame.time is None or frame.time - self._origin > self._start:
                return None
            if frame.key_frame:
                return chain([frame], frames)
        return None

    def _decoded(self) -> Iterator[av.VideoFrame]:
        for packet in self._packets():
            counts = self._is_inside(packet)
            self._packets_met += counts and packet.size > 0
            try:
                frames = packet.decode()
            except av.FFmpegError as error:
                if counts:
                    self._undecodable += 1
                    self._why = self._why or _cause(error)
                continue
            for frame in frames:
                assert isinstance(frame, av.VideoFrame)
                yield frame

    def _is_inside(self, packet: "av.Packet[Any]") -> bool:
        if not self._is_segment or packet.pts is None or self._stream.time_base is None:
            return True
        seconds = float(packet.pts * self._stream.time_base) - (self._origin or 0.0)
        return self._start - ROUNDING <= seconds < self._end - ROUNDING

    def _packets(self) -> "Iterator[av.Packet[Any]]":
        try:
            yield from self._container.demux(self._stream)
        except av.FFmpegError as error:
            self._broken_off = f"the file cannot be read to its end ({_cause(error)})"
            flush = av.Packet()  # an empty one makes the decoder give what it still holds
            flush.stream = self._stream
            yield flush

    def _time(self, frame: av.VideoFrame) -> float:
        """Seconds after the file's first frame."""
        if self._origin is None:
            self._origin = frame.time or 0.0
            seconds = 0.0
        else:
            known = frame.time is not None
            seconds = float(frame.time or 0) - self._origin if known else -1.0
            if seconds <= self._time_in_file:  # missing, or running backwards
                seconds = self._time_in_file + 1 / (self._rate or FALLBACK_RATE)
        self._time_in_file = seconds
        return seconds

    def _pixels(self, frame: av.VideoFrame) -> NDArray[np.uint8]:
        if self.rotation is None:
            self._quarters = round(frame.rotation / 90) % 4  # counterclockwise
            self.rotation = -90 * self._quarters % 360
            ratio = self._stream.sample_aspect_ratio or 1
            if not 1 / MOST_STRETCHED <= ratio <= MOST_STRETCHED:
                raise UnreadableVideo(f"its pixels are said to be {float(ratio):g} times as wide")
            self._size = max(1, round(frame.width * ratio)), frame.height
            if self._size[0] * self._size[1] > MOST_PIXELS:
                raise UnreadableVideo(f"its picture is said to be of {self._size} pixels")
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


def walk_videos(folder: Path) -> Iterator[FoundVideo]:
    """Video files below a folder as `find_videos`, but a linked file under each of its names."""
    return _walk(os.path.realpath(folder), "", set())


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
