"""Given clips to their extractions, one by one: what is known at once, the rest by workers."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path
from typing import Self

from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.given_clips import GivenClip
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.extraction.pool import Lost, Pool
from signpipe.landmarks.bare_mediapipe import bare_mediapipe
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings

BLOCK = 256  # clips that are looked up, and whose landmarks are held, at a time
Job = tuple[int, Path]  # a clip's place, its video


class ExtractionStream:
    """Iterate for each clip with its extraction, in the order given, each as soon as it is there.

    The workers, by default one a core and never more than there are videos to watch, start when
    this is made, so that what the caller still has to load costs no time. Use it in a `with`.
    """

    def __init__(
        self, clips: Sequence[GivenClip], known: KnownLandmarks, workers: int | None = None
    ) -> None:
        self._clips, self._known = clips, known
        make = partial(_watcher, known.settings)
        self._pool: Pool[Job, Extraction] = Pool(make, workers or len(os.sched_getaffinity(0)))
        self._first = self._find(0)
        self._pool.start(self._first.count(None))

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.close()

    def __iter__(self) -> Iterator[tuple[GivenClip, Extraction]]:
        for start in range(0, len(self._clips), BLOCK):
            found = self._first if start == 0 else self._find(start)
            missing = [i for i, extraction in enumerate(found) if extraction is None]
            jobs = [(place, self._clips[start + place].path) for place in missing]
            with closing(self._pool.run(jobs)) as results:
                for place, clip in enumerate(self._clips[start : start + BLOCK]):
                    while (extraction := found[place]) is None:
                        (done, _), result = next(results)
                        found[done] = self._finished(self._clips[start + done], result)
                    found[place] = None  # it may be large
                    yield clip, extraction
                next(results, None)  # ends the run, so that the workers are kept for the next

    def _find(self, start: int) -> list[Extraction | None]:
        return [self._known.find(clip) for clip in self._clips[start : start + BLOCK]]

    def _finished(self, clip: GivenClip, result: Extraction | Lost) -> Extraction:
        if isinstance(result, Lost):
            return Extraction("failed", result.reason)
        self._known.keep(clip, result)
        return result


@contextmanager
def _watcher(settings: ExtractSettings) -> Iterator[Callable[[Job], Extraction]]:
    bare_mediapipe()
    with Holistic(settings) as holistic:
        yield lambda job: extract_clip(job[1], holistic)
