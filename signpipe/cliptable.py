"""The clip table `clips.csv`: one row a clip, made by the stages, owned by the person.

`label`, `signer` and `split` are the person's: a stage fills them for clips it has never seen, and
changes them later only when it is given new labels. Every other column is the stages'.
"""

import math
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.tables import read_table, write_table
from signpipe.vocabulary import SYNONYMS, Columns, split_named, understand
from signpipe.workspace import kept_while_unchanged

# Clips with these outcomes have landmarks to learn from.
USABLE = ("ok", "truncated")
CHECKED = "label_checked"  # a column that a person adds


@dataclass(frozen=True)
class Clip:
    """One row. `pose`, `left_hand`, `right_hand` are the shares of frames that show them.

    `extra` holds (column, value) of columns that a person added.
    """

    clip_id: str
    source: str = ""
    label: str = ""
    signer: str = ""
    split: str = ""
    frames: int = 0
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    pose: float | None = None
    left_hand: float | None = None
    right_hand: float | None = None
    status: str = ""
    reason: str = ""
    extra: tuple[tuple[str, str], ...] = ()

    @property
    def usable(self) -> bool:
        return self.status in USABLE

    @property
    def checked(self) -> bool:
        """Whether a person has looked at the label: anything stands in their column for that."""
        return bool(dict(self.extra).get(CHECKED, "").strip())


@dataclass(frozen=True)
class Label:
    """What line `line` of a labels file says of one clip; None where it has no such column."""

    key: str
    label: str | None = None
    signer: str | None = None
    split: str | None = None
    line: int = field(default=0, compare=False)


@dataclass(frozen=True)
class LabelsFile:
    """The rows of a labels file, and how its columns are understood."""

    labels: tuple[Label, ...]
    columns: Columns


COLUMNS = tuple(field.name for field in fields(Clip) if field.name != "extra")
NAMED = 3  # bad rows that an error lists
KEYS = ("path", "clip_id")  # what a row of a labels file names a clip by
PERSONAL = ("label", "signer", "split")
_INTEGERS = ("frames", "width", "height")
_SHARES = ("pose", "left_hand", "right_hand")


@kept_while_unchanged
def read_clips(path: Path) -> dict[str, Clip]:
    """The clip table by clip id, in its own order; empty if there is none yet.

    Labels, signers and splits are free of blanks around them, and splits have their usual names.
    Raises SignpipeError naming the row if a number is not one, a split is none, or a clip id occurs
    twice.
    """
    if not path.exists():
        return {}
    table = read_table(path)
    columns = understand(table, COLUMNS)
    if "clip_id" not in columns.names:
        raise SignpipeError(f"{path} has no column clip_id")
    place = {meaning: table.columns.index(name) for meaning, name in columns.names.items()}
    own = [(name, table.columns.index(name)) for name in columns.unused]
    splits = _Splits(path)
    clips: dict[str, Clip] = {}
    for line, cells in table.rows:
        row = {meaning: cells[i] for meaning, i in place.items()}
        row["split"] = splits.read(line, row.get("split", ""))
        clip = _parse(path, line, row, tuple((name, cells[i]) for name, i in own))
        if clip.clip_id in clips:
            raise SignpipeError(f"{path}, line {line}: clip_id {clip.clip_id!r} occurs twice")
        clips[clip.clip_id] = clip
    splits.check()
    return clips


