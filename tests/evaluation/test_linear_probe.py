import numpy as np
import pytest

from signpipe.evaluation.linear_probe import probes


def test_it_learns_what_a_line_can_tell_apart():
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 30)
    centres = rng.normal(0, 4, (3, 8))
    features = (centres[labels] + rng.normal(size=(90, 8))).astype(np.float32)
    queries = (centres + rng.normal(size=(3, 8))).astype(np.float32)
    found = dict(probes(features, labels, queries, 4, (1.0, 0.01)))
    assert list(found) == [0.01, 1.0]
    for scores in found.values():
        assert scores.argmax(axis=1).tolist() == [0, 1, 2]
        np.testing.assert_allclose(np.exp(scores).sum(axis=1), 1, rtol=1e-5)
        assert (scores[:, 3] == -np.inf).all()  # a sign without clips
    sure = {c: np.exp(scores).max(axis=1).mean() for c, scores in found.items()}
    assert sure[0.01] < sure[1.0]


def test_balance_lets_rare_signs_count():
    rng = np.random.default_rng(1)
    labels = np.array([0] * 95 + [1] * 5)
    features = (labels[:, None] + rng.normal(0, 1, (100, 1))).astype(np.float32)
    middle = np.array([[0.8]], np.float32)
    by_clips, by_signs = (
        next(probes(features, labels, middle, 2, [1.0], balance))[1] for balance in (0, 1)
    )
    assert by_clips.argmax() == 0
    assert by_signs.argmax() == 1


@pytest.mark.filterwarnings("error")
def test_one_clip_of_a_sign_is_nothing_to_warn_of():
    rows, signs = np.eye(30, dtype=np.float32), np.arange(30)
    [(_, scores)] = probes(rows, signs, rows, 30, [1.0])
    np.testing.assert_array_equal(scores.argmax(axis=1), signs)
