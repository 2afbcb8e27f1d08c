"""What pretrain and finetune share: a run is new, unfinished, done, or of other settings."""

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.model.shipped import SHIPPED, SHIPPED_FILE
from signpipe.progress import note
from signpipe.settings import under_new_names
from signpipe.tables import read_table, write_table
from signpipe.wording import counted
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

    `finished` is the file that a finished run has, `more` what its record says beside, such as how
    many clips are `prepared`. A run of other settings is refused, naming the fields that differ: it
    is neither mixed nor thrown away unless `redo` says so. One whose inputs have changed is made
    again, and that is said. In both cases a finished run stays until the new one, made in a folder
    beside it, is finished and takes its place (see `end`); interrupted, the same command goes on.
    """
    beside = redo_of(folder)
    if (beside / finished).exists():  # killed before it took its place
        end(beside, folder)
    if not redo and (found := _settings_differ(folder, settings)):
        raise SignpipeError(
            f"{folder} was begun differently: {_listed(found)}; "
            "use --redo to begin it again, or --run NAME for another one beside it"
        )
    changed = _inputs_differ(folder, inputs)
    whole = (folder / finished).exists()
    if changed and not redo:
        words = _in_words(read_record(folder) or {}, changed, more.get("prepared"))
        then = "it is made again, and stays until that is finished" if whole else "it begins anew"
        note(f"{words} since {folder} was {'made' if whole else 'begun'}: {then}")
    if changed and not whole:
        _discard(folder)
    elif (changed or redo) and folder.exists():
        if _settings_differ(beside, settings) or _inputs_differ(beside, inputs):
            _discard(beside)
        folder = beside
    elif beside.exists():
        note(f"an unfinished --redo of this run is kept in {beside}; --redo goes on with it")
    remove_temporaries(folder)
    if not (folder / "settings.json").exists():
        write_record(folder, settings, inputs, **more)
    return None if (folder / finished).exists() else folder


def _in_words(record: dict[str, Any], changed: Sequence[str], prepared: int | None) -> str:
    """What has changed of a run's inputs, of which `changed` tells by names and fingerprints.

    `prepared` is how many clips there are with landmarks, which its record tells of then.
    """
    names = {text.split(" ", 1)[0].split(".")[0] for text in changed}
    found = []
    if "parts" in names:
        then = record.get("prepared")
        added = prepared - then if prepared and isinstance(then, int) else 0
        if added:
            found.append(f"you {'added' if added > 0 else 'removed'} {counted(abs(added), 'clip')}")
        else:
            found.append("landmarks of clips were added or changed")
    elif names & {"labels", "pool", "unlabelled", "data"}:
        found.append("clips, labels, signers or splits were changed")
    if "prepare" in names:
        found.append("prepare's settings were changed")
    if names & {"encoder", "init"}:
        found.append("the encoder to begin from is another one, or was made again")
    return " and ".join(found) or "; ".join(changed)


def began_from_file(workspace: Workspace, file: str) -> Path:
    """Where the encoder lies that a run's record or card names as `file`."""
    return SHIPPED_FILE if file == SHIPPED else workspace.root / file


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
    """Where a run that is made again grows until it takes the old one's place."""
    return folder.with_name(f".{folder.name}.redo")


def _settings_differ(folder: Path, settings: dict[str, Any]) -> list[str]:
    """In which settings a begun run's record differs; nothing if there is none."""
    record = read_record(folder)
    if record is None:
        return []
    then = under_new_names(record["settings"])
    if "encoder" not in settings:  # the sizes of one that is begun from are no settings
        then.pop("encoder", None)
    return differences(then, settings)


def _inputs_differ(folder: Path, inputs: dict[str, Any]) -> list[str]:
    record = read_record(folder)
    if record is None:
        return []
    then = dict(record["inputs"])
    if isinstance(then.get("prepare"), dict):
        then["prepare"] = under_new_names(then["prepare"])
    return differences(then, inputs)


def _listed(found: Sequence[str], most: int = 6) -> str:
    more = f" and {len(found) - most} more" if len(found) > most else ""
    return "; ".join(found[:most]) + more


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
    raise SignpipeError(
        f"{workspace.root} has no recogniser yet; run `signpipe finetune` first, or "
        "`signpipe train VIDEOS`"
    )
