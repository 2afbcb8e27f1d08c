"""Tables as delimited text: read as people and their spreadsheets save them, written as CSV.

A cell that a spreadsheet would run as a formula is written with an apostrophe before it, which
reading takes off again: what is written is read back unchanged.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.workspace import write_text

DELIMITERS = (",", ";", "\t")
_FORMULA = frozenset("=+-@\t\r\n")  # what begins a formula, also behind blanks that are cut off
_NUMBER = re.compile(r"[-+]?\d+(\.\d+)?([eE][-+]?\d+)?")
_CONTROL = re.compile(rb"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_WORKBOOKS = (".xlsx", ".xlsm", ".xls", ".ods", ".numbers")
_WORKBOOK_BYTES = (b"PK\x03\x04", b"\xd0\xcf\x11\xe0")  # a zip archive; an old Office file
_CHOSEN_BY_EXCEL = re.compile(r'"?sep=(.)"?\r?\n', re.IGNORECASE)


@dataclass(frozen=True)
class Table:
    """`columns` are the names in the first row; `rows` the others' cells, each with the number of
    the line it ends in, as many as there are columns. Rows of nothing but blanks are left out."""

    path: Path
    columns: tuple[str, ...]
    rows: tuple[tuple[int, tuple[str, ...]], ...]

    def dicts(self, *needed: str) -> Iterator[dict[str, str]]:
        """The rows by column. Raises SignpipeError if a `needed` column is not there."""
        missing = [name for name in needed if name not in self.columns]
        if missing:
            raise SignpipeError(f"{self.path} has no column {', '.join(missing)}")
        for _, cells in self.rows:
            yield dict(zip(self.columns, cells, strict=True))


def read_table(path: Path) -> Table:
    """Read a table whose columns commas, semicolons or tabs part, in any usual encoding.

    Raises SignpipeError, naming the file and the line, if it is no text or a workbook, is empty, or
    a row has more cells than the first.
    """
    if path.suffix.lower() in _WORKBOOKS:
        raise _workbook(path)
    text = read_text(path)
    chosen = _CHOSEN_BY_EXCEL.match(text)
    delimiters = (chosen[1],) if chosen else DELIMITERS
    lines = cells_of(path, text[chosen.end() :] if chosen else text, *delimiters, strict=True)
    skipped = 1 if chosen else 0
    found = ((line + skipped, cells) for line, cells in lines if any(map(str.strip, cells)))
    _, header = next(found, (0, []))
    if not header:
        raise SignpipeError(f"{path} is empty; its first row must name its columns")
    columns = [_unescaped(name.strip()) for name in header]
    while not columns[-1]:  # spreadsheets save columns that once held something
        columns.pop()
    width, plain = len(columns), "'" not in text
    rows = tuple(
        (line, tuple(cells) if plain and len(cells) == width else _fitted(path, line, cells, width))
        for line, cells in found
    )
    _check_names(path, columns, rows)
    return Table(path, tuple(columns), rows)


def _fitted(path: Path, line: int, cells: list[str], width: int) -> tuple[str, ...]:
    if len(cells) > width and any(cell.strip() for cell in cells[width:]):
        raise SignpipeError(
            f"{path}, line {line} has {len(cells)} cells, but the first row names {width} columns; "
            "put quotes around a cell that holds what parts the cells"
        )
    return tuple(map(_unescaped, cells[:width] + [""] * (width - len(cells))))


def _check_names(
    path: Path, columns: Sequence[str], rows: Iterable[tuple[int, tuple[str, ...]]]
) -> None:
    twice = next((name for name in columns if name and columns.count(name) > 1), None)
    if twice:
        raise SignpipeError(f"{path} has the column {twice} twice; rename one of them")
    unnamed = [place for place, name in enumerate(columns) if not name]
    for line, cells in rows if unnamed else ():
        place = next((place for place in unnamed if cells[place].strip()), None)
        if place is not None:
            raise SignpipeError(
                f"{path}, line {line}: its column {place + 1} has no name; name it in the first row"
            )


def cells_of(
    path: Path, text: str, *delimiters: str, sample: int = 1, strict: bool = False
) -> Iterator[tuple[int, list[str]]]:
    """Line number and cells of every line, by that delimiter which makes the most cells of the
    first `sample` lines. Raises SignpipeError if quotes are not closed (`strict`) or the like."""

    def parted(delimiter: str) -> int:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
        try:
            return sum(len(row) for row in islice(reader, sample))
        except csv.Error:
            return 0

    line = 0
    try:
        reader = csv.reader(
            io.StringIO(text, newline=""), delimiter=max(delimiters, key=parted), strict=strict
        )
        for row in reader:
            line = reader.line_num
            yield line, row
    except (csv.Error, TypeError, ValueError) as error:
        raise SignpipeError(f"{path}, after line {line}: {error}; mend the row there") from error


def read_text(path: Path, *encodings: str) -> str:
    """A file's text: UTF-8, UTF-16 with its mark, or else the first of `encodings` that fits.

    Without `encodings` Windows-1252, which older spreadsheets save, is taken, and told. Raises
    SignpipeError if the file cannot be read, is a workbook or no text.
    """
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:  # the latter for a name that none can have
        cause = getattr(error, "strerror", None) or error
        raise SignpipeError(f"cannot read {path}: {cause}") from error
    if data.startswith(_WORKBOOK_BYTES):
        raise _workbook(path)
    sure, others = "utf-8-sig", encodings
    if data.startswith((b"\xff\xfe", b"\xfe\xff")):
        sure, others = "utf-16", ()
    elif not encodings and not _CONTROL.search(data):
        others = ("cp1252",)
    for encoding in (sure, *others):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if encoding == "cp1252":
            _tell_encoding(path)
        return text
    raise SignpipeError(f"cannot read {path}: it is no text; save it as CSV in UTF-8")


@lru_cache(maxsize=1000)
def _tell_encoding(path: Path) -> None:
    note(f"{path} is not in UTF-8 and is read as Windows-1252; check its accents and umlauts")


def _workbook(path: Path) -> SignpipeError:
    return SignpipeError(
        f"{path} is a spreadsheet's own file, not a CSV; open it there, save it as CSV (UTF-8) and "
        "give that"
    )


def csv_text(rows: Iterable[Iterable[object]]) -> str:
    """Rows as CSV; None is an empty cell. Formulas get an apostrophe, numbers stay numbers."""
    lines: list[str] = []
    # With this ending the writer quotes cells that hold either of its characters.
    writer = csv.writer(_Lines(lines), lineterminator="\r\n")
    writer.writerows([_escaped(cell) for cell in row] for row in rows)
    return "".join(lines)


def write_table(path: Path, columns: Sequence[str], rows: Iterable[Iterable[object]]) -> None:
    """Write a CSV atomically. Raises OSError."""
    write_text(path, csv_text([columns, *rows]))


class _Lines:
    def __init__(self, lines: list[str]) -> None:
        self.lines = lines

    def write(self, line: str) -> None:
        self.lines.append(line.removesuffix("\r\n") + "\n")


def _escaped(cell: object) -> object:
    if not isinstance(cell, str) or not cell or cell[0] not in "=+-@\t\r\n'":
        return cell
    return "'" + cell if _is_formula(cell) and not _NUMBER.fullmatch(cell) else cell


def _unescaped(cell: str) -> str:
    return cell[1:] if cell[:1] == "'" and _is_formula(cell) else cell


def _is_formula(cell: str) -> bool:
    """Whether it begins as one, behind any number of apostrophes."""
    return cell.lstrip("'")[:1] in _FORMULA
