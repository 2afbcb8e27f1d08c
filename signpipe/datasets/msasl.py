"""MS-ASL (American Sign Language): MS-ASL100, 200, 500 and 1000.

`MSASL_train.json`, `MSASL_val.json` and `MSASL_test.json`, in the root or in MS-ASL/, are lists of
objects with url, start_time and end_time (seconds in that video), start and end (the same as frames
at fps; used where the times are absent), label (the class by how frequent it is, from 0: a subset
is the labels below its size), text (the class's name), signer_id; org_text, clean_text, signer,
file, box, width, height and review are not used. `MSASL_classes.json`, the list of class names,
gives the name where text is absent.

Nobody publishes the videos, and people store them by either name: the YouTube id, or the entry's
number in its file (from 0, with or without leading zeros). Tried in this order: train/12,
train/00012, train_12, train_00012, videos/<YouTube id>, <YouTube id>, the last in any folder.
Whether a file is the untrimmed source or cut already, `segments.segment_of` tells.
"""

from fractions import Fraction
from pathlib import Path
from typing import Any

from signpipe.datasets.clips import AnnotatedClip, Collector, signer_named
from signpipe.datasets.cut_files import segment_of
from signpipe.datasets.files import look_for, need, read_json
from signpipe.datasets.youtube import youtube_id
from signpipe.progress import track
from signpipe.splits import TEST, TRAIN, VAL

SUBSETS = (100, 200, 500, 1000)
CLASSES = 1000


def read(collector: Collector, classes: int) -> None:
    """Collect the clips of the subset of so many classes."""
    root = collector.videos.root
    named = look_for(root, "MSASL_classes.json", "MS-ASL/MSASL_classes.json")
    names = read_json(named, list) if named else []
    for split in (TRAIN, VAL, TEST):
        file = need(root, f"MSASL_{split}.json", f"MS-ASL/MSASL_{split}.json")
        entries = read_json(file, list)
        with track(f"look at {split} videos", len(entries)) as tracker:
            for number, entry in enumerate(entries):
                where = f"{file}, entry {number}"
                try:
                    label = _label(entry)
                    if label < classes:
                        _add(collector, where, split, number, _text(entry, label, names), entry)
                except ValueError as error:
                    collector.skip(where, str(error))
                tracker.advance()


def _label(entry: Any) -> int:
    label = entry.get("label") if isinstance(entry, dict) else None
    if type(label) is not int or not 0 <= label < CLASSES:
        raise ValueError(f"its label is {label!r}, not a class number from 0 to {CLASSES - 1}")
    return label


def _text(entry: dict[str, Any], label: int, names: list[Any]) -> str:
    text = entry.get("text") or (names[label] if label < len(names) else None)
    if not isinstance(text, str):
        raise ValueError("it has no text, and MSASL_classes.json no such class")
    return text


def _add(
    collector: Collector, where: str, split: str, number: int, text: str, entry: dict[str, Any]
) -> None:
    video_id = youtube_id(entry.get("url"))
    annotated = _times(entry)
    numbers = (str(number), f"{number:05d}")
    tails = [f"{split}{between}{digits}" for between in "/_" for digits in numbers]
    tails += [f"videos/{video_id}", video_id] if video_id else []
    found = collector.videos.find(*tails)
    start, end = segment_of(found, *annotated)
    signer = signer_named(entry.get("signer_id"))
    path = Path("videos", f"{video_id or numbers[1]}.mp4")
    name = f"{split}/{number:05d}"
    collector.add(where, AnnotatedClip(name, path, text, signer, split, start, end), found)


def _times(entry: dict[str, Any]) -> tuple[Fraction, Fraction]:
    """Start and end in seconds. Raises ValueError if they are none."""
    start, end = _number(entry, "start_time"), _number(entry, "end_time")
    rate = _number(entry, "fps")
    if (start is None or end is None) and rate:
        first, last = _number(entry, "start"), _number(entry, "end")
        start = None if first is None else first / rate
        end = None if last is None else last / rate
    if start is None or end is None or not 0 <= start < end:
        raise ValueError("its start_time and end_time, or start, end and fps, are no segment")
    return start, end


def _number(entry: dict[str, Any], key: str) -> Fraction | None:
    """The decimal number as written, not the nearest binary one."""
    value = entry.get(key)
    try:
        return Fraction(repr(value)) if type(value) in (int, float) else None
    except ValueError:  # inf and nan, which Python's JSON allows
        return None
