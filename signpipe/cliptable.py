"""The clip table `clips.csv`: one row a clip, made by the stages, owned by the person.

`label`, `signer` and `split` are the person's: a stage fills them for clips it has never seen, and
changes them later only when it is given new labels. Every other column is the stages'.
"""

import csv
import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.workspace import write_text

# Clips with these outcomes have landmarks to learn from.
USABLE = ("ok", "truncated")


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


@dataclass(frozen=True)
class Label:
    """What a labels file says of one clip; None where it has no such column."""

    key: str
    label: str | None = None
    signer: str | None = None
    split: str | None = None


COLUMNS = tuple(field.name for field in fields(Clip) if field.name != "extra")
_KNOWN = frozenset(COLUMNS)
PERSONAL = ("label", "signer", "split")
_INTEGERS = ("frames", "width", "height")
_SHARES = ("pose", "left_hand", "right_hand")


def read_clips(path: Path) -> dict[str, Clip]:
    """The clip table by clip id, in its own order; empty if there is none yet.

    Raises SignpipeError naming the row if a number is not one or a clip id occurs twice.
    """
    if not path.exists():
        return {}
    clips: dict[str, Clip] = {}
    for line, row in _rows(path, {"clip_id"}):
        clip = _parse(path, line, row)
        if clip.clip_id in clips:
            raise SignpipeError(f"{path}, line {line}: clip_id {clip.clip_id!r} occurs twice")
        clips[clip.clip_id] = clip
    return clips


def write_clips(path: Path, clips: Iterable[Clip]) -> None:
    """Write the clip table atomically. What a person edited in it must be merged before."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    clips = list(clips)
    added = list(dict.fromkeys(name for clip in clips for name, _ in clip.extra))
    writer.writerow((*COLUMNS, *added))
    for clip in clips:
        extra = dict(clip.extra)
        writer.writerow((*_row(clip), *(extra.get(name, "") for name in added)))
    write_text(path, text.getvalue())


def update_clips(
    path: Path, found: Iterable[Clip], labels: dict[str, Label] | None = None
) -> dict[str, Clip]:
    """Merge what a stage found into the table on disk and write it if anything changed.

    A known clip keeps the person's columns; `labels` (by clip id), where given, override them.
    Returns the whole table.
    """
    before = read_clips(path)
    after = dict(before)
    for clip in found:
        old = before.get(clip.clip_id)
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


def read_labels(path: Path) -> list[Label]:
    """Rows of a labels file: a column `path` or `clip_id`, and any of label, signer, split.

    Raises SignpipeError if the file cannot be read or lacks these columns.
    """
    labels = []
    for line, row in _rows(path, set()):
        key = row.get("path") or row.get("clip_id")
        if not key:
            raise SignpipeError(
                f"{path}, line {line}: no path and no clip_id; a labels file needs one of these "
                "columns, and label, signer or split beside it"
            )
        labels.append(Label(key, row.get("label"), row.get("signer"), row.get("split")))
    return labels


def _rows(path: Path, needed: set[str]) -> Iterable[tuple[int, dict[str, str]]]:
    try:
        # utf-8-sig: spreadsheets put a byte-order mark before the first column's name.
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
    header = text.split("\n", 1)[0]
    delimiter = max(",;\t", key=header.count)  # spreadsheets also save with ; or tabs
    reader = csv.DictReader(io.StringIO(text, newline=""), delimiter=delimiter)
    missing = needed - set(reader.fieldnames or ())
    if missing:
        raise SignpipeError(f"{path} has no column {', '.join(sorted(missing))}")
    try:
        for row in reader:
            if None in row or None in row.values():  # longer or shorter than the header
                row = {k: v or "" for k, v in row.items() if isinstance(k, str)}
            yield reader.line_num, row
    except csv.Error as error:
        raise SignpipeError(f"{path}, line {reader.line_num}: {error}") from error


def _parse(path: Path, line: int, row: dict[str, str]) -> Clip:
    values: dict[str, object] = {}
    for name in COLUMNS:
        text = row.get(name, "")
        try:
            if name in _INTEGERS:
                values[name] = int(text) if text else (0 if name == "frames" else None)
            elif name in _SHARES or name == "fps":
                values[name] = float(text) if text else None
            else:
                values[name] = text
        except ValueError as error:
            raise SignpipeError(
                f"{path}, line {line}: {text!r} in column {name} is not a number"
            ) from error
    if not row.keys() <= _KNOWN:
        values["extra"] = tuple((name, text) for name, text in row.items() if name not in _KNOWN)
    return Clip(**values)  # type: ignore[arg-type]


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
