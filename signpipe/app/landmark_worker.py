"""The one process that finds landmarks: camera pictures frame by frame, and whole takes.

A take is looked at again as a clip of its own, with a fresh graph, so that what is taught is what
`extract` makes of its recording.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial

from signpipe.errors import SignpipeError
from signpipe.extraction.pool import Lost, Pool
from signpipe.landmarks.holistic import Holistic
from signpipe.landmarks.pack import Landmarks
from signpipe.settings import ExtractSettings
from signpipe.video.jpeg import decode_jpeg, file_times

FOREVER = 1 << 60  # pictures: state goes from one to the next, so the worker is not replaced
SECONDS = 60.0  # a picture takes a twentieth, a take of ten seconds some ten
STEP = 8  # pixels between those whose brightness is looked at


@dataclass(frozen=True)
class CameraFrame:
    """`seconds` of the browser's clock and a picture as JPEG; a `fresh` one begins a stream."""

    seconds: float
    jpeg: bytes
    fresh: bool = False


@dataclass(frozen=True)
class SeenFrame:
    """What is in one picture: landmarks of one frame, its size in pixels, brightness in [0, 1]."""

    landmarks: Landmarks
    width: int
    height: int
    brightness: float


@dataclass(frozen=True)
class RecordedFrames:
    """A recording's frames, `(seconds, JPEG)`."""

    frames: tuple[tuple[float, bytes], ...]


@dataclass(frozen=True)
class TakeLandmarks:
    """A take's landmarks, its times from 0, and its picture's size in pixels."""

    landmarks: Landmarks
    width: int
    height: int


class LandmarkWorker:
    """Holistic in a process of its own, which ends when idle and starts again when asked.

    Safe to use from threads, which take turns.
    """

    def __init__(self, settings: ExtractSettings) -> None:
        self.settings = settings
        self._pool: Pool[CameraFrame | RecordedFrames, SeenFrame | TakeLandmarks] = Pool(
            partial(_looking, settings), 1, timeout=SECONDS, recycle=FOREVER
        )
        self._lock = threading.Lock()

    def start(self) -> None:
        """Start loading the models, without waiting for them."""
        with self._lock:
            self._pool.start(1)

    def see(self, frame: CameraFrame) -> SeenFrame:
        """What is in a picture. Raises SignpipeError if it cannot be looked at."""
        seen = self._do(frame)
        assert isinstance(seen, SeenFrame)
        return seen

    def extract(self, frames: Sequence[tuple[float, bytes]]) -> TakeLandmarks:
        """Landmarks of a recording, `(seconds, JPEG)`, as `extract` would find them.

        Raises SignpipeError if it cannot be looked at.
        """
        taken = self._do(RecordedFrames(tuple(frames)))
        assert isinstance(taken, TakeLandmarks)
        return taken

    def _do(self, job: CameraFrame | RecordedFrames) -> SeenFrame | TakeLandmarks:
        with self._lock:
            [(_, result)] = self._pool.run([job])
        if isinstance(result, Lost):
            raise SignpipeError(f"the picture cannot be looked at: {result.reason}; try again")
        return result

    def close(self) -> None:
        """End the process, whatever it does."""
        with self._lock:
            self._pool.close()


@contextmanager
def _looking(
    settings: ExtractSettings,
) -> Iterator[Callable[[CameraFrame | RecordedFrames], SeenFrame | TakeLandmarks]]:
    """What the pool makes in the child."""
    with Holistic(settings) as holistic:
        yield _Looker(holistic).do


class _Looker:
    def __init__(self, holistic: Holistic) -> None:
        self._holistic = holistic
        self._fresh = True

    def do(self, job: CameraFrame | RecordedFrames) -> SeenFrame | TakeLandmarks:
        if isinstance(job, RecordedFrames):
            self._fresh = True  # the stream that goes on after it must not see it
            return _extract(self._holistic, job)
        pixels = decode_jpeg(job.jpeg)
        fresh, self._fresh = self._fresh or job.fresh, True  # of what fails, nothing is kept
        landmarks = self._holistic.next_frame(job.seconds, pixels, fresh=fresh)
        self._fresh = False
        brightness = float(pixels[::STEP, ::STEP].mean()) / 255
        height, width, _ = pixels.shape
        return SeenFrame(landmarks, width, height, brightness)


def _extract(holistic: Holistic, take: RecordedFrames) -> TakeLandmarks:
    times = file_times(take.frames)
    pictures = [(t, decode_jpeg(jpeg)) for t, (_, jpeg) in zip(times, take.frames, strict=True)]
    height, width, _ = pictures[0][1].shape
    if any(pixels.shape != (height, width, 3) for _, pixels in pictures):
        raise ValueError("the camera's picture has changed its size")
    landmarks = holistic.landmarks(pictures)
    assert landmarks.times is not None
    return TakeLandmarks(landmarks, width, height)
