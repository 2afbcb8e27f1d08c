"""Spotted signs as JSON lines, as CSV, or as ELAN files: by the ending of the file's name."""

import csv
import io
import json
import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Protocol

from signpipe.errors import SignpipeError
from signpipe.search.elan_suggestions import ElanSuggestions, check_elan_file
from signpipe.search.spotting import By, SpottedSign
from signpipe.workspace import atomic

JSON_LINES, CSV, ELAN = ".jsonl", ".csv", ".eaf"
ENDINGS = (JSON_LINES, CSV, ELAN)
# The names of files need be no text of any encoding.
TEXT: dict[str, Any] = {"encoding": "utf-8", "errors": "backslashreplace", "newline": ""}


class SignFile(Protocol):
    """A file to which signs are added one by one, and which is there once it is saved."""

    def add(self, sign: SpottedSign) -> None: ...

    def save(self) -> None: ...


def sign_file(out: Path, recordings: Sequence[Path], by: By, top: int) -> SignFile:
    """A file in the form that the ending of `out` asks for.

    Raises SignpipeError if the signs of the recordings cannot be written there.
    """
    ending = out.suffix.lower()
    if ending not in ENDINGS:
        raise SignpipeError(f"{out} does not end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    if out.is_dir():
        raise SignpipeError(f"{out} is a folder; name a file in it")
    if ending == ELAN:
        if len(recordings) != 1:
            raise SignpipeError(
                f"an ELAN file is of one recording, and {len(recordings)} are given; call spot for "
                "each of them (what was watched is not watched again)"
            )
        check_elan_file(out)
        return ElanSuggestions(out, recordings[0], top)
    if ending == CSV:
        return _Rows(out, as_csv, ["recording", "start", "end", "answer", "likeliest", by])
    return _Rows(out, lambda sign: as_json(sign, top) + "\n")


class _Rows:
    """A row of text a sign. They wait on the disk, in a file without a name that no kill leaves."""

    def __init__(
        self, out: Path, row: Callable[[SpottedSign], str], header: Sequence[str] = ()
    ) -> None:
        self._out, self._row = out, row
        out.parent.mkdir(parents=True, exist_ok=True)
        self._rows = tempfile.TemporaryFile("w+", dir=out.parent, **TEXT)  # noqa: SIM115
        self._rows.write(_csv_line(header) if header else "")

    def add(self, sign: SpottedSign) -> None:
        self._rows.write(self._row(sign))

    def save(self) -> None:
        self._rows.seek(0)
        with atomic(self._out) as temporary, open(temporary, "w", **TEXT) as written:
            shutil.copyfileobj(self._rows, written)


def as_json(sign: SpottedSign, top: int) -> str:
    """One JSON object on one line; times in seconds."""
    row: dict[str, Any] = {
        "recording": sign.recording,
        "start": round(sign.start, 3),
        "end": round(sign.end, 3),
        "answer": sign.answer,
        "predictions": [{"sign": name, sign.by: value} for name, value in sign.signs[:top]],
    }
    return json.dumps(row, ensure_ascii=False)


def as_csv(sign: SpottedSign) -> str:
    """A line: recording, start, end (seconds), answer, the likeliest sign and its value."""
    likeliest, value = sign.signs[0] if sign.signs else ("", None)
    times = f"{sign.start:.3f}", f"{sign.end:.3f}"
    shown = "" if value is None else f"{value:.4f}"
    return _csv_line([sign.recording, *times, sign.answer, likeliest, shown])


def _csv_line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, lineterminator="\n").writerow(cells)
    return line.getvalue()
