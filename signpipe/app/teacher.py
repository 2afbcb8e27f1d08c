"""What is taught: takes in the workspace, and the recogniser that learns from them."""

import threading
from typing import Any

from signpipe.app.drawable import drawable_clip
from signpipe.app.takes import FOLDER, NewTake, keep_take
from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.forgotten import forget
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.stored import stored_extraction
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import Workspace

ROUND = 4  # digits of a probability


class Teacher:
    """Safe to use from threads, which take turns."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._lock = threading.RLock()

    def summary(self) -> dict[str, Any]:
        """The signs with their takes' clip ids, whether idle hands were shown, and how well the
        signs are told apart."""
        with self._lock:
            takes = self._takes()
        idle = takes.pop("", [])
        return {
            "signs": [{"sign": sign, "takes": ids} for sign, ids in sorted(takes.items())],
            "idle": bool(idle),
            "report": None,
        }

    def answer(self, landmarks: Landmarks, width: int, height: int) -> dict[str, Any] | None:
        """What is said of a sign; None if nothing is taught."""
        return None

    def teach(self, take: NewTake) -> int:
        """Keep a take and learn from it; how many takes its sign, or idle hands, have now.

        Raises SignpipeError if it cannot be kept.
        """
        with self._lock:
            keep_take(self._workspace, take)
            return len(self._takes()[take.label])

    def take(self, clip_id: str) -> dict[str, Any]:
        """A take's sign and its landmarks to draw. Raises SignpipeError if there is none."""
        clip = self._clip(clip_id)
        outcome = read_outcomes(self._workspace.outcomes)[clip_id]
        found = stored_extraction(self._workspace, outcome)
        assert found.landmarks is not None
        size = {"width": found.width or 4, "height": found.height or 3}
        return {"sign": clip.label, "clip": {**drawable_clip(found.landmarks), **size}}

    def remove(self, clip_id: str) -> None:
        """Take a clip out of the clip table; `restore` gives it back.

        Raises SignpipeError if there is no such take.
        """
        self._clip(clip_id)
        with self._lock:
            forget(self._workspace, [clip_id])

    def _clip(self, clip_id: str) -> Clip:
        clip = read_clips(self._workspace.clips).get(clip_id)
        if clip is None or not _is_take(clip):
            raise SignpipeError("This take is not there any more.")
        return clip

    def _takes(self) -> dict[str, list[str]]:
        """Clip ids of usable takes by sign, "" for those of idle hands."""
        takes: dict[str, list[str]] = {}
        for clip in read_clips(self._workspace.clips).values():
            if _is_take(clip) and clip.usable:
                takes.setdefault(clip.label, []).append(clip.clip_id)
        return takes


def _is_take(clip: Clip) -> bool:
    return clip.clip_id.startswith(f"{FOLDER}/")
