"""view: the skeleton over a clip, or a contact sheet of it."""

import os
from dataclasses import dataclass
from pathlib import Path

from pydantic import ValidationError

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.pictures.footage import Footage
from signpipe.report.stored_footage import stored_footage
from signpipe.settings import ExtractSettings
from signpipe.video.write import write_video
from signpipe.wording import counted
from signpipe.workspace import Workspace, atomic, read_record

NAME_BYTES = 200  # of a file name; 255 is the usual limit, and an ending is added


@dataclass(frozen=True)
class ViewResult:
    """`stored` says whether the landmarks are the workspace's or were made just now; `missing`
    why the skeleton is on a plain ground, "" where it is on the video."""

    path: Path
    clip: str
    frames: int
    stored: bool
    missing: str


def run(
    workspace: Workspace, clip: Path | str, *, sheet: bool = False, out: Path | str | None = None
) -> ViewResult:
    """Write an mp4 of a clip with its skeleton, or with `sheet` a PNG of frames and a time line.

    `clip` is a clip id of the workspace or a video file; a file that the workspace does not know is
    extracted first. `out` defaults to `<name>-view.mp4` or `<name>-sheet.png` in the current
    folder. Raises SignpipeError if there is no such clip, nothing in it to show, or no place to
    write to.
    """
    clip = str(clip)
    outcome = find_clip(workspace, clip)
    footage = stored_footage(workspace, outcome) if outcome else _extracted(workspace, Path(clip))
    if not len(footage.landmarks):
        raise SignpipeError(f"the clip {clip} has no frames to show")
    target = (
        Path(out)
        if out
        else Path(_name(footage, outcome) + ("-sheet.png" if sheet else "-view.mp4"))
    )
    if footage.video and target.resolve() == footage.video.resolve():
        raise SignpipeError(f"{target} is the clip itself; name another place with -o")
    try:
        if sheet:
            _write_sheet(footage, target, _about(footage, outcome))
        else:
            _write_video(footage, target)
    except OSError as error:
        raise SignpipeError(f"cannot write {target}: {error.strerror or error}") from error
    stored = outcome is not None
    return ViewResult(target, footage.name, len(footage.landmarks), stored, footage.missing)


def find_clip(workspace: Workspace, clip: str) -> Outcome | None:
    """What the workspace knows of a clip id, or of a video file as it is now; None if nothing.

    Raises SignpipeError if it is no such id and there is no such file.
    """
    outcomes = read_outcomes(workspace.outcomes)
    if clip in outcomes:
        return outcomes[clip]
    path = Path(clip)
    if not path.is_file():
        raise SignpipeError(
            f"{clip!r} is neither a clip of {workspace.root} nor a video file; the column clip_id "
            f"of {workspace.clips} names the clips"
        )
    source, status = os.path.realpath(path), path.stat()
    for outcome in outcomes.values():
        whole = outcome.settings and outcome.pack and not outcome.segment
        same = whole and outcome.source == source
        if same and (outcome.size, outcome.mtime_ns) == (status.st_size, status.st_mtime_ns):
            return outcome
    return None


def _name(footage: Footage, outcome: Outcome | None) -> str:
    if outcome is None:
        return Path(footage.name).stem
    whole = footage.name.replace("/", "-")  # the same name in two folders is two clips
    return whole if len(whole.encode()) <= NAME_BYTES else footage.name.rsplit("/", 1)[-1]


def _extracted(workspace: Workspace, path: Path) -> Footage:
    from signpipe.extraction.clip import extract_clip
    from signpipe.landmarks.holistic import Holistic

    record = read_record(workspace.keypoints)
    try:
        settings = ExtractSettings.model_validate(record["settings"] if record else {})
    except ValidationError as error:
        raise SignpipeError(
            f"{workspace.keypoints / 'settings.json'} has settings that extract does not know "
            f"({error.errors()[0]['msg']}); restore it, or use another workspace"
        ) from error
    with Holistic(settings) as holistic:
        extraction = extract_clip(path, holistic)
    if extraction.landmarks is None or not (extraction.width and extraction.height):
        raise SignpipeError(f"{path} cannot be shown: {extraction.status}, {extraction.reason}")
    return Footage(str(path), extraction.landmarks, extraction.width, extraction.height, path)


def _about(footage: Footage, outcome: Outcome | None) -> str:
    times = footage.landmarks.times
    words = [counted(len(footage.landmarks), "frame")]
    if times is not None and len(times) > 1:
        words.append(f"{footage.fps:.3g} frames/s")
    if not footage.missing:
        words.append(f"{footage.width} x {footage.height} pixels")
    if outcome:
        words.append(outcome.status + (f": {outcome.reason}" if outcome.reason else ""))
    if footage.missing:
        words.append(footage.missing)
    return ", ".join(words)


def _write_video(footage: Footage, target: Path) -> None:
    from signpipe.pictures.overlay import overlay

    write_video(target, overlay(enumerate(footage.frames()), footage.landmarks), footage.fps)


def _write_sheet(footage: Footage, target: Path, about: str) -> None:
    from signpipe.pictures.sheet import contact_sheet

    with atomic(target) as temporary:
        contact_sheet(footage, about).save(temporary, format="png")
