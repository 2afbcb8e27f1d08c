import copy
import math

import pytest
import torch

from signpipe.model import losses, momentum
from signpipe.model.momentum import BRANCHES, STREAMS, Encoded, MomentumContrast
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

SIGNERS = torch.tensor([0, 0, 1, 2])  # of every batch


def model(**changes):
    torch.manual_seed(0)
    return MomentumContrast(PretrainSettings(encoder=ENCODER, batch_size=4, queue=16, **changes))


def view(seed, batch=4):
    generator = torch.Generator().manual_seed(seed)
    valid = torch.ones(batch, 4, 49, dtype=torch.bool)
    return {m: (torch.randn(batch, 4, 49, 2, generator=generator), valid) for m in STREAMS}


def steps(contrast, count, start=0):
    for i in range(start, start + count):
        result = contrast(view(2 * i), view(2 * i + 1), torch.arange(4 * i, 4 * i + 4), SIGNERS)
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
    contrast(view(0), keys, torch.arange(4), SIGNERS)
    for i, stream in enumerate(STREAMS):
        _, embeddings = contrast.key[stream](*keys[stream])
        for j, branch in enumerate(BRANCHES):
            torch.testing.assert_close(contrast.queues[i, j, :4], embeddings[branch])


def test_positions_that_hold_no_key_are_not_compared_with():
    contrast = model(consistency="none", transfer_nearest=0)
    loss, _ = steps(contrast, 1)
    assert float(loss.detach()) == 0.0  # no negatives yet
    _, numbers = steps(contrast, 1, start=1)
    assert numbers["contrast"] > 0
    encoded = _encode(contrast.key, view(9))
    logits = contrast._logits(encoded, encoded, contrast._queues(), torch.arange(90, 94))
    assert {value.shape for value in logits.values()} == {(4, 1 + 8)}


def _encode(encoders, given):
    with torch.no_grad():
        return Encoded.of(encoders, given)


def test_a_clips_own_former_keys_are_no_negatives():
    contrast = model()
    steps(contrast, 2)
    encoded = _encode(contrast.key, view(9))
    logits = contrast._logits(encoded, encoded, contrast._queues(), torch.tensor([0, 5, 90, 91]))
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


@pytest.mark.parametrize(
    "published",
    [
        {  # the paper's total
            "contrast": ("hand", "trunk"),
            "consistency": "feature",
            "contrast_weight": 0.5,
            "consistency_weight": 0.5,
        },
        {  # the release's
            "contrast": ("fused", "hand", "trunk"),
            "consistency": "queue",
            "consistency_nearest": 3,
        },
        {"streams": "motion", "consistency": "queue"},
    ],
)
def test_the_objective_against_a_literal_reading_of_its_equations(published):
    contrast = model(transfer_nearest=5, **published)
    steps(contrast, 2)  # 8 of 16 positions hold keys
    s = contrast.settings
    before = copy.deepcopy(contrast)
    before._update_key_encoder()
    views = view(8), view(9)
    query, key = _encode(before.query, views[0]), _encode(before.key, views[1])
    streams = ("motion",) if s.streams == "motion" else ("joint", "motion")
    queues = {
        (m, b): before.queues[i, j, :8]
        for i, m in enumerate(streams)
        for j, b in enumerate(("fused", "hand", "trunk"))
    }

    def negative_log_likelihood(place):
        total = 0.0
        for q, k in zip(query.embeddings[place], key.embeddings[place], strict=True):
            positive = math.exp(float(q @ k) / 0.07)
            negatives = sum(math.exp(float(q @ other) / 0.07) for other in queues[place])
            total -= math.log(positive / (positive + negatives)) / 4
        return total

    def softmax(values, temperature):
        exponents = [math.exp(value / temperature) for value in values]
        return [value / sum(exponents) for value in exponents]

    def divergence(teacher, student):
        return sum(p * math.log(p / q) for p, q in zip(teacher, student, strict=True))

    def taught(teacher, student, nearest):
        total = 0.0
        for k, q in zip(key.embeddings[teacher], query.embeddings[student], strict=True):
            similar = [float(k @ other) for other in queues[teacher]]
            places = sorted(range(8), key=lambda i: -similar[i])[:nearest]
            same = [float(q @ queues[student][i]) for i in places]
            total += divergence(softmax([similar[i] for i in places], 0.05), softmax(same, 0.1)) / 4
        return total

    def unit(values):
        length = math.sqrt(sum(value**2 for value in values))
        return [value / length for value in values]

    def told(teacher, student):
        return sum(
            divergence(softmax(unit(k.tolist()), 0.05), softmax(unit(q.tolist()), 0.1)) / 4
            for k, q in zip(teacher, student, strict=True)
        )

    expected = {"contrast": 0.0, "consistency": 0.0, "transfer": 0.0}
    for m in streams:
        expected["contrast"] += sum(negative_log_likelihood((m, b)) for b in s.contrast)
        if s.consistency == "feature":
            keys, queries = key.features[m], query.features[m]
            expected["consistency"] += told(keys.hand, queries.trunk)
            expected["consistency"] += told(keys.trunk, queries.hand)
        else:
            nearest = s.consistency_nearest
            expected["consistency"] += taught((m, "hand"), (m, "trunk"), nearest)
            expected["consistency"] += taught((m, "trunk"), (m, "hand"), nearest)
    if len(streams) == 2:
        one, other = ("joint", "fused"), ("motion", "fused")
        expected["transfer"] = taught(one, other, 5) + taught(other, one, 5)

    loss, numbers = contrast(*views, torch.arange(90, 94), SIGNERS)
    found = {name: numbers[name] for name in expected}
    assert found == pytest.approx(expected, rel=1e-4)
    weights = (s.contrast_weight, s.consistency_weight, s.transfer_weight)
    total = sum(w * value for w, value in zip(weights, expected.values(), strict=True))
    assert float(loss.detach()) == pytest.approx(total, rel=1e-4)


