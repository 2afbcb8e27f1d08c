import numpy as np
import pytest

from signpipe.training.nearest_signs import (
    FIRST,
    WARPING,
    NearestSigns,
    sign_distance,
    signer_numbers,
)
from signpipe.training.warping import SHAPE, warped_distances


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


@pytest.fixture
def rows():
    return unit(np.random.default_rng(0).normal(size=(300, 8)).astype(np.float32))


def test_the_order_is_that_of_all_distances(rows):
    signs = np.sort(np.random.default_rng(1).integers(0, 40, 300))
    signs = np.unique(signs, return_inverse=True)[1]
    nearest = NearestSigns(rows, signs, np.arange(300))
    query = rows[7] + 0.1
    found = nearest.find(query)
    assert sorted(one.sign for one in found) == [*range(signs.max() + 1)]
    distances = 1 - np.clip(rows @ query, -1, 1)
    for one in found[:20]:  # the later ones are beyond the hundred that are compared
        own = np.sort(distances[signs == one.sign])
        assert one.distance == pytest.approx(sign_distance([*own]), abs=1e-5)
        assert distances[one.clips[0][0]] == pytest.approx(own[0], abs=1e-6)
    assert [one.distance for one in found] == sorted(one.distance for one in found)
    assert [one.sign for one in nearest.find(query, top=3)] == [one.sign for one in found[:3]]


def test_the_first_hundred_are_warped(rows):
    rng = np.random.default_rng(2)
    sequences = rng.normal(size=(300, *SHAPE)).astype(np.float16)
    nearest = NearestSigns(rows, np.arange(300), np.arange(300), sequences)
    found = nearest.find(rows[7], sequences[7].astype(np.float32))
    assert found[0].sign == 7 and found[0].distance < 0.01
    warped = warped_distances(sequences[7:8].astype(np.float32), sequences.astype(np.float32))[0]
    for one in found[:FIRST]:
        expected = 1 - rows[7] @ rows[one.sign] + WARPING * warped[one.sign]
        assert one.distance == pytest.approx(expected, abs=1e-3)
    alone = [one.sign for one in NearestSigns(rows, np.arange(300), np.arange(300)).find(rows[7])]
    assert [one.sign for one in found] != alone
    assert {one.sign for one in found[:FIRST]} == {*alone[:FIRST]}
    assert [one.sign for one in found[FIRST:]] == alone[FIRST:]


def test_only_clips_that_are_allowed_count(rows):
    signs = np.arange(300) // 3
    nearest = NearestSigns(rows, signs, np.arange(300))
    allowed = np.ones(300, bool)
    allowed[[21, 22, 23]] = False  # sign 7
    allowed[24] = False
    found = nearest.find(rows[22], allowed=allowed)
    assert 7 not in [one.sign for one in found] and len(found) == 99
    assert {row for one in found for row, _ in one.clips}.isdisjoint({21, 22, 23, 24})
    assert nearest.find(rows[22], allowed=np.zeros(300, bool)) == []


def test_what_is_no_number_is_far(rows):
    rows[5], rows[6] = np.nan, np.inf
    found = NearestSigns(rows, np.arange(300), np.arange(300)).find(rows[7])
    assert found[0].sign == 7
    assert np.isfinite([one.distance for one in found]).all()
    assert {5, 6}.isdisjoint({one.sign for one in found[:100]})


def test_the_second_clip_is_another_signers():
    turns = np.array([0.0, 0.1, 0.2, 0.5, 0.15, 0.3])
    rows = np.stack([np.cos(turns), np.sin(turns)], axis=1).astype(np.float32)
    signers = signer_numbers(["a", "a", "a", "b", "c", "c"])
    found = NearestSigns(rows, np.array([0, 0, 0, 0, 1, 1]), signers).find(rows[0])
    clips = {one.sign: [row for row, _ in one.clips] for one in found}
    assert clips == {0: [0, 3], 1: [4, 5]}  # only c has made sign 1
    assert found[0].sign == 1
    far = 1 - np.cos(turns)
    assert found[0].distance == pytest.approx(sign_distance([far[4], far[5]]), abs=1e-6)
    assert found[1].distance == pytest.approx(sign_distance([far[0], far[3]]), abs=1e-6)


def test_unknown_signers_are_one_each():
    numbers = signer_numbers(["b", "", "a", "", "b"])
    assert numbers[0] == numbers[4] and len(set(numbers.tolist())) == 4
