import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.training.metrics import confusion, mean_class, measure, top_k


def test_by_hand():
    logits = np.array([[3, 1, 0], [0, 2, 1], [5, 1, 0], [0, 1, 9]], np.float32)
    labels = np.array([0, 2, 0, 1])
    assert top_k(logits, labels, 1) == 0.5
    assert top_k(logits, labels, 2) == 1.0
    assert mean_class(logits, labels) == pytest.approx((1 + 0 + 0) / 3)
    assert confusion(logits, labels).tolist() == [[2, 0, 0], [0, 0, 1], [0, 1, 0]]


@given(st.integers(2, 9), st.integers(1, 40), st.integers(0, 99))
def test_they_agree_with_each_other(signs, clips, seed):
    rng = np.random.default_rng(seed)
    logits = rng.normal(size=(clips, signs)).astype(np.float32)
    labels = rng.integers(signs, size=clips)
    measured = measure(logits, labels)
    assert 0 <= measured["top1"] <= measured["top5"] <= 1
    if signs <= 5:
        assert measured["top5"] == 1
    matrix = confusion(logits, labels)
    assert matrix.sum() == clips
    assert np.trace(matrix) / clips == pytest.approx(measured["top1"])
    made = matrix.sum(axis=1)
    per_sign = np.diag(matrix)[made > 0] / made[made > 0]
    assert per_sign.mean() == pytest.approx(measured["mean_class"])


def test_what_is_no_number_is_never_right():
    logits = np.full((3, 4), np.nan, np.float32)
    logits[1, 2] = 1.0
    assert measure(logits, np.array([0, 2, 3])) == dict.fromkeys(
        ("top1", "top5", "mean_class", "mean_class_top5"), 0.0
    ) | {"top5": 1.0, "mean_class_top5": 1.0}