def test_one_stream_has_no_other_to_learn_from():
    contrast = model(streams="joint")
    assert list(contrast.encoders()) == list(contrast.key) == ["joint"]
    assert contrast.queues.shape[0] == 1
    loss, numbers = steps(contrast, 2)
    loss.backward()
    assert numbers["transfer"] == 0
    assert numbers["contrast"] > 0
    assert "top1_motion" not in numbers


def test_neighbours_attract_once_the_queue_is_full(monkeypatch):
    """Two of the other signers and two of the own, against a literal reading."""
    monkeypatch.setattr(momentum, "TRUSTED", 8)
    contrast = model(positives=5, positives_weight=0.3, contrast=("hand",), streams="joint")
    steps(contrast, 3)
    clips = torch.tensor([1, 90, 91, 92])  # the first has been here before

    def found():
        before = copy.deepcopy(contrast)
        views = view(8), view(9)
        numbers = contrast(*views, clips, SIGNERS)[1]
        before._update_key_encoder()
        return before, _encode(before.query, views[0]), _encode(before.key, views[1]), numbers

    contrast.eval()
    before, query, key, numbers = found()
    logits = before._logits(query, key, before._queues(), clips)
    assert numbers["contrast"] == pytest.approx(float(losses.contrast(logits["joint", "hand"])))

    before, query, key, numbers = found()
    assert int(before.filled) == 16
    queue, place, expected = before.queues[0, 1], ("joint", "hand"), 0.0
    for i, who in enumerate(SIGNERS.tolist()):
        q, k = query.embeddings[place][i], key.embeddings[place][i]
        free = [j for j in range(16) if before.owners[j] != clips[i]]
        chosen = []
        for own in (False, True):
            group = [j for j in free if (before.signers[j] == who) == own]
            chosen += sorted(group, key=lambda j: -float(k @ queue[j]))[:2]
        assert len(chosen) == 4
        power = {j: math.exp(float(q @ queue[j]) / 0.07) for j in free}
        positive = math.exp(float(q @ k) / 0.07)
        rest = positive + sum(value for j, value in power.items() if j not in chosen)
        expected -= 0.7 * math.log(positive / rest) / 4
        expected -= sum(0.3 * math.log(power[j] / (power[j] + rest)) / 16 for j in chosen)
    assert numbers["contrast"] == pytest.approx(expected, rel=1e-4)
    assert numbers["contrast"] != pytest.approx(
        float(losses.contrast(before._logits(query, key, before._queues(), clips)[place])), rel=1e-2
    )


@pytest.mark.parametrize("signers", [torch.zeros(4).long(), torch.arange(4)])
def test_a_clip_may_lack_neighbours_of_its_own_or_of_other_signers(monkeypatch, signers):
    monkeypatch.setattr(momentum, "TRUSTED", 2)
    contrast = model(positives=8)
    for number in range(5):
        loss, _ = contrast(view(2 * number), view(2 * number + 1), torch.arange(4), signers)
    loss.backward()
    gradients = [p.grad for p in contrast.query.parameters() if p.grad is not None]
    assert loss.isfinite() and gradients
    assert all(gradient.isfinite().all() for gradient in gradients)
