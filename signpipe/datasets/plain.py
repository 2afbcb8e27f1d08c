"""A corpus of one's own: a CSV with a row a clip.

Columns: path (of the video, relative to the CSV's folder), and any of label, signer, split, start,
end and clip_id, in any order, by these names or usual others (see `signpipe.vocabulary`), parted by
commas, semicolons or tabs; other columns are not used. `split` is train, val, test or unlabelled, a
name of one's own, or empty. `start` and `end` are seconds after the video's first frame, as
decimals or, to name frames exactly, as fractions: 37/25 is the start of frame 37, counted from 0,
of 25 a second; the clip ends before `end`, and an empty cell is the video's start or end. One video
may have many rows.

The CSV is given itself, or else is dataset.csv, clips.csv or labels.csv in the given folder, or the
only one there. A clip's name is its clip_id, or else its path and segment; the path is without its
ending unless a row above has that name for another file.
"""

import os
import re
from fractions import Fraction
from pathlib import Path, PurePosixPath

from signpipe.datasets.clips import AnnotatedClip, Collector
from signpipe.datasets.files import is_plain, look_for, without_ending
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.tables import read_table
from signpipe.vocabulary import split_named, understand

NAMES = ("dataset.csv", "clips.csv", "labels.csv")
COLUMNS = ("path", "label", "signer", "split", "start", "end", "clip_id")
_SECONDS = re.compile(r"\d{1,9}(?:\.\d{1,9})?|\d{1,9}/[1-9]\d{0,8}", re.ASCII)


def table_in(root: Path) -> Path:
    """The CSV of a folder. Raises SignpipeError if it is not clear which it is."""
    file = look_for(root, *NAMES)
    tables = sorted(root.glob("*.csv"))
    if file is None and len(tables) != 1:
        raise SignpipeError(
            f"{root} has {len(tables) or 'no'} CSV files and none of them is {NAMES[0]}; "
            "give the file itself"
        )
    return file or tables[0]


def read(collector: Collector, file: Path) -> None:
    """Collect the rows of `file`. Raises SignpipeError if it has no column path."""
    table = read_table(file)
    columns = understand(table, COLUMNS)
    if "path" not in columns.names:
        raise SignpipeError(f"{file} has no column path; name its columns in its first row")
    note(f"{file}: {len(table.rows)} rows, {columns}")
    for (line, _), cells in zip(table.rows, table.dicts(), strict=True):
        row = {meaning: cells[name].strip() for meaning, name in columns.names.items()}
        try:
            _add(collector, f"{file}, line {line}", row)
        except ValueError as error:
            collector.skip(f"{file}, line {line}", str(error))


def _add(collector: Collector, where: str, row: dict[str, str]) -> None:
    start = _seconds(row, "start") or Fraction(0)
    end = _seconds(row, "end")
    if end is not None and end <= start:
        raise ValueError(f"its end {row['end']} is not after its start {row.get('start') or 0}")
    written = row.get("path") or ""
    path = PurePosixPath(os.path.normpath(written))
    if not path.parts or not all(map(is_plain, path.parts)):
        raise ValueError(f"its path {written!r} is none below the file's folder")
    split = split_named(row.get("split", ""))
    if split is None:
        raise ValueError(f"its split is {row['split']!r}, not train, val, test or unlabelled")
    found = collector.videos.at(str(path))
    name = row.get("clip_id") or _name(without_ending(str(path)), start, end)
    other = collector.clips.get(name) or collector.missing.get(name)
    if other and not row.get("clip_id"):
        file = found.path if found else collector.videos.root / path
        if other.path != file:  # x.mp4 and x.mov
            name = _name(str(path), start, end)
    clip = AnnotatedClip(
        name, Path(path), row.get("label", ""), row.get("signer", ""), split, start, end
    )
    collector.add(where, clip, found)


def _seconds(row: dict[str, str], column: str) -> Fraction | None:
    text = row.get(column, "")
    if text and not _SECONDS.fullmatch(text):
        raise ValueError(f"its {column} {text!r} is neither seconds nor a fraction such as 37/25")
    return Fraction(text) if text else None


def _name(stem: str, start: Fraction, end: Fraction | None) -> str:
    if not start and end is None:
        return stem
    return f"{stem}_{float(start):.3f}-{'' if end is None else f'{float(end):.3f}'}"
