"""What is said of the camera's picture."""

from dataclasses import replace

import numpy as np
import pytest

from signpipe.app.drawable import POSE_POINTS, drawable, drawable_clip
from signpipe.app.picture_quality import judge_picture
from signpipe.landmarks.pack import Landmarks


@pytest.fixture
def frame(walk) -> Landmarks:
    """One frame: a right hand that is found, a left one whose wrist alone is seen."""
    made = walk(0, 0, 0, frames=1)
    made.pose[0, 23:] = (0.5, 0.9, 0, 1)
    return made


def test_hands_and_shoulders_in_view(frame):
    quality = judge_picture(frame, 0.5)
    assert quality.person and quality.shoulders
    assert quality.left_hand and quality.right_hand and quality.light == "good"


def test_what_is_outside_the_picture_is_out_of_view(frame):
    frame.pose[0, 11, 0] = 1.02  # a shoulder
    frame.pose[0, 15, 1] = 1.3  # the left wrist
    frame.pose[0, 16, 3] = 0.1  # the right wrist is a guess, but its hand is found
    quality = judge_picture(frame, 0.5)
    assert not quality.shoulders and not quality.left_hand and quality.right_hand


@pytest.mark.parametrize(
    ("brightness", "light"), [(0.05, "too dark"), (0.5, "good"), (0.95, "too bright")]
)
def test_light(frame, brightness, light):
    assert judge_picture(frame, brightness).light == light


def test_nobody(frame):
    gone = replace(frame, pose=np.full_like(frame.pose, np.nan))
    quality = judge_picture(gone, 0.5)
    assert not (quality.person or quality.shoulders or quality.left_hand)


def test_what_is_drawn(frame):
    drawn = drawable(frame)
    assert drawn["left_hand"] is None
    assert len(drawn["pose"]) == 2 * len(POSE_POINTS) == 18
    assert drawn["right_hand"][:2] == [
        pytest.approx(value, abs=1e-4) for value in frame.right_hand[0, 0, :2]
    ]
    clip = drawable_clip(replace(frame, times=np.array([0.0])))
    assert clip == {"times": [0.0], "frames": [drawn]}
    assert drawable_clip(frame)["times"] is None
