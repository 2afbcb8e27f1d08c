import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.live.signed_part import signed_part


def clip(heights, seen=True):
    """A right wrist and hand so many shoulder widths below the shoulders, at 25 frames a second."""
    frames = len(heights)
    pose = np.full((frames, 33, 4), np.nan, np.float32)
    pose[:, [11, 12], :2] = (0.6, 0.3), (0.4, 0.3)
    pose[:, [15, 16], :2] = (0.6, 0.9), (0.4, 0.9)
    pose[:, 16, 1] = 0.3 + 0.2 * np.array(heights)
    pose[..., 3] = 1
    hand = np.full((frames, 21, 3), np.nan, np.float32)
    if seen:
        hand[..., :2] = pose[:, 16, None, :2] + 0.002 * np.arange(21)[:, None]
    left = np.full_like(hand, np.nan)
    return Landmarks(pose, left, hand, np.arange(frames) / 25)


def test_rest_is_cut_off_at_both_ends():
    move = 0.2 * np.sin(np.arange(30))
    whole = clip([3.0] * 40 + [*move] + [3.0] * 40)
    part = signed_part(whole, 100, 100)
    up = np.flatnonzero(part.pose[:, 16, 1] < 0.5)
    assert len(up) == 30 and 0 < up[0] <= 5 and 0 < len(part) - 1 - up[-1] <= 5
    assert part.times[0] == 0


def test_hands_that_are_up_all_the_time_are_the_whole_clip():
    whole = clip(0.2 * np.sin(np.arange(30)))
    assert len(signed_part(whole, 100, 100)) >= 28
    untimed = Landmarks(whole.pose, whole.left_hand, whole.right_hand)
    assert signed_part(untimed, 100, 100).times is None


def test_no_hand_at_all():
    assert signed_part(clip([0.0] * 10, seen=False)) is None


def test_a_hand_that_never_rises_is_the_whole_clip():
    whole = clip([3.0] * 20)
    assert signed_part(whole, 100, 100) is whole
