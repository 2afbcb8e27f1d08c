from operator import mul

import pytest
import torch

from signpipe.model.encoder import AttentionPool, Encoder, FrameEncoder, TemporalBlock
from signpipe.settings import EncoderSettings
from signpipe.skeleton import HAND_SUBPARTS, LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_SUBPARTS

SMALL = EncoderSettings(
    frames=8,
    joint_channels=(4, 4, 8),
    part_channels=16,
    heads=2,
    hand_feedforward=16,
    trunk_feedforward=16,
)


def clips(batch=3, seed=0):
    generator = torch.Generator().manual_seed(seed)
    points = torch.randn(batch, 8, 49, 2, generator=generator)
    valid = torch.ones(batch, 8, 49, dtype=torch.bool)
    valid[:, 2:4, RIGHT_HAND] = False
    return points * valid[..., None], valid


def encoder():
    torch.manual_seed(0)
    return Encoder(SMALL).eval()


def test_shapes_and_the_fused_feature():
    features = encoder()(*clips())
    assert features.hand.shape == features.trunk.shape == (3, 16)
    assert torch.equal(features.fused, features.hand + features.trunk)


def test_a_hand_is_there_if_any_of_its_joints_is():
    points, valid = clips()
    valid[:, :, RIGHT_HAND.start] = valid[:, :, LEFT_HAND.start] = False  # the wrists
    points = points * valid[..., None]
    found = encoder()(points, valid).hand
    assert (found.norm(dim=1) > 0).all()
    valid[:, :, :42] = False
    valid[:, :, RIGHT_HAND.stop - 1] = True  # a single finger's tip
    assert not torch.equal(encoder()(points, valid).hand, torch.zeros_like(found))


def test_hands_and_trunk_are_apart():
    points, valid = clips()
    before = encoder()(points, valid)
    points[:, :, TRUNK] += 1
    after = encoder()(points, valid)
    assert torch.equal(before.hand, after.hand)
    assert not torch.allclose(before.trunk, after.trunk)


def test_what_lies_under_an_undetected_hand_does_not_matter():
    points, valid = clips()
    before = encoder()(points, valid)
    points[:, 2:4, RIGHT_HAND] = 7.0
    assert torch.equal(before.hand, encoder()(points, valid).hand)
    points[:, 2:4, LEFT_HAND] = 7.0
    assert not torch.allclose(before.hand, encoder()(points, valid).hand)


def test_a_clip_without_hands_has_no_hand_feature():
    points, valid = clips()
    valid[0, :, :42] = False
    for mode in (True, False):
        features = encoder().train(mode)(points, valid)
        assert (features.hand[0] == 0).all()
        assert features.hand[1].abs().sum() > 0
    valid[:, :, :42] = False
    assert (encoder().train()(points, valid).hand == 0).all()


def test_clips_of_a_batch_do_not_mix_in_evaluation():
    points, valid = clips()
    whole = encoder()(points, valid).fused
    single = torch.cat([encoder()(points[i : i + 1], valid[i : i + 1]).fused for i in range(3)])
    torch.testing.assert_close(whole, single)


def test_pooling_against_a_plain_loop():
    torch.manual_seed(0)
    pool = AttentionPool(4)
    tokens = torch.randn(2, 5, 4)
    valid = torch.tensor([[1, 1, 0, 1, 0], [0, 0, 0, 0, 0]], dtype=torch.bool)
    scores = pool.score(tokens[0]).exp().flatten().tolist()
    weights = [scores[i] if valid[0, i] else 0.0 for i in range(5)]
    expected = sum(w * tokens[0, i] for i, w in enumerate(weights)) / sum(weights)
    found = pool(tokens, valid)
    torch.testing.assert_close(found[0], expected)
    assert (found[1] == 0).all()


@pytest.mark.parametrize(
    ("part", "joints", "subparts"), [("hand", 21, HAND_SUBPARTS), ("trunk", 7, TRUNK_SUBPARTS)]
)
def test_a_frames_feature_against_a_plain_loop(part, joints, subparts):
    torch.manual_seed(0)
    encode = FrameEncoder(SMALL, part).eval()
    x = torch.randn(joints, 3, 2)
    found = encode(x)
    for frame in range(3):
        features = encode.joints(x[:, frame : frame + 1])[:, 0].tolist()
        wide = []
        for subpart in subparts:
            pooled = [max(features[joint][c] for joint in subpart) for c in range(8)]
            rows = zip(encode.widen.weight.tolist(), encode.widen.bias.tolist(), strict=True)
            wide.append([b + sum(map(mul, weights, pooled)) for weights, b in rows])
        mixed = encode.parts(torch.tensor(wide)[:, None])[:, 0].tolist()
        expected = [max(subpart[c] for subpart in mixed) for c in range(16)]
        torch.testing.assert_close(found[frame], torch.tensor(expected))


def test_a_temporal_block_against_a_plain_loop():
    torch.manual_seed(0)
    block = TemporalBlock(3).double().eval()
    norm = block.mix[2]
    norm.running_mean.uniform_(-1, 1)
    norm.running_var.uniform_(0.5, 2)
    x = torch.randn(3, 6, dtype=torch.float64)

    def convolve(x, layer):
        width = layer.weight.shape[2]
        out = torch.zeros(3, 6, dtype=torch.float64)
        for o in range(3):
            for t in range(6):
                out[o, t] = layer.bias[o]
                for i in range(3):
                    for d in range(width):
                        if 0 <= t + d - width // 2 < 6:
                            out[o, t] += layer.weight[o, i, d] * x[i, t + d - width // 2]
        return out

    wide = convolve(x, block.wide)
    deep = convolve(convolve(x, block.deep[0]).clamp(min=0), block.deep[2])
    both = torch.cat([wide, deep]).clamp(min=0)
    expected = torch.zeros(3, 6, dtype=torch.float64)
    for o in range(3):
        for t in range(6):
            mixed = sum(block.mix[1].weight[o, i, 0] * both[i, t] for i in range(6))
            scale = norm.weight[o] / (norm.running_var[o] + norm.eps).sqrt()
            normed = (mixed - norm.running_mean[o]) * scale + norm.bias[o]
            expected[o, t] = max(0.0, float((x[o, t] + normed).detach()))
    torch.testing.assert_close(block(x[None])[0], expected)


def test_gradients_reach_every_parameter():
    model = encoder().train()
    model(*clips()).fused.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name


@pytest.mark.parametrize(("part", "subparts"), [("hand", HAND_SUBPARTS), ("trunk", TRUNK_SUBPARTS)])
def test_subparts_are_pooled_joint_by_joint(part, subparts):
    torch.manual_seed(0)
    x = torch.randn(21 if part == "hand" else 7, 3, 2)
    found = FrameEncoder(SMALL, part)._pool(x)
    assert len(found) == len(subparts)
    for pooled, joints in zip(found, subparts, strict=True):
        for frame in range(3):
            for channel in range(2):
                expected = max(float(x[joint, frame, channel]) for joint in joints)
                assert float(pooled[frame, channel]) == expected


def test_in_bfloat16_features_are_nearly_the_same():
    exact = encoder()(*clips()).fused
    with torch.autocast("cpu", torch.bfloat16):
        coarse = encoder()(*clips()).fused
    assert coarse.dtype == torch.float32
    assert not torch.equal(coarse, exact)
    torch.testing.assert_close(coarse, exact, rtol=0.05, atol=0.05)
