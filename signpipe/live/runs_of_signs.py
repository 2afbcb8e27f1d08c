"""Signs that follow each other without a rest, told apart by what a recogniser sees in them.

Answers about short windows are what changes from sign to sign: the likeliest sequence of signs is
found by dynamic programming (Viterbi), in which each change from one sign to another costs. A sign
that is shown twice without a rest is one; so are signs that the recogniser does not know.
"""

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from signpipe.answers import Answer
from signpipe.landmarks.pack import Landmarks
from signpipe.live.answered_stream import Decides
from signpipe.live.sign_stream import SignShown

# Chosen on clips of training signers, joined with and without rests.
WINDOW, STEP = 0.6, 0.2  # seconds
SHORTEST = 1.2  # seconds of what may be several signs
CHANGE = 10.0  # what a change costs, in natural logarithms of probability
FLOOR = 1e-4  # no probability counts as less
LEAST = 0.3  # seconds of a sign


class RunsOfSigns:
    """Called with a sign, gives the signs it consists of; sizes as in `SignStream`.

    The answers' values are probabilities. Where fewer than two parts are signs that are known, it
    is left whole.
    """

    def __init__(self, decider: Decides, *, width: int | None, height: int | None) -> None:
        self._decider, self._size = decider, (width, height)

    def __call__(self, sign: SignShown) -> list[SignShown]:
        if sign.end - sign.start < SHORTEST:
            return [sign]
        borders = changes(self._shares(sign.landmarks))
        if not borders:
            return [sign]
        times = [sign.start + WINDOW / 2 + STEP * (border - 0.5) for border in borders]
        edges = [sign.start, *times, sign.end]
        parts = [_part(sign, start, end) for start, end in pairwise(edges) if end - start >= LEAST]
        known = [part for part in parts if self._decide(part.landmarks, always=False).is_sign]
        return parts if len(known) > 1 else [sign]

    def _decide(self, landmarks: Landmarks, *, always: bool) -> Answer:
        width, height = self._size
        return self._decider.decide(landmarks, width=width, height=height, always=always)

    def _shares(self, landmarks: Landmarks) -> NDArray[np.float64]:
        """(windows, signs) probabilities."""
        assert landmarks.times is not None
        starts = np.arange(0, max(0.0, landmarks.times[-1] - WINDOW) + STEP / 2, STEP)
        rows = []
        for start in starts:
            answer = self._decide(_between(landmarks, start, start + WINDOW), always=True)
            rows.append(dict(answer.signs))
        names = sorted(rows[0])
        return np.array([[row[name] for name in names] for row in rows])


def changes(shares: NDArray[np.float64]) -> list[int]:
    """The windows with which another sign begins; shares are probabilities (windows, signs)."""
    scores = np.log(shares + FLOOR)
    total = scores[0]
    came_from = []
    for row in scores[1:]:
        best = int(total.argmax())
        stay = total >= total[best] - CHANGE
        came_from.append(np.where(stay, np.arange(len(row)), best))
        total = np.where(stay, total, total[best] - CHANGE) + row
    path = [int(total.argmax())]
    for before in reversed(came_from):
        path.append(int(before[path[-1]]))
    path.reverse()
    return [i for i in range(1, len(path)) if path[i] != path[i - 1]]


def _part(sign: SignShown, start: float, end: float) -> SignShown:
    landmarks = _between(sign.landmarks, start - sign.start, end - sign.start)
    return SignShown(start, end, landmarks)


def _between(landmarks: Landmarks, start: float, end: float) -> Landmarks:
    """Frames from `start` to `end`, at least one; the first is at time 0."""
    assert landmarks.times is not None
    first, last = np.searchsorted(landmarks.times, [start, end]).tolist()
    first = min(first, len(landmarks) - 1)
    at = slice(first, max(last, first + 1))
    times = landmarks.times[at]
    return Landmarks(
        landmarks.pose[at], landmarks.left_hand[at], landmarks.right_hand[at], times - times[0]
    )
