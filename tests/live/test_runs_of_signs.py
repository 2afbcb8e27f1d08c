"""Signs without a rest between them: where the answers change, and where they are left whole."""

import numpy as np
import pytest

from signpipe.answers import NONE_OF_THESE, Answer
from signpipe.landmarks.pack import Landmarks
from signpipe.live.runs_of_signs import WINDOW, RunsOfSigns, changes
from signpipe.live.sign_stream import SignShown

RATE = 25.0  # frames a second


class BySide:
    """Knows two signs by the side on which the right hand mostly is, and whether it knows them."""

    def __init__(self, *, knows: bool = True) -> None:
        self.knows = knows

    def decide(self, landmarks: Landmarks, *, always: bool, **_: object) -> Answer:
        right = float((landmarks.right_hand[:, 0, 0] > 0.5).mean())
        shares = sorted({"left": 1 - right, "right": right}.items(), key=lambda pair: -pair[1])
        return Answer(shares[0][0] if self.knows or always else NONE_OF_THESE, tuple(shares))


def shown(*sides: tuple[float, float], start: float = 10.0) -> SignShown:
    """A hand that is so many seconds at this place, then so many at that."""
    x = np.concatenate([np.full(round(seconds * RATE), place) for seconds, place in sides])
    hand = np.broadcast_to(x[:, None, None], (len(x), 21, 3)).astype(np.float32)
    nothing = np.full_like(hand, np.nan)
    pose = np.full((len(x), 33, 4), np.nan, np.float32)
    times = np.arange(len(x)) / RATE
    return SignShown(start, start + times[-1], Landmarks(pose, nothing, hand, times))


def parts(sign: SignShown, *, knows: bool = True) -> list[SignShown]:
    return RunsOfSigns(BySide(knows=knows), width=640, height=480)(sign)


def test_two_signs_without_a_rest_are_two():
    sign = shown((1.6, 0.2), (1.4, 0.8))
    first, second = parts(sign)
    assert (first.start, second.end) == (sign.start, sign.end)
    assert first.end == second.start == pytest.approx(11.6, abs=0.2)
    for part in (first, second):
        times = part.landmarks.times
        assert times[0] == 0 and times[-1] == pytest.approx(part.end - part.start, abs=0.08)
    assert len(first.landmarks) + len(second.landmarks) in (74, 75)


@pytest.mark.parametrize(
    "sign",
    [
        shown((3.0, 0.2)),
        shown((1.4, 0.2), (0.2, 0.8), (1.4, 0.2)),  # a movement in the middle of it
        shown((0.5, 0.2), (0.5, 0.8)),  # too short to be two
    ],
)
def test_one_sign_is_left_whole(sign):
    assert parts(sign) == [sign]


def test_what_the_recogniser_does_not_know_is_left_whole():
    sign = shown((1.6, 0.2), (1.4, 0.8))
    assert parts(sign, knows=False) == [sign]


def test_frames_that_are_missing_are_no_matter():
    sign = shown((1.6, 0.2), (1.4, 0.8))
    kept = np.r_[0:10, 30:75]  # a pause that is longer than a window
    whole = sign.landmarks
    assert np.diff(whole.times[kept]).max() > WINDOW
    some = Landmarks(
        whole.pose[kept], whole.left_hand[kept], whole.right_hand[kept], whole.times[kept]
    )
    assert len(parts(SignShown(sign.start, sign.end, some))) == 2


def test_changes_of_the_likeliest_sign():
    shares = np.full((9, 3), 0.01)
    shares[:4, 0] = shares[4:, 2] = 0.98
    assert changes(shares) == [4]
    shares[6] = 0.01, 0.98, 0.01  # one window alone is chance
    assert changes(shares) == [4]
    assert changes(shares[:1]) == []
