"""prepare: keypoint packs -> `parts.h5`, all usable clips' normalised keypoints in one file."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from signpipe.cliptable import USABLE, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.forgotten import left_out
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.stored import stored_landmarks
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import read_parts_record, unchanged, write_parts
from signpipe.progress import Tracker, note, track
from signpipe.settings import PrepareSettings
from signpipe.wording import counted
from signpipe.workspace import Workspace, differences, sha256_of_values


@dataclass(frozen=True)
class PrepareResult:
    """`changes` says why the file was made again; empty if it was already there."""

    path: Path
    clips: int
    frames: int
    already: bool
    changes: tuple[str, ...] = ()


def run(
    workspace: Workspace, settings: PrepareSettings | None = None, *, redo: bool = False
) -> PrepareResult:
    """Make `parts.h5` from all usable clips, unless it is up to date.

    Without `settings` those of the present file are kept (or the defaults). Raises SignpipeError if
    no clip was extracted or imported, or if other settings are asked for without `redo`.
    """
    outcomes = usable_outcomes(workspace)
    if not outcomes:
        raise SignpipeError(
            f"{workspace.root} has no usable clip; run `signpipe extract VIDEOS` or "
            "`signpipe import PACKS` first"
        )
    table = read_clips(workspace.clips).keys()
    behind = {o.clip_id for o in outcomes} - table - left_out(workspace, table)
    if behind:
        note(
            f"{counted(len(behind), 'extracted clip is', 'extracted clips are')} not in the clip "
            "table and left out; where an extraction was cut short, the same `signpipe extract` "
            "adds them"
        )
    present = read_parts_record(workspace.parts)
    if settings is None:
        settings = PrepareSettings() if redo or not present else recorded_settings(present)
    record = wanted_record(outcomes, settings)
    changes = differences(present, record) if present else []
    if present and present["settings"] != record["settings"] and not redo:
        found = differences(present["settings"], record["settings"])
        raise SignpipeError(
            f"{workspace.parts} was made with other settings ({'; '.join(found)}); "
            "use --redo to make it again, or another workspace"
        )
    frames = sum(outcome.frames for outcome in outcomes)
    if present and not changes and not redo:
        return PrepareResult(workspace.parts, len(outcomes), frames, already=True)
    with workspace.lock("prepare"), track("prepare", len(outcomes)) as tracker:
        made_from = {o.clip_id: fingerprint_of(o) for o in outcomes}
        same = present is not None and present["settings"] == record["settings"] and not redo
        kept = unchanged(workspace.parts, made_from) if same else {}
        clips = _keypoints(workspace, outcomes, settings, kept, tracker)
        write_parts(workspace.parts, clips, frames, record, made_from)
    return PrepareResult(workspace.parts, len(outcomes), frames, False, tuple(changes))


def recorded_settings(record: dict[str, Any]) -> PrepareSettings:
    """What a parts file was made with. Raises SignpipeError naming what is no longer possible."""
    try:
        return PrepareSettings.model_validate(record["settings"])
    except ValidationError as error:
        message = error.errors()[0]["msg"].removeprefix("Value error, ")
        raise SignpipeError(f"parts.h5 was made with other settings: {message}") from error


def usable_outcomes(workspace: Workspace) -> list[Outcome]:
    """Outcomes of the clips that have landmarks, by clip id.

    Raises SignpipeError where an extraction that was killed must be finished first: there is no
    clip table yet, or some clips are still those of other settings.
    """
    outcomes = read_outcomes(workspace.outcomes)
    untold = bool(outcomes) and not _has_rows(workspace.clips)
    mixed = len({outcome.settings for outcome in outcomes.values() if outcome.settings}) > 1
    if untold or mixed:
        why = "there is no clip table yet" if untold else "settings are mixed"
        raise SignpipeError(
            f"the last extraction into {workspace.root} was cut short ({why}); run the same "
            "`signpipe extract` again to finish it"
        )
    usable = [outcome for outcome in outcomes.values() if outcome.status in USABLE]
    return sorted(usable, key=lambda outcome: outcome.clip_id)


def _has_rows(table: Path) -> bool:
    """Whether a table is more than its header; all of it would take long to read."""
    try:
        with open(table, "rb") as file:
            return b"\n" in file.read(100_000).strip()
    except FileNotFoundError:
        return False


def wanted_record(outcomes: list[Outcome], settings: PrepareSettings) -> dict[str, Any]:
    """What an up-to-date parts file would be recorded with."""
    inputs = {"clips": len(outcomes), "keypoints": sha256_of_values(*map(_source, outcomes))}
    return {"settings": settings.model_dump(mode="json"), "inputs": inputs}


def _source(outcome: Outcome) -> tuple[str | int | None, ...]:
    """What a clip's keypoints depend on, beside the settings."""
    o = outcome
    return o.clip_id, o.sha256, o.settings, o.frames, o.width, o.height


def fingerprint_of(outcome: Outcome) -> str:
    """16 letters that tell the landmarks of a clip from all others."""
    return sha256_of_values(_source(outcome))[:16]


def _keypoints(
    workspace: Workspace,
    outcomes: list[Outcome],
    settings: PrepareSettings,
    kept: Mapping[str, NDArray[np.float32]],
    tracker: Tracker,
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """(clip id, keypoints) pack by pack and in a pack's order; those `kept` are not made again."""
    by_pack: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_pack[outcome.pack].append(outcome)
    for members in by_pack.values():
        fresh = stored_landmarks(workspace, [o for o in members if o.clip_id not in kept])
        for outcome in sorted(members, key=lambda outcome: outcome.index):
            keypoints = kept.get(outcome.clip_id)
            if keypoints is None:
                _, clip = next(fresh)
                keypoints = to_keypoints(clip, settings, outcome.width, outcome.height)
            yield outcome.clip_id, keypoints
            tracker.advance()
