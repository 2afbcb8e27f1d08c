import numpy as np
import pytest
from sklearn.neighbors import KNeighborsClassifier

from signpipe.evaluation.knn_probe import TEMPERATURE, votes


def test_it_agrees_with_scikit_learns():
    rng = np.random.default_rng(0)
    known, queries = (rng.normal(size=(n, 6)).astype(np.float32) for n in (80, 30))
    labels = rng.integers(4, size=80)
    for k, shares in votes(known, labels, queries, 5, (1, 3, 20)):
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
    found = dict(votes(known, np.array([0, 1, 1]), known[:1], 2, (3, 50)))
    np.testing.assert_array_equal(found[3], found[50])
    assert found[3].sum() == pytest.approx(1)
