import math

import pytest
import torch

from signpipe.model.momentum import BRANCHES, MODALITIES, MomentumContrast
from signpipe.settings import EncoderSettings, PretrainSettings

ENCODER = EncoderSettings(
    frames=4,
    joint_channels=(4, 4, 8),
    part_channels=16,
    temporal_blocks=1,
    heads=2,
    hand_feedforward=16,
    trunk_feedforward=16,
    dropout=0,
    embedding=8,
)


def model(**changes):
    torch.manual_seed(0)
    return MomentumContrast(PretrainSettings(encoder=ENCODER, batch=4, queue=16, **changes))


def view(seed, batch=4):
    generator = torch.Generator().manual_seed(seed)
    valid = torch.ones(batch, 4, 49, dtype=torch.bool)
    return {m: (torch.randn(batch, 4, 49, 2, generator=generator), valid) for m in MODALITIES}


def steps(contrast, count, start=0):
    for i in range(start, start + count):
        result = contrast(view(2 * i), view(2 * i + 1), torch.arange(4 * i, 4 * i + 4))
    return result


def test_key_encoders_follow_and_get_no_gradient():
    contrast = model(key_momentum=0.75)
    for parameter in contrast.query.parameters():
        parameter.data += 1
    before = [parameter.clone() for parameter in contrast.key.parameters()]
    steps(contrast, 2)[0].backward()
    for old, key, query in zip(
        before, contrast.key.parameters(), contrast.query.parameters(), strict=True
    ):
        expected = 0.75 * (0.75 * old + 0.25 * query) + 0.25 * query
        torch.testing.assert_close(key, expected)
        assert key.grad is None


def test_queues_fill_in_step_and_replace_the_oldest():
    contrast = model()
    steps(contrast, 3)
    assert int(contrast.filled) == 12
    assert contrast.owners.tolist() == [*range(12), -1, -1, -1, -1]
    assert (contrast.queues[:, :, 12:] == 0).all()
    steps(contrast, 2, start=3)
    assert int(contrast.filled) == 16
    assert contrast.owners.tolist() == [16, 17, 18, 19, *range(4, 16)]
    lengths = contrast.queues.norm(dim=-1)
    torch.testing.assert_close(lengths, torch.ones_like(lengths))


def test_the_same_position_holds_the_same_clip_in_every_queue():
    contrast = model()
    keys = view(1)
    contrast.eval()
    contrast(view(0), keys, torch.arange(4))
    for i, modality in enumerate(MODALITIES):
        _, embeddings = contrast.key[modality](*keys[modality])
        for j, branch in enumerate(BRANCHES):
            torch.testing.assert_close(contrast.queues[i, j, :4], embeddings[branch])


def test_positions_that_hold_no_key_are_not_compared_with():
    contrast = model(consistency="none", transfer_nearest=0)
    loss, _ = steps(contrast, 1)
    assert float(loss) == 0.0  # no negatives yet
    _, numbers = steps(contrast, 1, start=1)
    # Four negatives, six terms: chance is log 5 each, and 16 empty positions would give log 17.
    assert 0 < numbers["contrast"] / 6 < 2 / 0.07 + math.log(5)
    logits = contrast._logits(*[_encode(contrast, view(9))] * 2, torch.arange(90, 94))
    assert {value.shape for value in logits.values()} == {(4, 1 + 8)}


def _encode(contrast, given):
    from signpipe.model.momentum import Encoded

    return Encoded.of(contrast.key, given)


def test_a_clips_own_former_keys_are_no_negatives():
    contrast = model()
    steps(contrast, 2)
    encoded = _encode(contrast, view(9))
    logits = contrast._logits(encoded, encoded, torch.tensor([0, 5, 90, 91]))
    for value in logits.values():
        assert (value == float("-inf")).nonzero().tolist() == [[0, 1], [1, 6]]


@pytest.mark.parametrize("consistency", ["none", "feature", "queue"])
@pytest.mark.parametrize("nearest", [0, 4])
def test_each_term_can_be_left_out(consistency, nearest):
    contrast = model(consistency=consistency, transfer_nearest=nearest)
    _, numbers = steps(contrast, 2)
    assert (numbers["consistency"] > 0) == (consistency != "none")
    assert (numbers["transfer"] > 0) == (nearest > 0)
    assert numbers["contrast"] > 0


def test_the_total_is_the_weighted_sum():
    weights = {"contrast_weight": 0.5, "consistency_weight": 0.25, "transfer_weight": 2.0}
    loss, numbers = steps(model(**weights), 2)
    expected = sum(
        weights[f"{name}_weight"] * numbers[name]
        for name in ("contrast", "consistency", "transfer")
    )
    assert float(loss) == pytest.approx(expected, rel=1e-5)
    assert numbers["loss"] == pytest.approx(expected, rel=1e-5)
