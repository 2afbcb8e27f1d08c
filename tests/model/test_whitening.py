import numpy as np

from signpipe.model.class_means import nearest_mean
from signpipe.model.whitening import Whitening


def clips(rng, signs, each, noise):
    """Features of signs that differ in two directions, drowned by what differs in a third."""
    labels = np.repeat(np.arange(signs), each)
    centres = np.concatenate([rng.normal(size=(signs, 2)), np.zeros((signs, 6))], axis=1)
    rows = centres[labels] + rng.normal(0, 0.1, (len(labels), 8))
    rows[:, 2] += rng.normal(0, noise, len(labels))
    return (rows + 5).astype(np.float32), labels


def test_what_differs_within_signs_no_longer_hides_them():
    rng = np.random.default_rng(0)
    whitening = Whitening.fit(*clips(rng, 40, 10, 3.0))
    rows, labels = clips(rng, 8, 10, 3.0)
    shown = np.arange(len(labels)) % 10 < 2
    right = []
    for found in (rows, whitening(rows)):
        named = nearest_mean(found[shown], labels[shown], found[~shown], 8).argmax(axis=1)
        right.append((named == labels[~shown]).mean())
    assert right[0] + 0.2 < right[1]
    np.testing.assert_allclose(np.linalg.norm(whitening(rows), axis=1), 1, atol=1e-5)


def test_none_leaves_directions_as_they_are():
    rows = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    found = Whitening.none(4)(rows)
    np.testing.assert_allclose(found, rows / np.linalg.norm(rows, axis=1, keepdims=True), atol=1e-6)


def test_clips_that_are_all_alike_are_no_division_by_zero():
    rows = np.ones((6, 4), np.float32)
    whitening = Whitening.fit(rows, np.array([0, 0, 1, 1, 2, 2]))
    assert np.isfinite(whitening.matrix).all() and np.isfinite(whitening(rows)).all()