class _Splits:
    """Splits of many rows, which are refused together."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.refused: list[str] = []

    def read(self, line: int, text: str) -> str:
        split = split_named(text)
        if split is None:
            self.refused.append(f"line {line}: {text!r}")
        return split or ""

    def check(self) -> None:
        """Raises SignpipeError naming the rows whose split is none."""
        if self.refused:
            more = len(self.refused) - NAMED
            rows = "; ".join(self.refused[:NAMED]) + (f" and {more} more" if more > 0 else "")
            raise SignpipeError(
                f"{self.path} has splits that are not train, val, test or unlabelled: {rows}; name "
                "one of these there, or leave the cell empty"
            )


def write_clips(path: Path, clips: Iterable[Clip]) -> None:
    """Write the clip table atomically. What a person edited in it must be merged before."""
    clips = list(clips)
    added = list(dict.fromkeys(name for clip in clips for name, _ in clip.extra))

    def row(clip: Clip) -> tuple[str, ...]:
        extra = dict(clip.extra)
        return (*_row(clip), *(extra.get(name, "") for name in added))

    write_table(path, (*COLUMNS, *added), map(row, clips))


def update_clips(
    path: Path,
    found: Iterable[Clip],
    labels: dict[str, Label] | None = None,
    left_out: Container[str] = (),
) -> dict[str, Clip]:
    """Merge what a stage found into the table on disk and write it if anything changed.

    A known clip keeps the person's columns; `labels` (by clip id), where given, override them. One
    of `left_out` that has no row gets none. Returns the whole table.
    """
    before = read_clips(path)
    after = dict(before)
    for clip in found:
        old = before.get(clip.clip_id)
        if old is None and clip.clip_id in left_out:
            continue
        if old is not None and _personal(clip) != _personal(old):
            clip = replace(
                clip, label=old.label, signer=old.signer, split=old.split, extra=old.extra
            )
        after[clip.clip_id] = clip
    for clip_id, label in (labels or {}).items():
        if clip_id in after:
            given = {name: getattr(label, name) for name in PERSONAL}
            given = {name: value for name, value in given.items() if value is not None}
            after[clip_id] = replace(after[clip_id], **given)
    if after != before:
        write_clips(path, after.values())
    return after


def read_labels(path: Path) -> LabelsFile:
    """A labels file: a column for the path or clip id, and any of label, signer and split.

    Raises SignpipeError, naming the rows, if it cannot be read, lacks these columns, or names a
    clip twice or a split that is none.
    """
    table = read_table(path)
    columns = understand(table, (*KEYS, *PERSONAL))
    sure = [key for key in KEYS if columns.names.get(key, "").lower() == key]
    if sure:  # else a column `file` beside a clip_id would be taken for its path
        columns = understand(table, (*sure, *PERSONAL))
    keys = [name for meaning, name in columns.names.items() if meaning not in PERSONAL]
    given = {m: name for m, name in columns.names.items() if m in PERSONAL}
    for found, needed in ((keys, KEYS), (given, PERSONAL)):
        if not found:
            raise SignpipeError(
                f"{path} has the columns {', '.join(filter(None, table.columns))}: none of them is "
                f"{' or '.join(needed)}, nor called as these often are "
                f"({', '.join(name for meaning in needed for name in SYNONYMS[meaning])}); rename "
                "one"
            )
    splits = _Splits(path)
    labels: dict[str, Label] = {}
    for (line, _), row in zip(table.rows, table.dicts(), strict=True):
        key = next((row[name] for name in keys if row[name].strip()), None)
        if key is None:
            raise SignpipeError(f"{path}, line {line} names no clip: {', '.join(keys)} is empty")
        values = {meaning: row[name].strip() for meaning, name in given.items()}
        if "split" in values:
            values["split"] = splits.read(line, values["split"])
        label = Label(key, **values, line=line)
        if key in labels:
            raise named_twice(path, labels[key], label)
        labels[key] = label
    splits.check()
    if not labels:
        raise SignpipeError(f"{path} has no rows below its columns' names")
    return LabelsFile(tuple(labels.values()), columns)


def named_twice(path: Path, first: Label, second: Label) -> SignpipeError:
    """Which rows of a labels file are of one clip."""
    other = "" if first.key == second.key else f" ({second.key!r})"
    return SignpipeError(
        f"{path}, lines {first.line} and {second.line}: both are of the clip {first.key!r}{other}; "
        "keep one of them"
    )


def _parse(
    path: Path, line: int, row: Mapping[str, str], extra: tuple[tuple[str, str], ...]
) -> Clip:
    values: dict[str, object] = {}
    for name, text in row.items():
        try:
            if name in _INTEGERS:
                values[name] = int(text) if text else (0 if name == "frames" else None)
            elif name in _SHARES or name == "fps":
                # Where decimals have a comma, spreadsheets save them so.
                values[name] = _finite(text.replace(",", ".", 1)) if text else None
            else:
                values[name] = text.strip() if name in PERSONAL else text
        except ValueError as error:
            raise SignpipeError(
                f"{path}, line {line}: {text!r} in column {name} is not a number"
            ) from error
    return Clip(**values, extra=extra)  # type: ignore[arg-type]


def _finite(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(text)
    return value


def _format(name: str, value: object) -> str:
    if value is None:
        return ""
    if name in _SHARES or name == "fps":
        return f"{value:.4g}" if name == "fps" else f"{value:.3f}"
    return str(value)


def _personal(clip: Clip) -> tuple[object, ...]:
    return clip.label, clip.signer, clip.split, clip.extra


def _row(clip: Clip) -> tuple[str, ...]:
    return tuple(_format(name, getattr(clip, name)) for name in COLUMNS)


def count_by(clips: Sequence[Clip], column: str) -> dict[str, int]:
    """How many clips have each value of a column, the most frequent first."""
    counts: dict[str, int] = {}
    for clip in clips:
        value = getattr(clip, column)
        counts[value] = counts.get(value, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: (-item[1], item[0])))
