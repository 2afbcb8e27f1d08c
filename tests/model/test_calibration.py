import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.model.calibration import HIGHEST, LOWEST, fit_temperature, reliability, softmax


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


@given(st.integers(2, 6), st.integers(1, 40), st.integers(0, 99))
def test_the_error_is_a_share(signs, clips, seed):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(0, 9, (clips, signs)), rng.integers(-1, signs, size=clips)
    found = reliability(logits, labels)
    assert 0 <= found.expected_error <= 1
    assert found.clips.sum() == clips
    nobody = reliability(logits, np.full(clips, -1))  # all of unknown signs: never right
    assert nobody.expected_error == pytest.approx(softmax(logits).max(axis=1).mean())


def test_softmax_of_signs_that_cannot_be_named():
    assert softmax([[0.0, -np.inf, 0.0]]).tolist() == [[0.5, 0, 0.5]]
    assert softmax([[1000.0, 0.0]]).tolist() == [[1, 0]]


def sampled(temperature, clips=4000, signs=5, seed=0):
    """Logits, and labels that are drawn from their softmax at that temperature."""
    rng = np.random.default_rng(seed)
    logits = rng.normal(0, 3, (clips, signs))
    shares = softmax(logits / temperature)
    labels = (shares.cumsum(axis=1) < rng.random((clips, 1))).sum(axis=1)
    return logits, labels


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_the_temperature_that_made_the_labels_is_found(temperature):
    logits, labels = sampled(temperature)
    found = fit_temperature(logits, labels)
    assert found == pytest.approx(temperature, rel=0.08)
    assert reliability(logits / found, labels).expected_error < 0.03
    # A sign that no clip can be named changes nothing.
    wider = np.hstack([logits, np.full((len(logits), 1), -np.inf)])
    assert fit_temperature(wider, labels) == pytest.approx(found, rel=1e-3)


@given(st.integers(2, 6), st.integers(1, 30), st.integers(0, 99), st.floats(0.2, 5))
def test_it_follows_the_scale_of_the_logits_and_is_the_likeliest(signs, clips, seed, scale):
    rng = np.random.default_rng(seed)
    logits, labels = rng.normal(0, 2, (clips, signs)), rng.integers(signs, size=clips)
    found = fit_temperature(logits, labels)
    assert LOWEST <= found <= HIGHEST
    scaled = fit_temperature(logits * scale, labels)
    if 2 * LOWEST < found < HIGHEST / 2 and 2 * LOWEST < scaled < HIGHEST / 2:
        assert scaled == pytest.approx(found * scale, rel=0.02)
    share = 1 / (clips + 2)
    target = share / signs + (1 - share) * np.eye(signs)[labels]

    def loss(temperature):
        return -(target * np.log(softmax(logits / temperature) + 1e-300)).sum(axis=1).mean()

    near = np.clip([found / 1.05, found * 1.05], LOWEST, HIGHEST)
    assert loss(found) <= min(map(loss, near)) + 1e-6


def test_few_clips_that_are_all_right_do_not_make_it_sure_of_everything():
    labels = np.arange(6) % 3
    logits = 2.0 * np.eye(3)[labels]
    sure = softmax(logits / fit_temperature(logits, labels)).max(axis=1)
    assert sure == pytest.approx(np.full(6, 1 - 2 / 3 / 8), abs=1e-3)  # 1 - 1/8 + 1/24
