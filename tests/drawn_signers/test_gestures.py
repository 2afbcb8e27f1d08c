"""The twelve gestures as the six signers perform them, judged by joints alone."""

from dataclasses import dataclass

import numpy as np
import pytest

from drawn_signers.body import arm_joints
from drawn_signers.gestures import GESTURES, MINIMAL_PAIRS
from drawn_signers.performance import LONGEST, SHORTEST, perform, variation_of
from drawn_signers.signers import SIGNERS

BY_NAME = {gesture.name: gesture for gesture in GESTURES}
TIPS = (8, 12, 16, 20)


@dataclass(frozen=True)
class Trajectories:
    """Joints (T, 21, 3) of the dominant and the other hand, and when they are in the gesture."""

    dominant: np.ndarray
    other: np.ndarray
    gesturing: np.ndarray


def trajectories(signer, gesture, repetition=0, variation=None):
    variation = variation or variation_of(signer, gesture, repetition, seed=0)
    performance = perform(signer, gesture, variation)
    right = np.array([arm_joints(p.right, "right", signer.build).hand for p in performance.poses])
    left = np.array([arm_joints(p.left, "left", signer.build).hand for p in performance.poses])
    if signer.left_handed:
        right, left = left * [-1, 1, 1], right * [-1, 1, 1]
    time = np.linspace(0, 1, len(right))
    return Trajectories(right, left, (time >= 0.2) & (time <= 0.8))


def pair(signer, names):
    """Both gestures with one and the same variation, in the frames of the gesture itself."""
    variation = variation_of(signer, BY_NAME[names[0]], 0, seed=0)
    both = [trajectories(signer, BY_NAME[name], variation=variation) for name in names]
    return [one.dominant[one.gesturing] for one in both]


def shape_of(hands):
    """Hands (T, 21, 3) with the wrist at the origin."""
    return hands - hands[:, :1]


def path_of(hands):
    """Wrists (T, 3) about their mean place."""
    return hands[:, 0] - place_of(hands)


def place_of(hands):
    """The middle of the box the wrist moves in."""
    return (hands[:, 0].min(axis=0) + hands[:, 0].max(axis=0)) / 2


def test_twelve_gestures_and_six_signers():
    assert len({gesture.name for gesture in GESTURES}) == len(GESTURES) == 12
    assert len({signer.name for signer in SIGNERS}) == len(SIGNERS) == 6
    assert sum(signer.left_handed for signer in SIGNERS) == 1
    assert sum(signer.rests_out_of_view for signer in SIGNERS) == 2
    assert len({(signer.pace, signer.reach) for signer in SIGNERS}) == 6
    assert {gesture.other_hand for gesture in GESTURES} == {None, "mirrors", "opposes"}


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
class TestMinimalPairs:
    @pytest.mark.parametrize("names", MINIMAL_PAIRS["shape"])
    def test_shape_pairs_differ_in_shape_only(self, signer, names):
        first, second = pair(signer, names)
        np.testing.assert_allclose(first[:, 0], second[:, 0], atol=1e-9)
        # The palm's knuckles show that the hand is turned alike; the tips show the shape.
        np.testing.assert_allclose(first[:, 5], second[:, 5], atol=1e-9)
        apart = np.linalg.norm(first[:, TIPS] - second[:, TIPS], axis=-1).max(axis=1)
        assert apart.min() > 0.05

    @pytest.mark.parametrize("names", MINIMAL_PAIRS["movement"])
    def test_movement_pairs_differ_in_movement_only(self, signer, names):
        first, second = pair(signer, names)
        np.testing.assert_allclose(shape_of(first), shape_of(second), atol=1e-9)
        np.testing.assert_allclose(place_of(first), place_of(second), atol=0.012)
        assert np.linalg.norm(path_of(first) - path_of(second), axis=-1).max() > 0.05

    @pytest.mark.parametrize("names", MINIMAL_PAIRS["place"])
    def test_place_pairs_differ_in_place_only(self, signer, names):
        first, second = pair(signer, names)
        np.testing.assert_allclose(shape_of(first), shape_of(second), atol=1e-9)
        np.testing.assert_allclose(path_of(first), path_of(second), atol=1e-9)
        assert np.linalg.norm(place_of(first) - place_of(second)) > 0.2


def test_all_three_kinds_of_pairs_are_there():
    assert set(MINIMAL_PAIRS) == {"shape", "movement", "place"}
    assert all(MINIMAL_PAIRS.values())


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_raised_hands_are_in_the_picture(signer):
    for gesture in GESTURES:
        for repetition in range(2):
            performance = perform(signer, gesture, variation_of(signer, gesture, repetition, 0))
            dominant = "left" if signer.left_handed else "right"
            sides = ("right", "left") if gesture.other_hand else (dominant,)
            for pose, raised in zip(performance.poses, performance.raised, strict=True):
                for side in sides if raised else ():
                    hand = arm_joints(getattr(pose, side), side, signer.build).hand
                    seen = signer.camera.project(hand)
                    assert seen.min() > 0 and seen.max() < 1, (gesture.name, side)


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_resting_hands_are_out_of_the_picture_where_they_should_be(signer):
    rest = trajectories(signer, BY_NAME["wave"])
    for hand in (rest.dominant[0], rest.dominant[-1], rest.other[0]):
        heights = signer.camera.project(hand)[:, 1]
        assert (heights > 1).all() if signer.rests_out_of_view else (heights < 1).all()


def test_a_left_handed_signer_uses_the_left_hand():
    for signer in SIGNERS:
        performance = perform(
            signer, BY_NAME["count_one"], variation_of(signer, BY_NAME["count_one"], 0, 0)
        )
        middle = performance.poses[len(performance.poses) // 2]
        higher = "left" if middle.left.wrist[1] < middle.right.wrist[1] else "right"
        assert higher == ("left" if signer.left_handed else "right")


def test_clips_have_the_promised_length():
    counts = [
        len(perform(signer, gesture, variation_of(signer, gesture, repetition, 0)).poses)
        for signer in SIGNERS
        for gesture in GESTURES
        for repetition in range(2)
    ]
    assert SHORTEST <= min(counts) < max(counts) <= LONGEST
    assert 32 <= np.mean(counts) <= 36


def test_the_seed_decides_and_repetitions_differ():
    signer, gesture = SIGNERS[0], BY_NAME["wave"]

    def wrists(repetition, seed):
        variation = variation_of(signer, gesture, repetition, seed)
        return np.array([pose.right.wrist for pose in perform(signer, gesture, variation).poses])

    np.testing.assert_array_equal(wrists(0, 7), wrists(0, 7))
    for other in (wrists(1, 7), wrists(0, 8)):
        frames = min(len(other), len(wrists(0, 7)))
        assert np.abs(other[:frames] - wrists(0, 7)[:frames]).max() > 0.003
