import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from signpipe.training import label_propagation
from signpipe.training.label_propagation import agreement, neighbour_graph, spread


def paths(count: int = 60) -> tuple[np.ndarray, np.ndarray]:
    """Two signs whose clips lie along two paths: their ends differ as much as the signs do."""
    angle = np.linspace(0, np.pi / 2, count)
    features = np.zeros((2 * count, 5))
    features[:count, :2] = features[count:, 2:4] = np.stack([np.cos(angle), np.sin(angle)], 1)
    features[:, 4] = 5  # all of them point nearly the same way
    return features.astype(np.float32), np.repeat([0, 1], count)


def test_the_graph_is_symmetric_and_without_loops():
    features, _ = paths()
    graph = neighbour_graph(features)
    dense = graph.toarray()
    np.testing.assert_allclose(dense, dense.T, rtol=1e-5)
    assert (dense.diagonal() == 0).all() and (dense >= 0).all()
    assert (graph.getnnz(axis=1) >= 10).all()


def test_one_label_reaches_the_whole_of_its_path():
    features, truth = paths()
    labels = np.full(len(truth), -1)
    labels[[0, -1]] = truth[[0, -1]]
    found, confidence = spread(neighbour_graph(features), labels, 2)
    assert (found == truth).all()
    assert (confidence > 0.9).all()


def test_a_rarely_labelled_sign_is_found_too():
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1], 60)
    features = (np.eye(3)[truth] + rng.normal(0, 0.25, (120, 3))).astype(np.float32)
    labels = np.full(120, -1)
    labels[:20], labels[60:62] = 0, 1
    found, confidence = spread(neighbour_graph(features), labels, 2)
    sure = confidence > 0.2
    assert sure[62:].mean() > 0.25 and (found[62:][sure[62:]] == 1).mean() > 0.95


def test_what_no_label_reaches_is_not_sure():
    features = np.concatenate([np.eye(3).repeat(15, 0), -np.eye(3).repeat(15, 0)])
    features += np.random.default_rng(0).normal(0, 1e-3, features.shape)
    graph = neighbour_graph(features.astype(np.float32))
    labels = np.full(90, -1)
    labels[[0, 15]] = 0, 1
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        found, confidence = spread(graph, labels, 2)
    assert (found[:15] == 0).all() and (found[15:30] == 1).all()
    assert (confidence[:30] > 0.99).all() and (confidence[30:] == 0).all()


def test_clips_of_another_sign_are_left_out():
    """Three signs in clouds that touch; of the third no clip is labelled."""
    rng = np.random.default_rng(0)
    truth = np.repeat([0, 1, 2], 60)
    features = (np.eye(3)[truth] + rng.normal(0, 0.25, (180, 3))).astype(np.float32)
    labels = np.where((np.arange(180) % 6 == 0) & (truth < 2), truth, -1)
    found, confidence = spread(neighbour_graph(features), labels, 2)
    sure = confidence > 0.2
    assert sure[truth < 2].mean() > 0.6 and sure[truth == 2].mean() < 0.2
    own = sure & (truth < 2)
    assert (found[own] == truth[own]).mean() > 0.95


@settings(max_examples=40, deadline=None)
@given(st.integers(3, 40), st.integers(2, 3), st.integers(0, 2**32 - 1))
def test_any_few_clips(count: int, signs: int, seed: int):
    rng = np.random.default_rng(seed)
    features = rng.normal(size=(count, 4)).astype(np.float32)
    labels = rng.integers(-1, signs, count)
    labels[:signs] = np.arange(signs)
    found, confidence = spread(neighbour_graph(features), labels, signs)
    assert found.min() >= 0 and found.max() < signs
    assert ((confidence >= 0) & (confidence <= 1)).all()


def test_equal_clips_say_nothing():
    features = np.ones((6, 4), np.float32)
    _, confidence = spread(neighbour_graph(features), np.array([0, 1, -1, -1, -1, -1]), 2)
    assert confidence[2:] == pytest.approx(0, abs=1e-3)


def test_labels_agree_where_alike_clips_show_the_same_sign():
    features, truth = paths()
    graph = neighbour_graph(features)
    some = np.where(np.arange(len(truth)) % 10 == 0, truth, -1)
    assert agreement(graph, some, 2) == 1
    by_chance = np.where(some >= 0, np.random.default_rng(0).integers(0, 2, len(some)), -1)
    assert agreement(graph, by_chance, 2) < 0.8
    swapped = some.copy()
    swapped[0] = 1  # hidden, it is named as its neighbours are
    assert agreement(graph, swapped, 2) == pytest.approx(11 / 12)


def test_a_signs_only_clip_says_nothing_of_agreement():
    features, truth = paths()
    labels = np.full(len(truth), -1)
    labels[[0, -1]] = truth[[0, -1]]
    assert agreement(neighbour_graph(features), labels, 2) is None


def clouds(count: int, signs: int = 60) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    truth = np.arange(count) % signs
    centres = rng.normal(size=(signs, 24))
    return (centres[truth] + rng.normal(size=(count, 24))).astype(np.float32), truth


def test_many_clips_find_nearly_the_neighbours_of_an_exact_search(monkeypatch):
    pytest.importorskip("voyager", reason="the package voyager is not installed yet")
    features, truth = clouds(2000)
    exact = neighbour_graph(features)
    monkeypatch.setattr(label_propagation, "FEW", 1000)
    graph = neighbour_graph(features)
    assert (graph.diagonal() == 0).all()
    common = (exact > 0).multiply(graph > 0).nnz / exact.nnz
    assert 0.98 < common <= 1
    again = neighbour_graph(features)
    assert (again != graph).nnz == 0  # whatever the number of threads
    labels = np.where(np.arange(len(truth)) < 300, truth, -1)
    same = spread(graph, labels, 60)[0] == spread(exact, labels, 60)[0]
    assert same.mean() > 0.98


def test_equal_clips_of_many_have_neighbours(monkeypatch):
    pytest.importorskip("voyager", reason="the package voyager is not installed yet")
    monkeypatch.setattr(label_propagation, "FEW", 10)
    features = np.eye(4, dtype=np.float32).repeat(30, axis=0)
    graph = neighbour_graph(features)
    assert (graph.diagonal() == 0).all() and (graph.getnnz(axis=1) >= 10).all()


def test_signs_are_spread_in_blocks_as_all_at_once(monkeypatch):
    features, truth = clouds(500)
    graph = neighbour_graph(features)
    labels = np.where(np.arange(len(truth)) < 120, truth, -1)
    found, confidence = spread(graph, labels, 60)
    monkeypatch.setattr(label_propagation, "COLUMNS", 7)
    blocks, by_block = spread(graph, labels, 60)
    assert (blocks == found).all()
    np.testing.assert_allclose(by_block, confidence, atol=1e-5)
    assert agreement(graph, labels, 60) > 0.5
