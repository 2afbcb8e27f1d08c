"""Skeletons of the workspace's clips for the browser: one frame of many, or all of one."""

import threading
from collections import OrderedDict
from collections.abc import Sequence
from typing import Any

import numpy as np

from signpipe.app.drawable import drawable, drawable_clip
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.stored import stored_extraction, stored_landmarks
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import Workspace

KEPT = 4096  # small skeletons, of some 1 kB each
PLAIN = (640, 480)  # of clips whose pictures' size nobody knows: webcams
Small = dict[str, Any]


class SmallSkeletons:
    """One telling frame of each clip, kept while its landmarks are the same."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._kept: OrderedDict[Outcome, Small] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, clip_ids: Sequence[str]) -> dict[str, Small | None]:
        """By clip id; None of a clip without landmarks, or whose pack cannot be read."""
        outcomes = read_outcomes(self._workspace.outcomes)
        wanted = [outcomes[i] for i in dict.fromkeys(clip_ids) if i in outcomes]
        with self._lock:
            self._read([one for one in wanted if one.pack and one not in self._kept])
            found = {one.clip_id: self._kept.get(one) for one in wanted}
            while len(self._kept) > KEPT:
                self._kept.popitem(last=False)
        return {clip_id: found.get(clip_id) for clip_id in clip_ids}

    def _read(self, missing: Sequence[Outcome]) -> None:
        for outcome, landmarks in stored_landmarks(self._workspace, missing, lambda *_: None):
            if len(landmarks):
                frame = drawable(landmarks, telling_frame(landmarks))
                self._kept[outcome] = {"landmarks": frame, **picture_size(outcome)}


def whole_skeleton(workspace: Workspace, clip_id: str) -> dict[str, Any]:
    """All frames of a clip with their times. Raises SignpipeError if it has none."""
    outcome = read_outcomes(workspace.outcomes).get(clip_id)
    if outcome is None or not outcome.pack:
        raise SignpipeError(f"The clip {clip_id!r} has no landmarks to show.")
    landmarks = stored_extraction(workspace, outcome).landmarks
    assert landmarks is not None
    return {**drawable_clip(landmarks), **picture_size(outcome)}


def telling_frame(landmarks: Landmarks) -> int:
    """The middle one of the frames that show a hand, of a clip that has frames."""
    hands = np.flatnonzero(landmarks.seen("left_hand") | landmarks.seen("right_hand"))
    return int(hands[len(hands) // 2]) if len(hands) else len(landmarks) // 2


def picture_size(outcome: Outcome) -> dict[str, int]:
    """Of a clip's pictures, in pixels."""
    known = outcome.width and outcome.height
    width, height = (outcome.width, outcome.height) if known else PLAIN
    return {"width": int(width or PLAIN[0]), "height": int(height or PLAIN[1])}
