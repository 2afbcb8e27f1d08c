"""AUTSL: 226 signs of Turkish Sign Language by 43 signers.

`train_labels.csv`, `validation_labels.csv` and `test_labels.csv` have lines "signer0_sample1,41"
(video, class number) without a header. The published archives of the last two unpack to a
ground_truth.csv each. They are looked for in the root, in labels/ and in the split's own folder
(train/, val/ or validation/, test/), there also as ground_truth.csv, and also as val_labels.csv.
Videos are <video>_color.mp4 in any folder, since no signer is in two splits; depth videos are
passed over. Labels are the TR column of `SignList_ClassId_TR_EN.csv` (ClassId,TR,EN), in the root
or in class_ids/ or classes/: the sign's own gloss, of which some English ones are mistaken. Without
the file they are class numbers, in three digits.
"""

import re
from pathlib import Path

from signpipe.datasets.clips import AnnotatedClip, Collector, distinct
from signpipe.datasets.files import look_for, need, read_rows
from signpipe.splits import TEST, TRAIN, VAL

CLASSES = 226
FOLDERS = {TRAIN: ("train",), VAL: ("val", "validation"), TEST: ("test",)}
_VIDEO = re.compile(r"signer(\d+)_sample\d+", re.ASCII)


def read(collector: Collector) -> None:
    """Collect all clips. Raises SignpipeError if a split's labels are not there."""
    words = _words(collector)
    for split, folders in FOLDERS.items():
        lists = [f"{folder}_labels.csv" for folder in reversed(folders)]
        places = [f"{place}/" for place in ("labels", *folders)]
        names = [place + name for place in ("", *places) for name in lists]
        names += [f"{folder}/ground_truth.csv" for folder in folders]
        file = need(collector.videos.root, *names)
        for line, cells in read_rows(file, ",", ";"):
            _add(collector, f"{file}, line {line}", split, cells, words)


def _add(
    collector: Collector, where: str, split: str, cells: list[str], words: dict[int, str]
) -> None:
    match = _VIDEO.fullmatch(cells[0].removesuffix("_color"))
    number = cells[1] if len(cells) == 2 else ""
    if match is None or not re.fullmatch(r"\d{1,3}", number, re.ASCII) or int(number) >= CLASSES:
        collector.skip(where, "it is not signer<N>_sample<M> and a class number from 0 to 225")
        return
    name = match[0]
    path = Path(split, f"{name}_color.mp4")
    label = words.get(int(number), f"{int(number):03d}")
    clip = AnnotatedClip(name, path, label, f"signer{match[1]}", split)
    collector.add(where, clip, collector.videos.find(f"{split}/{name}_color", f"{name}_color"))


def _words(collector: Collector) -> dict[int, str]:
    name = "SignList_ClassId_TR_EN.csv"
    file = look_for(collector.videos.root, name, f"class_ids/{name}", f"classes/{name}")
    words = {}
    for line, cells in read_rows(file, ",", ";") if file else ():
        if len(cells) == 3 and re.fullmatch(r"\d{1,3}", cells[0], re.ASCII) and cells[1]:
            words[int(cells[0])] = cells[1]
        elif cells[0] != "ClassId":
            collector.skip(f"{file}, line {line}", "it is not a ClassId and its TR and EN words")
    return distinct(words)
