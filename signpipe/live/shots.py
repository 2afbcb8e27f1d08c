"""Where a recording jumps from one picture to another: no sign goes over such a cut."""

from functools import partial

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.live.answered_stream import AnsweredEvent, AnsweredStream, Decides
from signpipe.live.hand_height import SHOULDERS
from signpipe.live.sign_stream import FALLBACK_ASPECT
from signpipe.skeleton import POSE_LANDMARKS

# Chosen on joined clips of signers: nearly nine in ten cuts from one person to another are found.
JUMP = 0.15  # shoulder widths by which nose and shoulders are elsewhere at once, and stay there
SUDDEN = 2.0  # times as far as between any two other frames near
NEAR = 3  # frames before and after
BODY = [*SHOULDERS, POSE_LANDMARKS.index("nose")]
PARTS = ("pose", "left_hand", "right_hand", "times")


class AnsweredShots:
    """`AnsweredStream` that begins anew with every shot; it looks NEAR frames ahead for that."""

    def __init__(
        self, decider: Decides, *, width: int | None, height: int | None, always: bool = False
    ) -> None:
        self._aspect = width / height if width and height else FALLBACK_ASPECT
        self._new = partial(AnsweredStream, decider, width=width, height=height, always=always)
        self._stream = self._new()
        self._frames: Landmarks | None = None
        self._known = 0  # how many of the frames the stream has had: these are only looked back at

    def extend(self, landmarks: Landmarks) -> list[AnsweredEvent]:
        """As `AnsweredStream.extend`."""
        frames = landmarks if self._frames is None else _joined(self._frames, landmarks)
        ready = max(self._known, len(frames) - NEAR)
        events = self._extend(frames, ready)
        first = max(0, ready - NEAR - 1)
        self._frames, self._known = _part(frames, first, len(frames)), ready - first
        return events

    def end(self) -> list[AnsweredEvent]:
        """As `AnsweredStream.end`."""
        events = [] if self._frames is None else self._extend(self._frames, len(self._frames))
        self._frames, self._known = None, 0
        return events + self._stream.end()

    def _extend(self, frames: Landmarks, ready: int) -> list[AnsweredEvent]:
        events: list[AnsweredEvent] = []
        at = self._known
        for cut in [i for i in cuts(frames, self._aspect) if self._known <= i < ready]:
            events += self._stream.extend(_part(frames, at, cut)) + self._stream.end()
            self._stream, at = self._new(), cut
        return events + self._stream.extend(_part(frames, at, ready))


def cuts(frames: Landmarks, aspect: float) -> list[int]:
    """The frames with which another shot begins; `aspect` is the picture's width / height."""
    body = frames.pose[:, BODY, :2] * np.array([aspect, 1.0], np.float32)
    widths = np.linalg.norm(body[:, 0] - body[:, 1], axis=1)
    if len(body) < 2:
        return []
    with np.errstate(divide="ignore", invalid="ignore"):
        jumps = _distance(body[1:], body[:-1]) / np.minimum(widths[1:], widths[:-1])
    jumps = np.concatenate([[0.0], np.nan_to_num(jumps, posinf=0.0)])  # to each frame
    return [int(i) for i in np.flatnonzero(jumps > JUMP) if _is_cut(int(i), jumps, body, widths)]


def _is_cut(
    i: int, jumps: NDArray[np.float64], body: NDArray[np.float32], widths: NDArray[np.float32]
) -> bool:
    first, last = max(0, i - NEAR), i + NEAR
    near = np.concatenate([jumps[first:i], jumps[i + 1 : last + 1]])
    before, after = np.median(body[first:i], axis=0), np.median(body[i:last], axis=0)
    stays = _distance(after, before) / min(widths[i - 1], widths[i])
    return bool(stays > JUMP and jumps[i] > SUDDEN * near.max(initial=0.0))


def _distance(one: NDArray[np.float32], other: NDArray[np.float32]) -> NDArray[np.float32]:
    """(..., 3, 2) twice -> (...): how far apart most of the body's points are."""
    return np.median(np.linalg.norm(one - other, axis=-1), axis=-1)


def _part(frames: Landmarks, first: int, last: int) -> Landmarks:
    return Landmarks(*(getattr(frames, part)[first:last] for part in PARTS))


def _joined(one: Landmarks, other: Landmarks) -> Landmarks:
    return Landmarks(*(np.concatenate([getattr(f, part) for f in (one, other)]) for part in PARTS))
