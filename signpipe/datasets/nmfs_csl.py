"""NMFs-CSL: 1,067 signs of Chinese Sign Language, many told apart by the face alone.

Videos lie in a folder a sign, named by its number. The split is published as lists without signers:
uni_trainlist01.csv and uni_testlist01.csv with lines "<folder>/<video>,<class number>", or
trainlist01.txt and testlist01.txt, maybe in traintestlist/, with "<folder>/<video> <class number>",
where the test list may go without the number, which then is the folder's. Names go with or without
the file's ending. There is no validation split. Labels are the class numbers, in four digits, or
the words of a `dictionary.txt` with lines "<class number><tab>word".
"""

import re
from pathlib import Path

from signpipe.datasets.clips import AnnotatedClip, Collector, distinct
from signpipe.datasets.files import look_for, read_rows
from signpipe.datasets.lists import Listed, read_split_lists
from signpipe.errors import SignpipeError

SIGNS = 1067


def read(collector: Collector) -> None:
    """Collect all clips. Raises SignpipeError if there are no lists."""
    listed = read_split_lists(collector, "traintestlist", "uni_{}list01.csv", "{}list01.txt")
    if not listed:
        raise SignpipeError(
            f"{collector.videos.root} has no uni_trainlist01.csv and uni_testlist01.csv (nor "
            "traintestlist/trainlist01.txt and testlist01.txt) with a video in them; put the data "
            "set's lists there"
        )
    words = _words(collector)
    for line in listed:
        number = _number(line)
        if number is None:
            collector.skip(line.where, f"it has no class number from 0 to {SIGNS}")
            continue
        label = words.get(number, f"{number:04d}")
        path = Path(f"{line.video}.mp4")
        found = collector.videos.find(line.video)
        collector.add(line.where, AnnotatedClip(line.video, path, label, split=line.split), found)


def _number(line: Listed) -> int | None:
    folder = line.video.split("/")[0]
    if line.number is None and not re.fullmatch(r"\d{1,6}", folder, re.ASCII):
        return None
    number = int(folder) if line.number is None else line.number
    return number if number <= SIGNS else None  # lists count from 0 or from 1


def _words(collector: Collector) -> dict[int, str]:
    file = look_for(collector.videos.root, "dictionary.txt")
    words = {}
    for line, cells in read_rows(file, "\t", encodings=("gb18030",)) if file else ():
        if len(cells) == 2 and re.fullmatch(r"\d{1,6}", cells[0], re.ASCII) and cells[1]:
            words[int(cells[0])] = cells[1]
        else:
            collector.skip(f"{file}, line {line}", "it is not a number, a tab and a word")
    return distinct(words)
