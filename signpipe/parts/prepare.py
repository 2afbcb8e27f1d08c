"""prepare: keypoint packs -> `parts.h5`, all usable clips' normalised keypoints in one file."""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from signpipe.cliptable import USABLE, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.landmarks.pack import open_pack
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import read_parts_record, write_parts
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
    behind = {outcome.clip_id for outcome in outcomes} - read_clips(workspace.clips).keys()
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
        clips = _keypoints(workspace, outcomes, settings, tracker)
        write_parts(workspace.parts, clips, frames, record)
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
    untold = bool(outcomes) and not read_clips(workspace.clips)
    mixed = len({outcome.settings for outcome in outcomes.values() if outcome.settings}) > 1
    if untold or mixed:
        why = "there is no clip table yet" if untold else "settings are mixed"
        raise SignpipeError(
            f"the last extraction into {workspace.root} was cut short ({why}); run the same "
            "`signpipe extract` again to finish it"
        )
    usable = [outcome for outcome in outcomes.values() if outcome.status in USABLE]
    return sorted(usable, key=lambda outcome: outcome.clip_id)


def wanted_record(outcomes: list[Outcome], settings: PrepareSettings) -> dict[str, Any]:
    """What an up-to-date parts file would be recorded with."""
    sources = [(o.clip_id, o.sha256, o.settings, o.frames, o.width, o.height) for o in outcomes]
    inputs = {"clips": len(outcomes), "keypoints": sha256_of_values(*sources)}
    return {"settings": settings.model_dump(mode="json"), "inputs": inputs}


def _keypoints(
    workspace: Workspace, outcomes: list[Outcome], settings: PrepareSettings, tracker: Tracker
) -> Iterator[tuple[str, NDArray[np.float32]]]:
    """(clip id, keypoints) pack by pack, so that each is opened once."""
    by_pack: dict[str, list[Outcome]] = defaultdict(list)
    for outcome in outcomes:
        by_pack[outcome.pack].append(outcome)
    for name, members in by_pack.items():
        path = workspace.pack(name)
        with open_pack(path) as pack:
            wanted = {outcome.index: outcome for outcome in members}
            held = dict(enumerate(zip(pack.clip_ids, pack.lengths, strict=True)))
            held = {i: held[i] for i in wanted if i in held}
            if held != {i: (o.clip_id, o.frames) for i, o in wanted.items()}:
                raise SignpipeError(
                    f"{path} has changed since it came into {workspace.root}; extract or import "
                    "its clips again"
                )
            for index, clip in enumerate(pack.read_each()):
                if index in wanted:
                    outcome = wanted[index]
                    keypoints = to_keypoints(clip, settings, outcome.width, outcome.height)
                    yield outcome.clip_id, keypoints
                    tracker.advance()
