"""A clip to be looked at: its landmarks, and its pictures or a plain ground where they are gone."""

import math
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.video.read import Video, VideoError
from signpipe.video.segments import segment_times

Frame = NDArray[np.uint8]

GROUND = (44, 48, 54)  # light and dark lines both show on it


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
            with Video(self.video, *segment_times(self.segment)) as video:
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
