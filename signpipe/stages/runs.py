"""What pretrain and finetune share: a run is new, unfinished, done, or of other settings."""

import csv
import io
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.workspace import (
    differences,
    read_record,
    remove_temporaries,
    write_record,
    write_text,
)


def begin(
    folder: Path, settings: dict[str, Any], inputs: dict[str, Any], finished: Path, redo: bool
) -> bool:
    """Ready a run's folder; True if the run is finished and up to date.

    A run that was made with other settings or inputs is refused, naming the fields that differ: it
    is neither mixed nor thrown away unless `redo` says so.
    """
    if redo and folder.exists():
        # Out of the way in one step: a kill while it is deleted leaves no half of a run.
        replaced = folder.with_name(f".{folder.name}.replaced")
        shutil.rmtree(replaced, ignore_errors=True)
        folder.rename(replaced)
        shutil.rmtree(replaced)
    remove_temporaries(folder)
    record = read_record(folder)
    if record is None:
        write_record(folder, settings, inputs)
        return False
    found = differences(
        {"settings": record["settings"], "inputs": record["inputs"]},
        {"settings": settings, "inputs": inputs},
    )
    if found:
        raise SignpipeError(
            f"{folder} was begun differently: {_listed(found)}; "
            "use --redo to begin it again, or --run NAME for another one beside it"
        )
    return finished.exists()


def _listed(found: Sequence[str], most: int = 6) -> str:
    short = [text.replace("settings.", "").replace("inputs.", "") for text in found]
    more = f" and {len(short) - most} more" if len(short) > most else ""
    return "; ".join(short[:most]) + more


def write_clip_list(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Write which clips a run used, and as what: clip_id, split."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(("clip_id", "split"))
    writer.writerows(rows)
    write_text(path, text.getvalue())


def read_clip_list(path: Path) -> dict[str, str]:
    """The split by clip id of a run's clips. Raises SignpipeError if it cannot be read."""
    try:
        with open(path, newline="", encoding="utf-8") as file:
            return {row["clip_id"]: row["split"] for row in csv.DictReader(file)}
    except (OSError, KeyError, csv.Error) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
