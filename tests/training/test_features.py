import numpy as np
import pytest
import torch
from torch import nn

from signpipe.model.encoder import Encoder
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings
from signpipe.training import features
from signpipe.training.features import (
    calibrate_batch_norm,
    embed,
    join,
    raw_keypoints,
    strong_keypoints,
    unit,
)

SETTINGS = EncoderSettings(
    frames=8,
    joint_channels=(8, 8, 16),
    part_channels=16,
    heads=4,
    hand_feedforward=16,
    trunk_feedforward=16,
)


@pytest.fixture
def parts():
    rng = np.random.default_rng(0)
    clips = {str(i): rng.random((10 + i, 49, 3), np.float32) for i in range(7)}
    return Parts.of(clips)


@pytest.fixture
def encoders():
    torch.manual_seed(0)
    return nn.ModuleDict({stream: Encoder(SETTINGS) for stream in ("joint", "motion")})


def test_features_do_not_depend_on_the_batch_and_nothing_is_learned(parts, encoders, monkeypatch):
    encoders.train()
    before = {name: value.clone() for name, value in encoders.state_dict().items()}
    rows = np.array([3, 0, 6, 1])
    whole = embed(encoders, parts, rows, SETTINGS)
    assert {stream: f.shape for stream, f in whole.items()} == dict.fromkeys(encoders, (4, 32))
    assert all((value == before[name]).all() for name, value in encoders.state_dict().items())
    monkeypatch.setattr(features, "BATCH", 3)
    for stream, found in embed(encoders, parts, rows, SETTINGS).items():
        np.testing.assert_allclose(found, whole[stream], atol=1e-5)


def test_settled_statistics_spread_the_features(parts, encoders):
    rows = np.arange(7)
    before = embed(encoders, parts, rows, SETTINGS)["joint"]
    calibrate_batch_norm(encoders, parts, rows, SETTINGS)
    after = embed(encoders, parts, rows, SETTINGS)["joint"]
    assert after.std(axis=0).mean() > before.std(axis=0).mean()


def test_raw_keypoints(parts):
    found = raw_keypoints(parts, np.array([2, 5]), SETTINGS)
    assert {stream: f.shape for stream, f in found.items()} == {
        "joint": (2, 8 * 98),
        "motion": (2, 8 * 98),
    }
    assert not (found["joint"] == found["motion"]).all()


def test_the_similarity_of_both_is_the_weighted_mean():
    rng = np.random.default_rng(0)
    streams = unit({s: rng.normal(size=(5, 4)).astype(np.float32) for s in ("joint", "motion")})
    both = join(streams, 0.3)["both"]
    expected = 0.3 * streams["joint"] @ streams["joint"].T
    expected += 0.7 * streams["motion"] @ streams["motion"].T
    np.testing.assert_allclose(both @ both.T, expected, atol=1e-6)
    assert set(join({"joint": streams["joint"]}, 0.3)) == {"joint"}
    assert (unit({"joint": np.zeros((1, 3), np.float32)})["joint"] == 0).all()


def test_strong_keypoints_are_alike_whichever_hand_signs(parts):
    rng = np.random.default_rng(1)
    right = rng.normal(size=(12, 49, 3)).astype(np.float32)
    right[..., 2], right[6:, 21:42] = 1, 0  # the left hand is seen in half of the frames
    left = right.copy()
    left[:, :21], left[:, 21:42] = right[:, 21:42], right[:, :21]
    nose, left_arm, right_arm = right[:, 42:43], right[:, 43:46], right[:, 46:49]
    left[:, 42:] = np.concatenate([nose, right_arm, left_arm], axis=1)
    left[:, 42:, 0] *= -1
    both = Parts.of({"right": right, "left": left, **dict(_clips(parts))})
    found = strong_keypoints(both, np.arange(len(both)), SETTINGS)
    for stream, rows in found.items():
        assert rows.shape == (9, 8 * 98)
        np.testing.assert_allclose(rows[0], rows[1], atol=1e-5, err_msg=stream)
        assert np.abs(rows[0] - rows[2]).max() > 0.01
        hands, trunk = rows[:, : 8 * 84], rows[:, 8 * 84 :]
        np.testing.assert_allclose(np.linalg.norm(hands, axis=1), 1, atol=1e-4)
        np.testing.assert_allclose(np.linalg.norm(trunk, axis=1), 0.5, atol=1e-4)


def _clips(parts):
    pairs = zip(parts.offsets, parts.offsets[1:], strict=False)
    return [
        (name, parts.keypoints[a:b]) for name, (a, b) in zip(parts.clip_ids, pairs, strict=True)
    ]
