import numpy as np
import pytest

from signpipe.evaluation.retrieval_figures import figures_of, ranks
from signpipe.training.nearest_signs import NEAREST


def test_a_signs_place_by_its_two_nearest_clips():
    signs = np.array([0, 0, 0, 1, 2, 2])
    distances = np.array([[0.1, 0.9, 5.0, 0.3, 0.4, 0.4], [0.5, 0.5, 0.5, 0.5, 0.5, 0.5]])
    table = NEAREST * 0.1 + (1 - NEAREST) * 0.9  # 0.34: between the others
    assert 0.3 < table < 0.4
    first, second = distances
    each = np.arange(6)
    for truth, place in ((0, 2), (1, 1), (2, 3)):
        assert ranks(first[None], signs, each, np.array([truth])).tolist() == [place]
    assert ranks(second[None], signs, each, np.array([1])).tolist() == [3]  # of equals the last


def test_the_second_clip_is_another_signers():
    signs, signers = np.array([0, 0, 0, 1, 1]), np.array([7, 2, 7, 3, 3])
    distances = np.array([[0.1, 0.9, 0.1, 0.3, 0.3]])  # 0.34 for sign 0, since 7 made two of it
    assert ranks(distances, signs, signers, np.array([0])).tolist() == [2]


def test_figures():
    truth = np.array([0, 0, 1, 1])
    draws = [np.array([1, 2, 6, 11]), np.array([1, 4, 6, 0])]
    found, how = figures_of(draws, truth, ["a", "a", "b", "b"], 200, 0.95)
    assert found.top1 == pytest.approx(1 / 4) and found.mean_class == pytest.approx((1 / 2 + 0) / 2)
    assert found.top5 == pytest.approx(2 / 4) and found.top10 == pytest.approx(3 / 4)
    assert found.mrr == pytest.approx(np.mean([1, (1 / 2 + 1 / 4) / 2, 1 / 6, 1 / 11]))
    gains = 1 / np.log2([2, 3, 5, 7, 12])
    assert found.dcg == pytest.approx(np.mean([gains[0], gains[1:3].mean(), *gains[3:]]))
    assert how.over == "signers"
    low, high = found.intervals["mrr"]
    assert low == pytest.approx((1 / 6 + 1 / 11) / 2) and low < found.mrr < high
    assert found.spread["top1"] == pytest.approx(np.std([1 / 4, 1 / 3], ddof=1))


def test_a_query_that_was_never_asked_does_not_count():
    draws = [np.array([1, 0, 2])]
    found, how = figures_of(draws, np.array([0, 1, 1]), ["a", "", "b"], 100, 0.95)
    assert found.top1 == 0.5 and found.spread == {} and how.over == "signers"
