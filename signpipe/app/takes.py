"""Takes as clips of the workspace: landmarks, or with a switch the recording too.

Their journal is one of their own, so that a take can be kept while an extraction runs.
"""

import time
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from pathlib import Path

from signpipe.answers import NO_SIGN
from signpipe.app.landmark_worker import TakeLandmarks
from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError, disk_full
from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.extraction.forgotten import update_table
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import (
    Outcome,
    append_outcomes,
    read_outcomes,
    shard_journals,
    with_landmarks,
)
from signpipe.landmarks.formats.foreign import judge
from signpipe.landmarks.graph import mediapipe_version
from signpipe.landmarks.holistic import EXTRACTOR
from signpipe.landmarks.pack import write_pack
from signpipe.settings import ExtractSettings
from signpipe.video.jpeg import write_jpegs
from signpipe.vocabulary import is_name
from signpipe.workspace import TAKES, Workspace, sha256_of_file

FOLDER = "takes"  # of their videos, in the workspace; how their clip ids begin
SOURCE = "camera"  # of takes without a video
IDLE = "idle"  # in the place of a sign in the ids of takes that show none, which have no label
HAND, LEFT = "hand", "left"  # a column of the clip table that left-handed takes have
LONGEST_NAME = 100  # characters of a sign's or signer's name


@dataclass(frozen=True)
class NewTake:
    """A recording that is to be kept, of the sign `label`, or "" where nothing is signed.

    `frames` are its `(seconds, JPEG)` if its video is wanted.
    """

    label: str
    signer: str
    landmarks: TakeLandmarks
    settings: ExtractSettings
    left_handed: bool = False
    frames: Sequence[tuple[float, bytes]] = ()


def named(text: str, what: str) -> str:
    """A sign's or signer's name as it was typed, blanks made one, in one spelling of its letters.

    Raises SignpipeError if it is empty, or no name.
    """
    name = unicodedata.normalize("NFC", " ".join(text.split()))
    if not name:
        raise SignpipeError(f"Give the {what} a name first.")
    if len(name) > LONGEST_NAME or not is_name(name):
        raise SignpipeError(f"This name of a {what} is too long or has odd signs; shorten it.")
    if name in NO_SIGN:
        raise SignpipeError(f"“{name}” is what it says of no sign. Give the {what} another name.")
    return name


def keep_take(workspace: Workspace, take: NewTake) -> str:
    """Write a take and its row of the clip table; its clip id.

    Raises SignpipeError, having kept nothing, if nobody is in it or it cannot be written.
    """
    status, reason = judge(take.landmarks.landmarks)
    if status != "ok":
        raise SignpipeError(f"This take cannot be used: {reason}. Record it again.")
    try:
        with workspace.lock(TAKES, wait=True):
            clip_id = _free_id(workspace, take)
            outcome = _write(workspace, clip_id, take)
            append_outcomes(shard_journals(workspace.outcomes) / f"{FOLDER}.jsonl", [outcome])
            with workspace.lock("table", wait=True):
                update_table(workspace, [_row(outcome, take)], {})
    except (OSError, SignpipeError) as error:
        if disk_full(error) or disk_full(error.__cause__ or error):
            raise SignpipeError(
                "The disk is full, so the take is not kept yet. Free some space, then press "
                "“Keep” again."
            ) from error
        if isinstance(error, OSError):
            raise SignpipeError(
                f"The take cannot be written to {workspace.root}: {error.strerror or error}. Make "
                "the folder writable, then press “Keep” again."
            ) from error
        raise
    return clip_id


def is_left_handed(clip: Clip) -> bool:
    """Whether the table says of a clip that its signer is left-handed."""
    return (HAND, LEFT) in clip.extra


def _row(outcome: Outcome, take: NewTake) -> Clip:
    row = outcome.clip(take.label, take.signer)
    return replace(row, extra=((HAND, LEFT),)) if take.left_handed else row


def _free_id(workspace: Workspace, take: NewTake) -> str:
    stamp = time.strftime("%Y%m%d-%H%M%S")
    name = f"{take.signer}-{stamp}".strip("-").replace("/", "_")
    folder = take.label.replace("/", "_") or IDLE
    base = safe(f"{FOLDER}/{folder}/{name}")
    known = read_outcomes(workspace.outcomes)
    return next(i for i in chain([base], (f"{base}-{n}" for n in count(2))) if i not in known)


def _write(workspace: Workspace, clip_id: str, take: NewTake) -> Outcome:
    """Write the pack, and the video if it is wanted; the outcome, as `extract` would record it."""
    video = _video_file(workspace, clip_id) if take.frames else None
    try:
        outcome = _outcome(clip_id, take)
        if video is not None:
            write_jpegs(video, take.frames)
            outcome = _of_video(outcome, video, take.settings)
        write_pack(
            workspace.pack(clip_id), {clip_id: take.landmarks.landmarks}, _made(outcome, take)
        )
    except BaseException:
        if video is not None:
            video.unlink(missing_ok=True)
        raise
    return outcome


def _video_file(workspace: Workspace, clip_id: str) -> Path:
    path = (workspace.root / f"{clip_id}.mkv").resolve()
    if not path.is_relative_to(workspace.root.resolve()):
        raise SignpipeError(
            f"{workspace.root / FOLDER} leads out of the workspace; remove the link, then press "
            "“Keep” again."
        )
    return path


def _outcome(clip_id: str, take: NewTake) -> Outcome:
    found = take.landmarks
    times = found.landmarks.times
    fps = None if times is None or len(times) < 2 else (len(times) - 1) / float(times[-1])
    outcome = Outcome(
        clip_id, SOURCE, "ok", pack=clip_id, fps=fps, width=found.width, height=found.height
    )
    return with_landmarks(outcome, found.landmarks)


def _of_video(outcome: Outcome, video: Path, settings: ExtractSettings) -> Outcome:
    status = video.stat()
    return replace(
        outcome,
        source=str(video),
        size=status.st_size,
        mtime_ns=status.st_mtime_ns,
        sha256=sha256_of_file(video),
        settings=settings_fingerprint(settings),
    )


def _made(outcome: Outcome, take: NewTake) -> dict[str, object]:
    """The pack's attributes, as `extract` writes them of a video."""
    made: dict[str, object] = {
        "extractor": EXTRACTOR,
        "extractor_version": mediapipe_version(),
        "settings": take.settings.model_dump_json(),
        "source": outcome.source,
        "width": outcome.width,
        "height": outcome.height,
        "status": outcome.status,
        "reason": outcome.reason,
    }
    if outcome.fps is not None:
        made["fps"] = outcome.fps
    if outcome.settings:
        video = {"source_size": outcome.size, "source_sha256": outcome.sha256, "rotation": 0}
        made |= video
    return made
