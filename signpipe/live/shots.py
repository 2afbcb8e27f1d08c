"""Where a recording jumps from one picture to another: no sign goes over such a cut."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.live.answered_stream import AnsweredEvent, AnsweredStream
from signpipe.live.hand_height import SHOULDERS
from signpipe.live.sign_stream import FALLBACK_ASPECT
from signpipe.skeleton import POSE_LANDMARKS

# Chosen on joined clips of signers: nearly nine in ten cuts from one person to another are found.
JUMP = 0.15  # shoulder widths by which nose and shoulders are elsewhere at once, and stay there
SUDDEN = 2.0  # times as far as between any two other frames near
NEAR = 3  # frames before and after
BODY = [*SHOULDERS, POSE_LANDMARKS.index("nose")]
PARTS = ("pose", "left_hand", "right_hand", "times")
Places = NDArray[np.float32]  # (T, 3, 2) of BODY, in picture heights


class AnsweredShots:
    """The events of streams, of which `new` makes one for each shot; NEAR frames are held back."""

    def __init__(
        self, new: Callable[[], AnsweredStream], *, width: int | None, height: int | None
    ) -> None:
        self._new, self._stream = new, new()
        self._aspect = width / height if width and height else FALLBACK_ASPECT
        self._held: Landmarks | None = None
        self._before = np.zeros((0, len(BODY), 2), np.float32)  # where the body was seen last

    def extend(self, landmarks: Landmarks) -> list[AnsweredEvent]:
        """As `AnsweredStream.extend`."""
        frames = landmarks if self._held is None else _joined(self._held, landmarks)
        ready = max(0, len(frames) - NEAR)
        self._held = _part(frames, ready, len(frames))
        return self._extend(frames, ready)

    def end(self) -> list[AnsweredEvent]:
        """As `AnsweredStream.end`."""
        frames, self._held = self._held, None
        events = [] if frames is None else self._extend(frames, len(frames))
        return events + self._stream.end()

    def _extend(self, frames: Landmarks, ready: int) -> list[AnsweredEvent]:
        events: list[AnsweredEvent] = []
        at = 0
        for cut in self._cuts(frames, ready):
            events += self._stream.extend(_part(frames, at, cut)) + self._stream.end()
            self._stream, at = self._new(), cut
        return events + self._stream.extend(_part(frames, at, ready))

    def _cuts(self, frames: Landmarks, ready: int) -> list[int]:
        places = frames.pose[:, BODY, :2] * np.array([self._aspect, 1.0], np.float32)
        seen = np.isfinite(places).all(axis=(1, 2))
        found = []
        for i in np.flatnonzero(seen[:ready]).tolist():
            following = slice(i, i + NEAR + 1)
            if is_cut(self._before, places[following][seen[following]]):
                found.append(i)
            self._before = np.concatenate([self._before, places[i : i + 1]])[-NEAR - 1 :]
        return found


def is_cut(before: Places, after: Places) -> bool:
    """Whether another shot begins between the frames before, if any, and those after."""
    if not len(before):
        return False
    widths = [np.linalg.norm(places[0] - places[1]) for places in (before[-1], after[0])]
    least = JUMP * float(min(widths))
    jump = _distance(after[0], before[-1])
    if not jump > least > 0:
        return False
    stays = _distance(np.median(after[:NEAR], axis=0), np.median(before[-NEAR:], axis=0))
    others = [_distance(p[1:], p[:-1]).max(initial=0.0) for p in (before, after)]
    return bool(stays > least and jump > SUDDEN * max(others))


def _distance(one: Places, other: Places) -> NDArray[np.float32]:
    """(..., 3, 2) twice -> (...): how far apart most of the body's points are."""
    return np.median(np.linalg.norm(one - other, axis=-1), axis=-1)


def _part(frames: Landmarks, first: int, last: int) -> Landmarks:
    return Landmarks(*(getattr(frames, part)[first:last] for part in PARTS))


def _joined(one: Landmarks, other: Landmarks) -> Landmarks:
    return Landmarks(*(np.concatenate([getattr(f, part) for f in (one, other)]) for part in PARTS))
