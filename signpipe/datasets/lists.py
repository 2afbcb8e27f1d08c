"""Split lists: a text file a split, a video a line, maybe followed by its class number."""

import re
from dataclasses import dataclass

from signpipe.datasets.clips import Collector
from signpipe.datasets.files import is_plain, look_for, read_rows, without_ending
from signpipe.splits import TEST, TRAIN, VAL


@dataclass(frozen=True)
class Listed:
    """A line: `video` is <folder>/<name> without ending, `number` its class if it is given."""

    where: str
    video: str
    number: int | None
    split: str


def read_split_lists(collector: Collector, folder: str, *patterns: str) -> list[Listed]:
    """The lines of the lists named `patterns` with {} for train, val and test.

    They lie in the root or in `folder`; cells are parted by a comma, a tab or a space. A line that
    is none is noted and left out.
    """
    listed = []
    for split in (TRAIN, VAL, TEST):
        names = [pattern.format(split) for pattern in patterns]
        names += [f"{folder}/{name}" for name in names]
        file = look_for(collector.videos.root, *names)
        for line, cells in read_rows(file, ",", "\t", " ") if file else ():
            where = f"{file}, line {line}"
            video = without_ending(cells[0].removeprefix("./"))
            number = cells[1] if len(cells) == 2 else "0"
            if (
                len(cells) > 2
                or not re.fullmatch(r"\d{1,6}", number, re.ASCII)
                or len(video.split("/")) != 2
                or not all(map(is_plain, video.split("/")))
            ):
                collector.skip(where, "it is not <folder>/<video> and maybe a class number")
            else:
                listed.append(Listed(where, video, int(number) if len(cells) == 2 else None, split))
    return listed
