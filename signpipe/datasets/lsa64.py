"""LSA64: 64 signs of Argentinian Sign Language, by 10 people, 5 times each.

Videos are named <sign>_<person>_<repetition>, each in three digits from 001, such as
001_010_005.mp4; they lie anywhere below the root, all/ and all_cut/ in the published archives. What
is not there of the 3,200 is missing. There are no annotation files; a `meta.csv` with lines
"1|Opaque|R" (sign, name, hands), as the data set's page lists them, gives the labels their names,
and without it they are the three digits.

The authors draw their splits at random. The split here is the usual signer-independent one: persons
1 to 8 train, 9 validation, 10 test.
"""

import re
from pathlib import Path

from signpipe.datasets.clips import AnnotatedClip, Collector, distinct
from signpipe.datasets.files import look_for, read_rows
from signpipe.errors import SignpipeError
from signpipe.splits import TEST, TRAIN, VAL

SIGNS, PERSONS, REPETITIONS = 64, 10, 5
_NAME = re.compile(r"(?:.*/)?(\d{3}_\d{3}_\d{3})", re.ASCII)


def read(collector: Collector) -> None:
    """Collect all clips. Raises SignpipeError if no video has a name of this data set."""
    names = _names(collector)
    published = [
        (sign, person, f"{sign:03d}_{person:03d}_{repetition:03d}")
        for sign in range(1, SIGNS + 1)
        for person in range(1, PERSONS + 1)
        for repetition in range(1, REPETITIONS + 1)
    ]
    for sign, person, name in published:
        label = names.get(sign, f"{sign:03d}")
        clip = AnnotatedClip(name, Path(f"{name}.mp4"), label, f"{person:03d}", _split(person))
        collector.add(name, clip, collector.videos.find(name))
    if not collector.clips:
        raise SignpipeError(
            f"no video in {collector.videos.root} is named as those of LSA64, such as "
            "001_001_001.mp4; give the folder that holds them"
        )
    known = {name for *_, name in published}
    for path, _ in collector.videos.videos:
        match = _NAME.fullmatch(path)
        if match is None or match[1] not in known:
            collector.skip(str(collector.videos.root / path), "its name is none of this data set's")


def _split(person: int) -> str:
    return {PERSONS - 1: VAL, PERSONS: TEST}.get(person, TRAIN)


def _names(collector: Collector) -> dict[int, str]:
    file = look_for(collector.videos.root, "meta.csv", "lsa64_meta.csv")
    names = {}
    for line, cells in read_rows(file, "|", ",", ";") if file else ():
        if len(cells) >= 2 and re.fullmatch(r"\d{1,3}", cells[0], re.ASCII) and cells[1]:
            names[int(cells[0])] = cells[1]
        elif line > 1:  # the first may name the columns
            collector.skip(f"{file}, line {line}", "it is not a sign's number and its name")
    return distinct(names)
