"""A data set's folder: its videos by name, and its annotation files as plain values.

Annotations are data from elsewhere. What they call a video is only ever looked up among the files
that were found below the root, so that no name in them can lead out of it.
"""

import os
import unicodedata
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.tables import cells_of, read_text
from signpipe.video.read import VIDEO_SUFFIXES, FoundVideo, walk_videos
from signpipe.workspace import parse_json

TAIL_PARTS = 3  # how many of the last parts of a video's path annotations name it by, at most


class VideoIndex:
    """All videos below `root`, found by the last parts of their paths, without ending.

    `videos` are all of them with their paths below the root without ending, sorted by these.
    Raises SignpipeError if `root` is no folder.
    """

    def __init__(self, root: Path) -> None:
        if not root.is_dir():
            raise SignpipeError(f"there is no folder {str(root)!r}; give the data set's folder")
        self.root = Path(os.path.realpath(root))
        found = ((without_ending(video.name), video) for video in walk_videos(root))
        self.videos = sorted(found, key=lambda item: (item[0], item[1].name))
        self._by_path = {_key(video.name): video for _, video in self.videos}
        self._by_tail: dict[str, FoundVideo] = {}
        # Of several videos with one tail, the one in the fewest folders.
        for name, video in sorted(self.videos, key=lambda item: item[0].count("/")):
            parts = _key(name).split("/")
            for count in range(1, TAIL_PARTS + 1):
                self._by_tail.setdefault("/".join(parts[-count:]), video)

    def at(self, path: str) -> FoundVideo | None:
        """The video at exactly this path below the root, ending included."""
        return self._by_path.get(_key(path))

    def find(self, *tails: str) -> FoundVideo | None:
        """The video whose path ends in the first of `tails` that any video's does."""
        return next((self._by_tail[k] for k in map(_key, tails) if k in self._by_tail), None)


def _key(name: str) -> str:
    # Some systems spell é as e and an accent in file names, annotations do not.
    return unicodedata.normalize("NFC", name)


def without_ending(name: str) -> str:
    """A path or name without a video's ending; other dots are the name's own."""
    stem, ending = os.path.splitext(name)
    return stem if ending.lower() in VIDEO_SUFFIXES else name


def is_plain(name: object) -> bool:
    """Whether an annotation's name is that of one file in a folder, not a path.

    Odd spaces and joiners are part of ordinary names, control characters and lone surrogates of
    none that text can tell.
    """
    return (
        isinstance(name, str)
        and name not in ("", ".", "..")
        and not any(c in "/\\" or unicodedata.category(c) in ("Cc", "Cs") for c in name)
    )


def look_for(root: Path, *names: str) -> Path | None:
    """The first of these files below `root` that exists."""
    return next((root / name for name in names if (root / name).is_file()), None)


def need(root: Path, *names: str) -> Path:
    """The first of these files that exists. Raises SignpipeError if there is none."""
    file = look_for(root, *names)
    if file is None:
        others = f" (nor {', '.join(names[1:])})" if names[1:] else ""
        raise SignpipeError(
            f"{root} has no {names[0]}{others}; put the data set's annotation files there"
        )
    return file


def read_json(file: Path, kind: type[list[Any]] | type[dict[str, Any]]) -> Any:
    """A JSON file whose outermost value is a `kind`. Raises SignpipeError if it is not."""
    try:
        value = parse_json(read_text(file))
    except ValueError as error:
        raise SignpipeError(
            f"{file} is not JSON ({error}); get the published file again"
        ) from error
    if not isinstance(value, kind):
        name = "a list" if kind is list else "an object"
        raise SignpipeError(f"{file} does not hold {name}; get the published file again")
    return value


def read_rows(
    file: Path, *delimiters: str, encodings: Sequence[str] = ()
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line that is not blank; by the delimiter that is most used.

    Raises SignpipeError if the file cannot be read.
    """
    for line, row in cells_of(file, read_text(file, *encodings), *delimiters, sample=10):
        cells = [cell.strip() for cell in row]
        if any(cells):
            yield line, cells
