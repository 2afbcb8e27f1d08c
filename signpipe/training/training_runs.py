"""What pretrain and finetune share: a run is new, unfinished, done, or of other settings."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.settings import under_new_names
from signpipe.tables import read_table, write_table
from signpipe.workspace import (
    Workspace,
    differences,
    kept_while_unchanged,
    read_record,
    remove_temporaries,
    write_record,
)

ENCODER = "encoder.safetensors"  # what a finished pretraining run has
RECOGNIZER = "recognizer/recognizer.json"  # what a finished fine-tuning run has


def begin(
    folder: Path,
    settings: dict[str, Any],
    inputs: dict[str, Any],
    finished: str,
    redo: bool,
    **more: Any,
) -> Path | None:
    """Ready a run, and say in which folder it is made; None if it is finished and up to date.

    `finished` is the file that a finished run has, `more` what its record says beside. A run that
    was made with other settings or inputs is refused, naming the fields that differ: it is neither
    mixed nor thrown away unless `redo` says so. Even then it stays until the new one, made in a
    folder beside it, is finished and takes its place (see `end`); an interrupted `redo` goes on.
    """
    beside = redo_of(folder)
    if (beside / finished).exists():  # killed before it took its place
        end(beside, folder)
    if redo and folder.exists():
        if _differences(beside, settings, inputs):
            _discard(beside)
        folder = beside
    elif beside.exists():
        note(f"an unfinished --redo of this run is kept in {beside}; --redo goes on with it")
    remove_temporaries(folder)
    if found := _differences(folder, settings, inputs):
        raise SignpipeError(
            f"{folder} was begun differently: {_listed(found)}; "
            "use --redo to begin it again, or --run NAME for another one beside it"
        )
    if not (folder / "settings.json").exists():
        write_record(folder, settings, inputs, **more)
    return None if (folder / finished).exists() else folder


def end(made: Path, folder: Path) -> None:
    """Give a finished run its place, where it was made beside an older one."""
    if made == folder:
        return
    if folder.exists():
        _discard(folder)
    made.rename(folder)


def _discard(folder: Path) -> None:
    # Out of the way in one step: a kill while it is deleted leaves no half of a run.
    away = folder.with_name(f".{folder.name}.replaced")
    shutil.rmtree(away, ignore_errors=True)
    folder.rename(away)
    shutil.rmtree(away)


def redo_of(folder: Path) -> Path:
    """Where a --redo of a run grows until it takes the run's place."""
    return folder.with_name(f".{folder.name}.redo")


def _differences(folder: Path, settings: dict[str, Any], inputs: dict[str, Any]) -> list[str]:
    """In what a begun run's record differs; nothing if there is none."""
    record = read_record(folder)
    if record is None:
        return []
    then = dict(record["inputs"])
    if isinstance(then.get("prepare"), dict):
        then["prepare"] = under_new_names(then["prepare"])
    return differences(
        {"settings": under_new_names(record["settings"]), "inputs": then},
        {"settings": settings, "inputs": inputs},
    )


def _listed(found: Sequence[str], most: int = 6) -> str:
    short = [text.replace("settings.", "").replace("inputs.", "") for text in found]
    more = f" and {len(short) - most} more" if len(short) > most else ""
    return "; ".join(short[:most]) + more


def write_clip_list(path: Path, rows: Sequence[tuple[str, str]]) -> None:
    """Write which clips a run used, and as what: clip_id, split."""
    write_table(path, ("clip_id", "split"), rows)


@kept_while_unchanged
def read_clip_list(path: Path) -> dict[str, str]:
    """The split by clip id of a run's clips. Raises SignpipeError if it cannot be read."""
    listed = {row["clip_id"]: row["split"] for row in read_table(path).dicts("clip_id", "split")}
    if not all(listed) or not path.read_bytes().endswith(b"\n"):
        raise SignpipeError(f"{path} breaks off; make this run again with --redo")
    return listed


def newest_recognizer(workspace: Workspace) -> str:
    """The newest finished fine-tuning run. Raises SignpipeError if there is none."""
    for name in workspace.runs("finetune"):
        if (workspace.run("finetune", name) / "recognizer" / "recognizer.json").exists():
            return name
    raise SignpipeError(f"{workspace.root} has no recogniser yet; run `signpipe finetune` first")
