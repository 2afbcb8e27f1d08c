import cv2
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.evaluation.calibration import draw_calibration, reliability
from signpipe.evaluation.schema import Bin, Calibration


def test_by_hand():
    # Probabilities 0.9 (right), 0.9 (wrong), 0.6 (right), 0.5 (right; at a bin's upper edge).
    logits = np.log(np.array([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.5, 0.5]]))
    found = reliability(logits.astype(np.float64), np.array([0, 1, 1, 0]), bins=10)
    assert found.clips.tolist() == [0, 0, 0, 0, 1, 1, 0, 0, 2, 0]
    assert found.accuracy[8] == 0.5
    gaps = 2 * abs(0.9 - 0.5) + abs(0.6 - 1) + abs(0.5 - 1)
    assert found.expected_error == pytest.approx(gaps / 4)


@given(st.integers(2, 6), st.integers(1, 40), st.integers(1, 20), st.integers(0, 99))
def test_it_agrees_with_a_literal_reading(signs, clips, bins, seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(0, 2, (clips, signs)), rng.integers(signs, size=clips)
    shares = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    error = 0.0
    for i in range(bins):
        inside = [c for c in range(clips) if i / bins < shares[c].max() <= (i + 1) / bins]
        if inside:
            right = np.mean([shares[c].argmax() == labels[c] for c in inside])
            error += len(inside) / clips * abs(right - np.mean([shares[c].max() for c in inside]))
    assert reliability(logits, labels, bins).expected_error == pytest.approx(error, abs=1e-9)


def test_the_picture_shows_where_confidence_and_accuracy_part(tmp_path):
    def draw(accuracy):
        bins = (
            Bin(low=0, high=0.5, clips=0, confidence=0, accuracy=0),
            Bin(low=0.5, high=1, clips=9, confidence=0.9, accuracy=accuracy),
        )
        path = tmp_path / "calibration.png"
        draw_calibration(path, Calibration(expected_error=0.4, bins=bins), "both")
        return cv2.imread(str(path))

    good, bad = draw(0.9), draw(0.5)
    assert good.shape == bad.shape
    assert min(good.shape[:2]) > 400
    assert (good != bad).mean() > 0.01
