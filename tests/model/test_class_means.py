import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.model.class_means import class_sums, nearest_mean, unit_rows


def test_nearest_mean_by_a_loop():
    rng = np.random.default_rng(0)
    shown, queries = (rng.normal(size=(n, 5)).astype(np.float32) for n in (9, 7))
    labels = np.repeat(np.arange(3), 3)
    found = nearest_mean(shown, labels, queries, 3)
    for q, query in enumerate(queries):
        for sign in range(3):
            mean = shown[labels == sign].mean(axis=0)
            cosine = query @ mean / np.linalg.norm(query) / np.linalg.norm(mean)
            assert found[q, sign] == pytest.approx(cosine, abs=1e-5)


@given(st.lists(st.integers(0, 5), max_size=30), st.integers(0, 9))
def test_sums_of_signs_with_and_without_clips(labels, seed):
    rows = np.random.default_rng(seed).normal(size=(len(labels), 3)).astype(np.float32)
    found = class_sums(rows, np.array(labels, np.int64), 6)
    assert found.shape == (6, 3) and found.dtype == np.float32
    for sign in range(6):
        expected = sum((rows[i] for i, label in enumerate(labels) if label == sign), np.zeros(3))
        np.testing.assert_allclose(found[sign], expected, atol=1e-5)


def test_a_row_of_zeros_stays():
    rows = unit_rows(np.array([[3.0, 4.0], [0.0, 0.0]], np.float32))
    np.testing.assert_allclose(rows, [[0.6, 0.8], [0, 0]])
