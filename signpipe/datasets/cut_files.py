"""Which part of a found video is the clip: the annotated segment, unless the file is cut to it."""

import os
from fractions import Fraction
from functools import lru_cache
from pathlib import Path

from signpipe.video.read import FoundVideo, Video, VideoError

# Seconds by which clips that people cut may be longer or shorter than annotated.
LEEWAY = Fraction(1)


def segment_of(
    found: FoundVideo | None, start: Fraction, end: Fraction | None
) -> tuple[Fraction, Fraction | None]:
    """The segment to take from a file that may be the untrimmed source or be cut from it already.

    Both kinds go by the same names. A file that is about as long as the segment, and too short to
    hold it where it is annotated, has been cut: it is taken whole, 0 to None.
    """
    if found is None or not start or end is None:
        return start, end
    try:
        status = os.stat(found.path)
        seconds = _declared_seconds(found.path, status.st_size, status.st_mtime_ns)
    except (VideoError, OSError):  # whoever reads its frames will say so
        seconds = None
    length = end - start
    if seconds is not None and length - LEEWAY <= seconds < length + min(LEEWAY, start / 2):
        return Fraction(0), None
    return start, end


@lru_cache(maxsize=100_000)
def _declared_seconds(path: Path, size: int, mtime_ns: int) -> float | None:
    """Of a file that has this size and time of change, opened once for all its segments."""
    with Video(path) as video:
        return video.declared_seconds
