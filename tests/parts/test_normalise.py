import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.landmarks.pack import Landmarks
from signpipe.parts.normalise import hand_in_box, to_keypoints
from signpipe.settings import PrepareSettings
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK


def landmarks(frames=4, seed=0):
    rng = np.random.default_rng(seed)
    pose = rng.uniform(0.2, 0.8, (frames, 33, 4)).astype(np.float32)
    hands = rng.uniform(0.2, 0.8, (2, frames, 21, 3)).astype(np.float32)
    return Landmarks(pose, hands[0], hands[1])


def moved(given, scale, shift):
    """The same person elsewhere in a square picture."""

    def move(points):
        points = points.copy()
        points[..., :2] = points[..., :2] * scale + shift
        return points

    return Landmarks(move(given.pose), move(given.left_hand), move(given.right_hand))


@given(st.floats(0.3, 2), st.floats(-0.3, 0.3))
def test_place_and_size_in_the_picture_do_not_matter(scale, shift):
    one = to_keypoints(landmarks(), PrepareSettings(), 100, 100)
    other = to_keypoints(moved(landmarks(), scale, shift), PrepareSettings(), 100, 100)
    np.testing.assert_allclose(one, other, atol=1e-3)


def test_the_pictures_shape_does_not_matter():
    wide = landmarks()
    squeezed = Landmarks(*(part * 1 for part in (wide.pose, wide.left_hand, wide.right_hand)))
    for part in (squeezed.pose, squeezed.left_hand, squeezed.right_hand):
        part[..., 0] *= 0.5  # the same pixels in a picture of twice the width
    one = to_keypoints(wide, PrepareSettings(), 100, 100)
    other = to_keypoints(squeezed, PrepareSettings(), 200, 100)
    np.testing.assert_allclose(one, other, atol=1e-4)


def test_a_hand_lies_in_its_box_and_touches_it():
    keypoints = to_keypoints(landmarks(), PrepareSettings(hand_box=1.0), 100, 100)
    for hand in (RIGHT_HAND, LEFT_HAND):
        largest = np.abs(keypoints[:, hand, :2]).max(axis=(1, 2))
        np.testing.assert_allclose(largest, 1, atol=1e-5)


def test_the_left_hand_is_mirrored_to_look_like_a_right_one():
    given = landmarks()
    mirrored = given.right_hand.copy()
    mirrored[..., 0] = 1 - mirrored[..., 0]
    both = Landmarks(given.pose, mirrored, given.right_hand)
    keypoints = to_keypoints(both, PrepareSettings(), 100, 100)
    np.testing.assert_allclose(keypoints[:, LEFT_HAND], keypoints[:, RIGHT_HAND], atol=1e-5)


def test_shoulders_are_one_width_apart_around_the_origin():
    given = landmarks()
    given.pose[:, 11, :2], given.pose[:, 12, :2] = (0.7, 0.5), (0.3, 0.5)
    trunk = to_keypoints(given, PrepareSettings(), 100, 100)[:, TRUNK]
    np.testing.assert_allclose(trunk[:, 1, :2], [[0.5, 0]] * 4, atol=1e-6)
    np.testing.assert_allclose(trunk[:, 4, :2], [[-0.5, 0]] * 4, atol=1e-6)


def test_by_the_image_the_corners_are_one_from_the_middle():
    given = landmarks()
    given.pose[:, 0, :2] = 0.5
    given.pose[:, 11, :2] = 1.0
    keypoints = to_keypoints(given, PrepareSettings(trunk="image"), 100, 100)
    np.testing.assert_allclose(keypoints[:, TRUNK][:, 0, :2], 0, atol=1e-6)
    np.testing.assert_allclose(keypoints[:, TRUNK][:, 1, :2], 1, atol=1e-6)


def test_what_was_not_detected_is_zero_with_no_confidence():
    given = landmarks()
    given.right_hand[1] = np.nan
    given.pose[2] = np.nan
    keypoints = to_keypoints(given, PrepareSettings())
    assert np.isfinite(keypoints).all()
    assert (keypoints[1, RIGHT_HAND] == 0).all()
    assert (keypoints[2, TRUNK] == 0).all()
    assert (keypoints[[0, 2, 3], RIGHT_HAND, 2] == 1).all()
    np.testing.assert_allclose(
        keypoints[0, TRUNK, 2], given.pose[0, [0, 11, 13, 15, 12, 14, 16], 3]
    )


@pytest.mark.parametrize("frames", [0, 1])
def test_the_shortest_clips(frames):
    keypoints = to_keypoints(landmarks(frames), PrepareSettings())
    assert keypoints.shape == (frames, 49, 3)
    assert keypoints.dtype == np.float32


def test_a_hand_that_lacks_a_joint_keeps_the_others():
    hand = np.random.default_rng(0).random((2, 21, 2), np.float32)
    hand[0, 7] = np.nan
    boxed = hand_in_box(hand, 2.2)
    assert np.isnan(boxed).sum() == 2
    np.testing.assert_array_equal(np.isnan(boxed[0, 7]), True)
