"""What a person was asked to show, until it is kept or thrown away: a take, or ten idle seconds."""

import asyncio
from dataclasses import dataclass, field

from signpipe.app.landmark_worker import TakeLandmarks

EARLY = 0.3  # seconds by which hands may come up before they were asked to
IDLE_SECONDS = 10.0


@dataclass(eq=False)
class AskedTake:
    """A take of a sign by a signer, asked for at `since` seconds of the browser's clock.

    `frames`, `(seconds, JPEG)`, and `landmarks`, which are being found, come once it was shown.
    """

    label: str
    signer: str
    since: float
    frames: list[tuple[float, bytes]] = field(default_factory=list)
    landmarks: "asyncio.Task[TakeLandmarks] | None" = None

    @property
    def was_shown(self) -> bool:
        return self.landmarks is not None

    def begins(self, start: float) -> bool:
        """Whether a sign that starts then is what was asked for."""
        return not self.was_shown and start >= self.since - EARLY


@dataclass(eq=False)
class AskedIdle:
    """Seconds of no sign, asked for at `since` seconds of the browser's clock."""

    since: float

    def is_over(self, now: float) -> bool:
        return now - self.since >= IDLE_SECONDS
