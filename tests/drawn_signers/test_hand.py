"""Hands: bones keep their length, shapes do what they say, left mirrors right."""

import numpy as np
import pytest

from drawn_signers.hand import FIST, FLAT, ONE_FINGER, OPEN, THUMB, hand_joints
from signpipe.skeleton import HAND_EDGES

UP, TO_VIEWER = np.array([0.0, -1.0, 0.0]), np.array([0.0, 0.0, 1.0])
TIPS = (8, 12, 16, 20)


def joints(shape, side="right", size=1.0):
    return hand_joints(np.zeros(3), UP, TO_VIEWER, shape, side, size)


def bone_lengths(hand):
    # The palm has no bones of its own: knuckles are placed, fingers are bent.
    bones = [(child, root) for child, root in HAND_EDGES if root != 0]
    return np.array([np.linalg.norm(hand[child] - hand[root]) for child, root in bones])


def test_bones_keep_their_length_in_every_shape():
    for shape in (FLAT, FIST, ONE_FINGER, THUMB):
        np.testing.assert_allclose(bone_lengths(joints(shape)), bone_lengths(joints(OPEN)))


def test_straight_fingers_point_where_they_should_and_fists_do_not():
    flat, fist = joints(FLAT), joints(FIST)
    for tip in TIPS:
        assert flat[tip, 1] < -0.13
        assert fist[tip, 1] > -0.09
        assert fist[tip, 2] > 0.005  # curled over the palm, which faces the viewer
    assert joints(ONE_FINGER)[8, 1] < -0.15


def test_the_right_thumb_points_inwards_when_the_palm_faces_the_viewer():
    assert joints(OPEN)[4, 0] > 0.06


def test_a_spread_hand_is_wider():
    def width(hand):
        return np.ptp(hand[list(TIPS), 0])

    assert width(joints(OPEN)) > 1.3 * width(joints(FLAT))


def test_left_mirrors_right_and_size_scales():
    right = joints(OPEN)
    np.testing.assert_allclose(joints(OPEN, "left"), right * [-1, 1, 1], atol=1e-12)
    np.testing.assert_allclose(joints(OPEN, size=1.2), 1.2 * right)


def test_blending_reaches_both_ends():
    np.testing.assert_allclose(joints(OPEN.towards(FIST, 0.0)), joints(OPEN))
    np.testing.assert_allclose(joints(OPEN.towards(FIST, 1.0)), joints(FIST))


def test_a_palm_along_the_fingers_is_refused():
    with pytest.raises(ValueError, match="no direction"):
        hand_joints(np.zeros(3), UP, 2 * UP, OPEN, "right")
