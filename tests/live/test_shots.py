"""Cuts in a recording: signs end at them, whatever pieces the recording comes in."""

from collections.abc import Callable
from functools import partial

import numpy as np
import pytest

from signpipe.answers import Answer
from signpipe.landmarks.pack import Landmarks
from signpipe.live.answered_stream import AnsweredEvent, AnsweredSign, AnsweredStream
from signpipe.live.shots import AnsweredShots

RATE = 20.0  # frames a second
SHOT = 30  # frames
PARTS = ("pose", "left_hand", "right_hand")


class Counting:
    """Answers with how many frames it was given."""

    def decide(self, landmarks: Landmarks, **_: object) -> Answer:
        return Answer(f"{len(landmarks)} frames", ())


@pytest.fixture
def signing(walk: Callable[..., Landmarks]) -> Callable[[np.ndarray], Landmarks]:
    """`signing(places)`: hands that are up all the time; each frame is moved to the right by its
    place, in picture widths. Shoulders are 0.3 wide."""

    def make(places: np.ndarray) -> Landmarks:
        made = walk(0, 0, 0, frames=len(places))
        parts = [getattr(made, part).copy() for part in PARTS]
        for part in parts:
            part[..., 0] += places[:, None]
        return Landmarks(*parts, np.arange(len(places)) / RATE)

    return make


def events(landmarks: Landmarks, piece: int) -> list[AnsweredEvent]:
    stream = AnsweredShots(partial(AnsweredStream, Counting()), width=640, height=480)
    found: list[AnsweredEvent] = []
    for start in range(0, len(landmarks), piece):
        at = slice(start, start + piece)
        parts = [getattr(landmarks, part)[at] for part in (*PARTS, "times")]
        found += stream.extend(Landmarks(*parts))
    return found + stream.end()


def test_a_sign_ends_where_another_person_is_shown(signing):
    landmarks = signing(np.repeat([0.0, 0.1, 0.0], SHOT))
    whole = events(landmarks, len(landmarks))
    signs = [event for event in whole if isinstance(event, AnsweredSign)]
    begins = [sign.start for sign in signs]
    assert begins == pytest.approx([0, SHOT / RATE, 2 * SHOT / RATE])
    assert [sign.end for sign in signs[:-1]] == pytest.approx([t - 1 / RATE for t in begins[1:]])
    assert {sign.answer.answer for sign in signs} == {f"{SHOT} frames"}
    for piece in (1, 2, 7, SHOT, SHOT + 1):
        assert events(landmarks, piece) == whole


@pytest.mark.parametrize(
    "places",
    [
        np.linspace(0, 0.5, SHOT),  # a walk
        np.clip(np.arange(SHOT) - 10, 0, 4) * 0.06,  # leaning over within a fifth of a second
        np.where(np.arange(SHOT) == 12, 0.2, 0.0),  # a slip of the landmarks
        np.where(np.arange(SHOT) == 12, np.nan, 0.0),  # not found for once
        np.full(SHOT, np.nan),
    ],
)
def test_a_person_who_moves_is_no_other(signing, places):
    landmarks = signing(places)
    found = [event for event in events(landmarks, 7) if isinstance(event, AnsweredSign)]
    assert len(found) == (not np.isnan(places).all())
