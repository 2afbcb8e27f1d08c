"""What the camera sends: the newest picture to look at, and the last seconds to cut takes from.

When looking takes longer than the camera, pictures in between are dropped: what is shown is never
late by more than one picture.
"""

import asyncio
import math
import struct
from collections import deque

from signpipe.app.landmark_worker import CameraFrame

HEAD = struct.Struct("<d")  # seconds of the browser's clock, before the JPEG
KEPT_SECONDS, KEPT_BYTES = 40.0, 64 << 20


class CameraStream:
    """Pictures of one browser's camera."""

    def __init__(self) -> None:
        self._newest: CameraFrame | None = None
        self._is_new = asyncio.Event()
        self._begun = False
        self._seen: deque[CameraFrame] = deque()
        self._bytes = 0
        self._last = -math.inf
        self.dropped = 0

    def receive(self, message: bytes) -> None:
        """Take in a picture; passed over if its time is no later than the last one's.

        Raises ValueError for what is no picture.
        """
        if len(message) <= HEAD.size:
            raise ValueError("there is no picture")
        (seconds,) = HEAD.unpack_from(message)
        if not math.isfinite(seconds):
            raise ValueError("a picture has no time")
        if seconds <= self._last:
            return
        self._last = seconds
        self.dropped += self._newest is not None
        self._newest = CameraFrame(seconds, message[HEAD.size :], fresh=not self._begun)
        self._is_new.set()

    async def newest(self) -> CameraFrame:
        """The newest picture, as soon as there is one that was not given yet."""
        await self._is_new.wait()
        frame, self._newest = self._newest, None
        assert frame is not None
        self._is_new.clear()
        self._begun = True
        return frame

    def keep(self, frame: CameraFrame) -> None:
        """Keep a picture that was looked at, for as long as a take may want it."""
        self._seen.append(frame)
        self._bytes += len(frame.jpeg)
        while self._bytes > KEPT_BYTES or frame.seconds - self._seen[0].seconds > KEPT_SECONDS:
            self._bytes -= len(self._seen.popleft().jpeg)

    def between(self, start: float, end: float) -> list[tuple[float, bytes]]:
        """Kept pictures, `(seconds, JPEG)`, from `start` to `end`, both included."""
        return [(f.seconds, f.jpeg) for f in self._seen if start <= f.seconds <= end]
