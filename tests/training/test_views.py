import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from signpipe.parts.store import Parts
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK
from signpipe.training.views import Augmenter, Window, modalities, resample, split_valid, swap_hands


def parts(lengths=(5, 30, 1), seed=0):
    rng = np.random.default_rng(seed)
    clips = {}
    for i, frames in enumerate(lengths):
        keypoints = rng.normal(size=(frames, 49, 3)).astype(np.float32)
        keypoints[..., 2] = 1
        keypoints[rng.random(frames) < 0.3, RIGHT_HAND] = 0
        clips[str(i)] = keypoints
    return Parts.of(clips)


def batch(size=6, seed=0):
    generator = torch.Generator().manual_seed(seed)
    valid = torch.rand(size, 8, 49, generator=generator) < 0.9
    points = torch.randn(size, 8, 49, 2, generator=generator) * valid[..., None]
    return points, valid


def literal_resample(clip, start, length, frames):
    """Frame by frame, joint by joint."""
    out = np.zeros((frames, 49, 3))
    for t in range(frames):
        place = (start + length * t / (frames - 1)) * (len(clip) - 1)
        low = int(np.floor(place))
        high = min(low + 1, len(clip) - 1)
        share = place - low
        for v in range(49):
            a, b = clip[low, v], clip[high, v]
            weights = (1 - share) * (a[2] > 0), share * (b[2] > 0)
            if sum(weights) > 0:
                out[t, v] = (weights[0] * a + weights[1] * b) / sum(weights)
    return out


def test_resampling_against_a_plain_loop():
    given_parts = parts()
    rows = np.array([1, 0, 2, 1])
    window = Window(np.array([0.0, 0.1, 0.3, 0.5]), np.array([1.0, 0.8, 0.4, 0.25]))
    found = resample(given_parts, rows, window, 7).numpy()
    for i, row in enumerate(rows):
        start, end = given_parts.offsets[row : row + 2]
        clip = given_parts.keypoints[start:end]
        expected = literal_resample(clip, window.start[i], window.length[i], 7)
        np.testing.assert_allclose(found[i], expected, atol=2e-5)


def test_neighbouring_clips_do_not_leak_in():
    clips = {"a": np.zeros((4, 49, 3), np.float32), "b": np.full((4, 49, 3), 9, np.float32)}
    clips["a"][..., 2] = 1
    found = resample(Parts.of(clips), np.array([0]), Window(np.zeros(1), np.ones(1)), 16)
    assert (found[..., :2] == 0).all()


@given(st.floats(0.05, 1), st.integers(1, 40), st.integers(0, 3))
def test_random_windows_lie_in_the_clip_and_are_long_enough(low, at_least, seed):
    frames = np.array([1, 5, 20, 300])
    window = Window.random(np.random.default_rng(seed), frames, low, at_least)
    assert (window.start >= 0).all()
    assert (window.start + window.length <= 1 + 1e-9).all()
    assert (window.length >= np.clip(at_least / frames, low, 1) - 1e-9).all()


def test_the_central_window():
    window = Window.central(2, 0.5)
    assert window.start.tolist() == [0.25, 0.25]
    assert window.length.tolist() == [0.5, 0.5]


def test_missing_and_hardly_visible_joints_are_invalid_and_zero():
    sampled = torch.ones(1, 2, 49, 3)
    sampled[0, 0, 3, 2] = 0
    sampled[0, 1, 45, 2] = 0.1
    points, valid = split_valid(sampled)
    assert (~valid).nonzero().tolist() == [[0, 0, 3], [0, 1, 45]]
    assert (points[~valid] == 0).all()
    assert (points[valid] == 1).all()


def test_swapping_hands_twice_changes_nothing():
    points, valid = batch()
    which = torch.tensor([True, False] * 3)
    once = swap_hands(points, valid, which)
    assert torch.equal(once[0][1], points[1])
    assert torch.equal(once[0][0][:, RIGHT_HAND], points[0][:, LEFT_HAND])
    assert torch.equal(once[1][0][:, RIGHT_HAND], valid[0][:, LEFT_HAND])
    shoulder, mirrored = points[0][:, TRUNK][:, 1], once[0][0][:, TRUNK][:, 4]
    assert torch.equal(mirrored, shoulder * torch.tensor([-1, 1]))
    twice = swap_hands(*once, which)
    assert torch.equal(twice[0], points)
    assert torch.equal(twice[1], valid)


@pytest.mark.parametrize("kind", ["mild", "paper", "release"])
def test_augmentation(kind):
    points, valid = batch(64)
    kept = points.clone(), valid.clone()
    one = Augmenter(kind, torch.Generator().manual_seed(1))(points.clone(), valid)
    same = Augmenter(kind, torch.Generator().manual_seed(1))(points.clone(), valid)
    other = Augmenter(kind, torch.Generator().manual_seed(2))(points.clone(), valid)
    assert torch.equal(valid, kept[1])
    assert torch.equal(one[0], same[0])
    assert torch.equal(one[1], same[1])
    assert not torch.equal(one[0], other[0])
    assert torch.isfinite(one[0]).all()
    assert (one[0][~one[1]] == 0).all()
    changed = (one[0] != points).flatten(1).any(dim=1)
    assert changed.float().mean() > 0.9


def test_the_releases_corruption_takes_25_joints_for_the_whole_window():
    points, valid = torch.ones(200, 4, 49, 2), torch.ones(200, 4, 49, dtype=torch.bool)
    augmenter = Augmenter("release", torch.Generator().manual_seed(0))
    _, left = augmenter._release(points.clone(), valid)
    lost = (~left).sum(dim=2)
    assert (lost == lost[:, :1]).all()
    assert set(lost[:, 0].tolist()) == {0, 25}
    assert (lost[:, 0] == 25).float().mean() == pytest.approx(0.25, abs=0.1)


def test_both_modalities():
    points, valid = batch()
    both = modalities(points, valid)
    assert both["joint"] == (points, valid)
    assert both["motion"][0].shape == points.shape
    assert (both["motion"][0][:, -1] == 0).all()
