"""A recording of any length, extracted in pieces by workers, each kept as soon as it is there.

Every piece is 20 seconds of the file and begins with a fresh graph: what is in it does not
depend on who extracted it when. Stopped at any time, the same recording goes on with the first
piece that is missing; no more than a few are in memory.
"""

import math
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path

from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.pool import Lost, Pool
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings
from signpipe.video.read import Video
from signpipe.video.segments import segment_text
from signpipe.workspace import sha256_of_version

PIECE = 20  # seconds, of the file
AHEAD = 4  # pieces a worker that are looked for, and held, at a time
GIVEN_UP = 15  # pieces one after the other without a frame: there is no more to come
Job = tuple[Path, int, int]  # the recording, seconds of a piece, its number


class RecordingPieces:
    """Iterate for the extraction of each piece, in order; landmarks' times are the recording's.

    A piece that cannot be read has a status that says so, and those after it follow. Without a
    `cache` nothing is kept. Opening raises VideoError or OSError as `Video` does. Use it in a
    `with`: its workers, by default one a core, start with the first piece that is missing.
    """

    def __init__(
        self,
        path: Path,
        settings: ExtractSettings,
        *,
        workers: int | None = None,
        cache: LandmarkCache | None = None,
        seconds: int = PIECE,
    ) -> None:
        self._path, self._cache, self._seconds = path, cache, seconds
        with Video(path) as video:
            declared = video.declared_seconds or 0
        self.expected = max(1, math.ceil(declared / seconds))  # containers may be wrong
        self._workers = workers or len(os.sched_getaffinity(0))
        self._pool: Pool[Job, Extraction] = Pool(partial(_watcher, settings), self._workers)
        self._key = ""
        if cache is not None:
            status = os.stat(path)
            sha256 = sha256_of_version(path, status.st_size, status.st_mtime_ns)
            self._key = cache.key(sha256, settings)

    def __enter__(self) -> "RecordingPieces":
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def __iter__(self) -> Iterator[Extraction]:
        first = nothing = 0
        while nothing < GIVEN_UP:
            # One more than expected is tried alone: mostly there is none.
            count = max(1, min(AHEAD * self._workers, self.expected - first))
            for number, extraction in self._batch(range(first, first + count)):
                nothing = 0 if extraction.landmarks is not None else nothing + 1
                if extraction.status == "empty":
                    if number >= self.expected:
                        return
                    continue
                yield extraction
                if number >= self.expected and extraction.landmarks is None:
                    return
            first += count

    def _batch(self, numbers: range) -> Iterator[tuple[int, Extraction]]:
        found = {number: self._known(number) for number in numbers}
        missing = [number for number, known in found.items() if known is None]
        jobs = [(self._path, self._seconds, number) for number in missing]
        with closing(self._pool.run(jobs)) as results:
            for number in numbers:
                while (extraction := found[number]) is None:
                    (_, _, done), result = next(results)
                    found[done] = self._finished(done, result)
                found[number] = None
                yield number, extraction
            next(results, None)  # ends the run, so that the workers are kept for the next

    def _known(self, number: int) -> Extraction | None:
        return None if self._cache is None else self._cache.get(self._name(number))

    def _finished(self, number: int, result: Extraction | Lost) -> Extraction:
        if isinstance(result, Lost):
            return Extraction("failed", result.reason)
        if self._cache is not None:
            self._cache.put(self._name(number), result)
        return result

    def _name(self, number: int) -> str:
        return f"{self._key}-{self._seconds}s-{number}"


@contextmanager
def _watcher(settings: ExtractSettings) -> Iterator[Callable[[Job], Extraction]]:
    with Holistic(settings) as holistic:
        yield lambda job: _extract_piece(*job, holistic)


def _extract_piece(path: Path, seconds: int, number: int, holistic: Holistic) -> Extraction:
    segment = segment_text(Fraction(number * seconds), Fraction((number + 1) * seconds))
    found = extract_clip(path, holistic, segment)
    if found.landmarks is None or found.landmarks.times is None:
        return found
    times = found.landmarks.times + found.first
    return replace(found, landmarks=replace(found.landmarks, times=times))
