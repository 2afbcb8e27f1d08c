"""A workspace's clips to be looked at: their landmarks, and their videos where still there."""

import os
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, printable
from signpipe.extraction.stored import stored_extraction
from signpipe.pictures.footage import Footage
from signpipe.workspace import Workspace, sha256_of_file

PLAIN = (640, 480)  # of clips whose pictures' size nobody knows: webcams
LARGEST = 1280  # the longer side of a plain ground: there is nothing on it to see more sharply


def stored_footage(workspace: Workspace, outcome: Outcome) -> Footage:
    """The clip of an outcome, with the landmarks the workspace has of it.

    Raises SignpipeError if it has none, or its pack cannot be read.
    """
    if not outcome.pack:
        raise SignpipeError(
            f"clip {outcome.clip_id!r} of {workspace.root} has no landmarks to show: "
            f"{outcome.status}, {outcome.reason}"
        )
    landmarks = stored_extraction(workspace, outcome).landmarks
    assert landmarks is not None
    missing = _missing(outcome)
    video = None if missing else Path(outcome.source)
    width, height = outcome.width, outcome.height
    if not (width and height):
        width, height = PLAIN
    if missing:
        shrink = min(1.0, LARGEST / max(width, height))
        width, height = max(2, round(width * shrink)), max(2, round(height * shrink))
    return Footage(outcome.clip_id, landmarks, width, height, video, missing, outcome.segment)


def _missing(outcome: Outcome) -> str:
    if not outcome.settings:
        return "it was imported without a video"
    try:
        status = os.stat(outcome.source)
        known = status.st_size == outcome.size and (
            status.st_mtime_ns == outcome.mtime_ns
            or sha256_of_file(Path(outcome.source)) == outcome.sha256
        )
    except OSError:
        return f"its video {printable(outcome.source)} is gone"
    return "" if known else f"its video {printable(outcome.source)} has changed since"
