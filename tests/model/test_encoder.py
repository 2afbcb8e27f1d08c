import torch

from signpipe.model.encoder import AttentionPool, Encoder
from signpipe.settings import EncoderSettings
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK

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


def test_gradients_reach_every_parameter():
    model = encoder().train()
    model(*clips()).fused.square().sum().backward()
    for name, parameter in model.named_parameters():
        assert parameter.grad is not None, name
        assert torch.isfinite(parameter.grad).all(), name
