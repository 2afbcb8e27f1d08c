"""SLR500, also called CSL-500: 500 isolated signs of Chinese Sign Language by 50 signers.

A video's name is P<signer>_<group>_<sign in the group>_<repetition>, such as P01_25_19_2._color.mp4
or, in newer copies, P01_s1_00_0_color.mp4; depth videos (..._depth) are passed over. It lies in a
folder named by the number of its sign, 000000 to 000499; in other folders (one a signer, say) the
sign is (group - 1) * 20 + sign in the group. `dictionary.txt` has a line "000000<tab>word" a sign,
in UTF-8 or GB 18030; a gloss list with one word a line, in the signs' order, does as well. Without
one, labels are the six digits.

The official split is by signer: the first 36 train, the other 14 test. Signers count from P01, or
from P00 where there is a P00. If traintestlist/trainlist01.txt and testlist01.txt are there, their
lines (<sign's folder>/<video>, and maybe a label) give the split instead, and tell what is missing.
"""

import re
from pathlib import Path

from signpipe.datasets.clips import AnnotatedClip, Collector, distinct
from signpipe.datasets.files import look_for, read_rows
from signpipe.datasets.lists import read_split_lists
from signpipe.errors import SignpipeError
from signpipe.splits import TEST, TRAIN
from signpipe.video.read import FoundVideo

SIGNS, GROUP, TRAINING_SIGNERS = 500, 20, 36
_NAME = re.compile(r"P(\d+)_s?(\d+)_(\d+)_(\d+)[._]*(?:color)?", re.ASCII | re.IGNORECASE)
_DEPTH = re.compile(r".*depth", re.ASCII | re.IGNORECASE)


def read(collector: Collector) -> None:
    """Collect all clips. Raises SignpipeError if no video has a name of this data set."""
    words = _words(collector)
    lists = read_split_lists(collector, "traintestlist", "{}list01.txt")
    if lists:
        for listed in lists:
            found = collector.videos.find(listed.video)
            _add(collector, listed.where, listed.video, found, words, listed.split)
        return
    matches = [
        (name, video, _NAME.fullmatch(_last(name))) for name, video in collector.videos.videos
    ]
    first = min((int(match[1]) for _, _, match in matches if match), default=None)
    if first is None:
        raise SignpipeError(
            f"no video in {collector.videos.root} is named as those of SLR500, such as "
            "P01_25_19_2._color.mp4; give the folder that holds them"
        )
    trained = range(first != 0, TRAINING_SIGNERS + (first != 0))
    for name, video, match in matches:
        if match:
            split = TRAIN if int(match[1]) in trained else TEST
            _add(collector, str(collector.videos.root / name), name, video, words, split)
        elif not _DEPTH.fullmatch(name):
            collector.skip(str(collector.videos.root / name), "its name is none of this data set's")


def _add(
    collector: Collector,
    where: str,
    name: str,
    found: FoundVideo | None,
    words: dict[int, str],
    split: str,
) -> None:
    match = _NAME.fullmatch(_last(name))
    if match is None:
        collector.skip(where, f"{_last(name)!r} is none of this data set's names")
        return
    folder = name.split("/")[-2] if "/" in name else ""
    numbered = re.fullmatch(r"\d{6}", folder, re.ASCII)
    sign = int(folder) if numbered else (int(match[2]) - 1) * GROUP + int(match[3])
    if not 0 <= sign < SIGNS:
        collector.skip(where, f"there is no sign {sign}, only 0 to {SIGNS - 1}")
        return
    label = words.get(sign, f"{sign:06d}")
    signer = f"P{int(match[1]):02d}"
    collector.add(where, AnnotatedClip(name, Path(f"{name}.mp4"), label, signer, split), found)


def _words(collector: Collector) -> dict[int, str]:
    file = look_for(collector.videos.root, "dictionary.txt", "gloss.txt")
    words = {}
    rows = read_rows(file, "\t", encodings=("gb18030",)) if file else ()
    for order, (line, cells) in enumerate(rows):
        number, word = cells if len(cells) == 2 else (str(order), cells[0])
        if re.fullmatch(r"\d{1,6}", number, re.ASCII) and len(cells) <= 2 and word:
            words[int(number)] = word
        else:
            collector.skip(f"{file}, line {line}", "it is not a number, a tab and a word")
    return distinct(words)


def _last(name: str) -> str:
    return name.rsplit("/", 1)[-1]
