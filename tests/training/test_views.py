import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from signpipe.parts.motion import motion
from signpipe.parts.store import Parts
from signpipe.settings import MildAugmentation, PretrainSettings
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK
from signpipe.training.views import (
    Augmenter,
    Window,
    random_views,
    resample,
    split_valid,
    stream_views,
    swap_hands,
)


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
    hands_alone = swap_hands(points, valid, which, trunk=False)
    assert torch.equal(hands_alone[0][:, :, :42], once[0][:, :, :42])
    assert torch.equal(hands_alone[0][:, :, TRUNK], points[:, :, TRUNK])


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
    found, kept = augmenter._release(points.clone(), valid)
    assert kept.all()  # zero is not missing: a hand without its wrist is still a hand
    assert (found == found[:, :1]).all()
    changed = (found[:, 0] != 1).any(dim=2).sum(dim=1)
    zero = (found[:, 0] == 0).all(dim=2).sum(dim=1)
    assert set(zero.tolist()) == {0, 25}
    assert set(changed.tolist()) == {25, 49}  # corrupted, or sheared
    assert (zero == 25).float().mean() == pytest.approx(0.25, abs=0.1)
    assert (changed == 49).float().mean() == pytest.approx(0.5, abs=0.1)
    mapped = found[:, 0][(changed == 25) & (zero == 0)]
    for clip in mapped:  # one linear map for all joints of a clip
        values = clip[(clip != 1).any(dim=1)]
        assert (values == values[0]).all()
        assert (values.abs() <= 2).all()


def test_the_releases_shear_is_one_matrix_with_ones_on_its_diagonal():
    points, valid = torch.eye(2).repeat(100, 4, 25, 1)[:, :, :49], torch.ones(100, 4, 49).bool()
    found, _ = Augmenter("release", torch.Generator().manual_seed(0))._release(points, valid)
    sheared = [clip for clip in found[:, 0] if (clip[0::2] == clip[0]).all()]
    sheared = [clip for clip in sheared if (clip[1::2] == clip[1]).all()]
    assert 20 < len(sheared) < 80
    for clip in sheared:
        assert clip[0, 0] == clip[1, 1] == 1
        assert max(abs(clip[0, 1]), abs(clip[1, 0])) <= 1


def test_the_papers_joint_mask_turn_and_scale():
    points, valid = torch.ones(100, 4, 49, 2), torch.ones(100, 4, 49, dtype=torch.bool)
    found, kept = Augmenter("paper", torch.Generator().manual_seed(0))._paper(points, valid)
    assert kept.all()
    masked = (found == 0).all(dim=3)
    assert (masked == masked[:, :1]).all()
    assert masked.float().mean() == pytest.approx(0.2, abs=0.03)
    seen = [clip[0][~clip[0].eq(0).all(dim=1)] for clip in found]
    assert all((clip == clip[0]).all() for clip in seen)
    assert all(1 - 0.26 <= clip[0].norm() / 2**0.5 <= 1.26 for clip in seen)


OFF = dict.fromkeys(MildAugmentation.model_fields, 0.0)


def test_without_its_ingredients_mild_changes_nothing():
    points, valid = batch()
    augmenter = Augmenter("mild", torch.Generator().manual_seed(0), MildAugmentation(**OFF))
    found, left = augmenter(points.clone(), valid)
    torch.testing.assert_close(found, points)
    assert torch.equal(left, valid)
    found, left = Augmenter("none", torch.Generator())(points, valid)
    assert found is points
    assert left is valid


@pytest.mark.parametrize(
    ("switch", "hands", "trunk"),
    [
        ("hand_rotation", True, False),
        ("trunk_rotation", False, True),
        ("scale", True, True),
        ("shear", True, True),
        ("hand_translation", True, False),
        ("trunk_translation", False, True),
        ("noise", True, True),
        ("joint_dropout", True, True),
        ("hand_dropout", True, False),
        ("swap", True, True),
    ],
)
def test_each_ingredient_of_mild_has_its_switch(switch, hands, trunk):
    points, valid = torch.rand(50, 8, 49, 2) + 0.5, torch.ones(50, 8, 49, dtype=torch.bool)
    mild = MildAugmentation(**{**OFF, switch: 0.5})
    found, _ = Augmenter("mild", torch.Generator().manual_seed(0), mild)(points.clone(), valid)
    changed = ~torch.isclose(found, points).all(dim=3)
    assert bool(changed[:, :, :42].any()) == hands
    assert bool(changed[:, :, TRUNK].any()) == trunk
    if switch.endswith("rotation"):
        torch.testing.assert_close(found.norm(dim=3), points.norm(dim=3))
    if switch.endswith("translation"):
        moved = (found - points)[changed.any(dim=2).any(dim=1)]
        assert 0.3 < moved.abs().max() <= 0.5


def test_a_bent_window_starts_faster_and_ends_where_it_did():
    window = Window(np.zeros(3), np.full(3, 0.5), np.array([0.4, 0.0, -0.4]))
    places = window.places(11)
    np.testing.assert_allclose(places[:, 0], 0)
    np.testing.assert_allclose(places[:, -1], 0.5)
    steps = np.diff(places, axis=1)
    assert (steps > 0).all()
    np.testing.assert_allclose(steps[1], 0.05)
    assert steps[0, 0] > 0.065 > 0.035 > steps[0, -1]
    np.testing.assert_allclose(steps[2], steps[0][::-1])


def test_views_are_drawn_as_the_settings_say():
    given_parts, rows = parts(), np.array([1, 0, 1])

    def drawn(**changes):
        settings = PretrainSettings(**changes)
        generator = torch.Generator().manual_seed(0)
        return random_views(given_parts, rows, settings, 8, np.random.default_rng(0), generator)

    assert torch.equal(drawn()[0], drawn()[0])
    still = {"augmentation": "none", "crop": 1.0}
    whole = split_valid(resample(given_parts, rows, Window(np.zeros(3), np.ones(3)), 8))
    assert torch.equal(drawn(**still)[0], whole[0])
    assert not torch.equal(drawn(**still | {"crop": 0.3})[0], whole[0])
    quiet = {"augmentation": "mild", "crop": 1.0, "mild": OFF}
    torch.testing.assert_close(drawn(**quiet)[0], whole[0])
    faster = drawn(**quiet | {"mild": {**OFF, "speed": 0.5}})[0]
    torch.testing.assert_close(faster[:, [0, -1]], whole[0][:, [0, -1]])
    assert not torch.allclose(faster, whole[0])


def test_both_modalities():
    points, valid = batch()
    both = stream_views(points, valid)
    assert both["joint"] == (points, valid)
    assert both["motion"][0].shape == points.shape
    assert (both["motion"][0][:, -1] == 0).all()
    backward = stream_views(points, valid, form="backward")["motion"]
    assert all(map(torch.equal, backward, motion(points, valid, "backward")))


@pytest.mark.parametrize("augmentation", ["none", "mild", "paper", "release"])
def test_a_part_of_the_views_is_as_if_all_were_made(augmentation):
    given_parts, rows = parts(), np.array([1, 0, 1, 0, 1])
    settings = PretrainSettings(augmentation=augmentation, mild={"speed": 0.2})

    def drawn(own):
        rng, generator = np.random.default_rng(0), torch.Generator().manual_seed(0)
        views = [random_views(given_parts, rows, settings, 8, rng, generator, own) for _ in "ab"]
        return [tensor for view in views for tensor in view]

    for some in (slice(0, 2), slice(2, 5)):
        for whole, part in zip(drawn(slice(None)), drawn(some), strict=True):
            torch.testing.assert_close(part, whole[some])
