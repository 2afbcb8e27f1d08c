import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.evaluation.few_shot_probe import (
    CLASSIFIERS,
    draw_shown,
    eligible,
    episodes,
    linear_head,
)
from signpipe.model.class_means import nearest_mean


@given(st.lists(st.integers(1, 9), min_size=1, max_size=6), st.integers(1, 5), st.integers(0, 9))
def test_so_many_clips_of_every_sign_are_shown(counts, shots, seed):
    labels = np.repeat(np.arange(len(counts)), counts)
    labels = np.random.default_rng(seed).permutation(labels)
    shown = draw_shown(labels, shots, np.random.default_rng(seed))
    for sign, count in enumerate(counts):
        assert shown[labels == sign].sum() == min(shots, count)
    kept = eligible(labels, shots)
    enough = [sign for sign, count in enumerate(counts) if count > shots]
    assert set(labels[kept]) == (set(enough) if len(enough) > 1 else set())


@pytest.mark.parametrize("classify", CLASSIFIERS.values())
def test_separable_signs_are_told_apart_and_noise_is_not(classify):
    rng = np.random.default_rng(0)
    labels = np.repeat(np.arange(4), 10)
    apart = np.eye(4)[labels] + rng.normal(0, 0.02, (40, 4))
    noise = rng.normal(size=(40, 4))
    clear, blurred = (
        [e["top1"] for e in episodes(x.astype(np.float32), labels, 3, 20, classify)]
        for x in (apart, noise)
    )
    assert len(clear) == 20
    assert min(clear) == 1
    assert 0.1 < np.mean(blurred) < 0.45


@pytest.mark.filterwarnings("error")
def test_one_clip_of_a_sign_is_nothing_to_warn_of():
    rows, signs = np.eye(30, dtype=np.float32), np.arange(30)
    np.testing.assert_array_equal(linear_head(rows, signs, rows, 30).argmax(axis=1), signs)


def test_signs_with_too_few_clips_are_left_out():
    labels = np.array([0, 0, 2, 2, 2, 5, 5, 5])
    features = np.eye(6, dtype=np.float32)[labels]
    assert [e["top1"] for e in episodes(features, labels, 2, 3, nearest_mean)] == [1, 1, 1]
    assert episodes(features, labels, 3, 3, nearest_mean) == []
    assert linear_head(features[:4], labels[:4], features[:1], 6).argmax() == 0
