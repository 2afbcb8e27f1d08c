import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from signpipe.evaluation import knn_probe
from signpipe.evaluation.knn_probe import TEMPERATURE, nearest, votes
from signpipe.training.features import join, unit


def test_it_agrees_with_scikit_learns():
    rng = np.random.default_rng(0)
    known, queries = (rng.normal(size=(n, 6)).astype(np.float32) for n in (80, 30))
    labels = rng.integers(4, size=80)
    (found,) = nearest({"joint": known}, {"joint": queries}, [{"joint": 1.0}], 20)
    for k, shares in votes(found, labels, 5, (1, 3, 20)):
        model = KNeighborsClassifier(
            k,
            metric="cosine",
            algorithm="brute",
            weights=lambda distance: np.exp((1 - distance) / TEMPERATURE),
        )
        theirs = model.fit(known, labels).predict_proba(queries)
        np.testing.assert_allclose(shares[:, :4], theirs, atol=1e-5)
        assert (shares[:, 4] == 0).all()  # a sign without clips


def test_more_neighbours_than_clips_are_all_of_them():
    known = np.eye(3, dtype=np.float32)
    (near,) = nearest({"joint": known}, {"joint": known[:1]}, [{"joint": 1.0}], 50)
    found = dict(votes(near, np.array([0, 1, 1]), 2, (3, 50)))
    np.testing.assert_array_equal(found[3], found[50])
    assert found[3].sum() == pytest.approx(1)


def test_streams_are_compared_once_for_all_weights(monkeypatch):
    monkeypatch.setattr(knn_probe, "BLOCK", 7)
    rng = np.random.default_rng(1)
    known, asked = ({s: _rows(rng, n) for s in ("joint", "motion")} for n in (60, 20))
    weights = [{"joint": 1.0}, {"joint": 0.3, "motion": 0.7}, {"joint": 0.0, "motion": 1.0}]
    for weight, (similar, places) in zip(weights, nearest(known, asked, weights, 5), strict=True):
        joined = [join(unit(side), weight["joint"])["both"] for side in (known, asked)]
        everything = joined[1] @ joined[0].T
        order = np.argsort(-everything, axis=1)[:, :5]
        np.testing.assert_array_equal(places, order)
        expected = np.take_along_axis(everything, order, axis=1)
        np.testing.assert_allclose(similar, expected, atol=1e-5)


def _rows(rng, count):
    return rng.normal(size=(count, 6)).astype(np.float32)
