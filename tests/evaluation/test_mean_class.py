import numpy as np
import pytest

from signpipe.evaluation.intervals import of_mean_class
from signpipe.evaluation.mean_class import mean_class


def recorded(signs, signers, repetitions, alone, rng):
    """Labels and signers of a corpus in which the first signs have one signer each."""
    clips = []
    for sign in range(signs):
        makers = rng.permutation(signers)[: 1 if sign < alone else rng.integers(2, signers // 2)]
        clips += [(sign, signer) for signer in makers for _ in range(repetitions)]
    return np.array(clips).T


def simulated(labels, signers, draws, rng, *, of_signer, of_cell):
    """Right answers (draws, B) by new signers each time, and the true mean over signs.

    Signers differ in skill, and each once more from sign to sign.
    """
    count, signs = signers.max() + 1, labels.max() + 1
    ease = np.random.default_rng(5).normal(0.3, 1, signs)
    skill = rng.normal(0, of_signer, (draws, count))
    own = rng.normal(0, of_cell, (draws, count, signs))
    chance = 1 / (1 + np.exp(-(ease[labels] + skill[:, signers] + own[:, signers, labels])))
    others = rng.normal(0, np.hypot(of_signer, of_cell), 100_000)
    truth = np.mean([(1 / (1 + np.exp(-(one + others)))).mean() for one in ease])
    return (rng.random(chance.shape) < chance).astype(float), truth


@pytest.mark.parametrize(
    ("signs", "signers", "alone"), [(18, 24, 8), (18, 24, 0), (30, 12, 6), (10, 8, 1)]
)
@pytest.mark.parametrize("of_signer", [0.8, 1.5])
def test_ninety_five_per_cent_of_the_intervals_hold_the_truth(signs, signers, alone, of_signer):
    rng = np.random.default_rng(signs)
    labels, group = recorded(signs, signers, 4, alone, rng)
    hits, truth = simulated(labels, group, 3000, rng, of_signer=of_signer, of_cell=0.8)
    found = mean_class(hits, labels, group)
    assert found.mean.mean() == pytest.approx(truth, abs=0.01)  # centred right
    intervals = np.array(of_mean_class(found, 0.95))
    covered = (intervals[:, 0] <= truth) & (truth <= intervals[:, 1])
    assert 0.93 <= covered.mean() <= 0.97


def test_the_mean_is_that_of_the_signs_shares():
    rng = np.random.default_rng(1)
    labels, group = rng.integers(6, size=80), rng.integers(5, size=80)
    hits = rng.integers(2, size=(3, 80)).astype(float)
    found = mean_class(hits, labels * 7, group * 3)  # whatever the numbers
    for row in range(3):
        shares = [hits[row][labels == sign].mean() for sign in range(6)]
        assert found.mean[row] == pytest.approx(np.mean(shares))


def test_by_hand_of_clips_alone():
    # Two signs of four clips: half right in one, all in the other; v = (4 x 1/4 + 0) / (2 x 3).
    hits, labels = np.array([[1, 0, 1, 0, 1, 1, 1, 1.0]]), np.repeat([0, 1], 4)
    found = mean_class(hits, labels, np.arange(8))
    assert found.mean[0] == 0.75
    assert found.variance[0] == pytest.approx(1 / 6 * (8 / 16) / 4)
    assert found.clips == 8


def test_two_clips_that_are_right_say_little():
    found = mean_class(np.ones((1, 2)), np.array([0, 1]), np.array([0, 1]))
    ((low, high),) = of_mean_class(found, 0.95)
    assert low < 0.5
    assert high == 1
    one = mean_class(np.ones((1, 1)), np.array([0]), np.array([0]))
    assert of_mean_class(one, 0.95)[0][0] < 0.5


def test_where_signs_are_all_right_or_all_wrong_the_interval_is_not_everything():
    hits, labels = np.array([[1, 1, 1, 1, 1, 1, 0, 0.0]]), np.repeat(np.arange(4), 2)
    ((low, high),) = of_mean_class(mean_class(hits, labels, np.arange(8)), 0.95)
    assert 0.15 < low < 0.41  # Wilson's for 6 of 8 is 40.9 to 92.9 %
    assert 0.92 < high < 0.98


def test_many_clips_and_signs_take_no_table_of_both():
    rng = np.random.default_rng(3)
    labels = rng.integers(1000, size=50_000)
    hits = (rng.random((2, 50_000)) < 0.7).astype(float)
    found = mean_class(hits, labels, np.arange(50_000))  # dense, 400 MB a table
    assert np.sqrt(found.variance[0]) == pytest.approx(np.sqrt(0.21 / 50_000), rel=0.1)
