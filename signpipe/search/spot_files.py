"""Spotted signs as JSON lines, as CSV, or as ELAN files: by the ending of the file's name."""

import csv
import io
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.search.elan_suggestions import check_elan_file, write_elan_file
from signpipe.search.spotting import SpottedSign
from signpipe.workspace import write_text

JSON_LINES, CSV, ELAN = ".jsonl", ".csv", ".eaf"
ENDINGS = (JSON_LINES, CSV, ELAN)


def check_target(out: Path, recordings: Sequence[Path]) -> None:
    """Raises SignpipeError if `out` is no file that the signs can be written to."""
    if out.suffix.lower() not in ENDINGS:
        raise SignpipeError(f"{out} does not end in {', '.join(ENDINGS[:-1])} or {ENDINGS[-1]}")
    if out.suffix.lower() == ELAN:
        if len(recordings) != 1:
            raise SignpipeError(
                f"an ELAN file is of one recording, and {len(recordings)} are given; call spot for "
                "each of them (what was watched is not watched again)"
            )
        check_elan_file(out)


def write_signs(out: Path, recordings: Sequence[Path], signs: list[SpottedSign], top: int) -> None:
    """Write signs in the form that the ending of `out` asks for, atomically."""
    ending = out.suffix.lower()
    if ending == ELAN:
        write_elan_file(out, recordings[0], signs)
    elif ending == CSV:
        write_text(out, as_csv(signs))
    else:
        write_text(out, "".join(f"{as_json(sign, top)}\n" for sign in signs))


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


def as_csv(signs: list[SpottedSign]) -> str:
    """A row a sign: recording, start, end (seconds), answer, the likeliest sign and its value."""
    by = signs[0].by if signs else "probability"
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["recording", "start", "end", "answer", "likeliest", by])
    for sign in signs:
        likeliest, value = sign.signs[0] if sign.signs else ("", None)
        times = f"{sign.start:.3f}", f"{sign.end:.3f}"
        shown = "" if value is None else f"{value:.4f}"
        writer.writerow([sign.recording, *times, sign.answer, likeliest, shown])
    return table.getvalue()
