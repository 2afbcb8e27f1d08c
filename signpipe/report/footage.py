"""A clip to be looked at: its landmarks, and its pictures or a plain ground where they are gone."""

import math
import os
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.datasets.clips import times_of
from signpipe.errors import SignpipeError
from signpipe.landmarks.outcomes import Outcome, printable
from signpipe.landmarks.pack import Landmarks, open_pack
from signpipe.video.read import Video, VideoError
from signpipe.workspace import Workspace, sha256_of_file

Frame = NDArray[np.uint8]

GROUND = (44, 48, 54)  # light and dark lines both show on it
PLAIN = (640, 480)  # of clips whose pictures' size nobody knows: webcams
LARGEST = 1280  # the longer side of a plain ground: there is nothing on it to see more sharply


@dataclass(frozen=True)
class Footage:
    """`missing` says why there is no `video` to draw on, and is "" where there is one.

    `width` and `height` are the picture's in pixels; `segment` is the part of the video that the
    clip is, "" for all of it.
    """

    name: str
    landmarks: Landmarks
    width: int
    height: int
    video: Path | None = None
    missing: str = ""
    segment: str = ""

    def frames(self, wanted: Collection[int] | None = None) -> Iterator[Frame]:
        """Pictures (H, W, 3) uint8 RGB of all frames, or of the `wanted` ones, in their order.

        There is one for every frame with landmarks: plain where the video does not show it.
        """
        chosen = sorted(range(len(self.landmarks)) if wanted is None else wanted)
        given = 0
        for pixels in self._filmed(chosen):
            given += 1
            yield pixels
        for _ in chosen[given:]:
            yield np.full((self.height, self.width, 3), GROUND, np.uint8)

    def _filmed(self, chosen: list[int]) -> Iterator[Frame]:
        if self.video is None or not chosen:
            return
        shown = set(chosen)
        try:
            with Video(self.video, *times_of(self.segment)) as video:
                for index, (_, pixels) in enumerate(video):
                    if index in shown:
                        yield pixels
                    if index >= chosen[-1]:
                        return
        except (VideoError, OSError):
            return  # it was readable when its landmarks were made; what is left stays plain

    @property
    def fps(self) -> float:
        """Frames a second on average; 25 where no times are known."""
        times = self.landmarks.times
        if times is None or len(times) < 2 or not 0 < times[-1] < math.inf:
            return 25.0
        return float((len(times) - 1) / times[-1])


def stored_footage(workspace: Workspace, outcome: Outcome) -> Footage:
    """The clip of an outcome, with the landmarks the workspace has of it.

    Raises SignpipeError if it has none, or its pack cannot be read.
    """
    if not outcome.pack:
        raise SignpipeError(
            f"clip {outcome.clip_id!r} of {workspace.root} has no landmarks to show: "
            f"{outcome.status}, {outcome.reason}"
        )
    path = workspace.pack(outcome.pack)
    with open_pack(path) as pack:
        if pack.clip_ids[outcome.index : outcome.index + 1] != [outcome.clip_id]:
            raise SignpipeError(f"{path} has changed since it came into {workspace.root}")
        landmarks = pack.read(outcome.index)
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
