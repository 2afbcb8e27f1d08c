import json
import resource
import subprocess
import sys

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.model.backbone import (
    BackboneCard,
    load_backbone,
    new_encoders,
    read_backbone_card,
    save_backbone,
)
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, load_recognizer, save_recognizer
from signpipe.model.weights import check_weights, load_weights, save_weights
from signpipe.settings import EncoderSettings, PrepareSettings

ENCODER = EncoderSettings(
    frames=4, part_channels=8, heads=2, joint_channels=(2, 2, 2), hand_feedforward=8
)
QUICK = settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    card = RecognizerCard(
        signs=("a", "b"), streams="joint", encoder=ENCODER, prepare=PrepareSettings()
    )
    save_recognizer(tmp_path / "recognizer", StreamClassifiers(ENCODER, 2, "joint"), card)
    return tmp_path / "recognizer"


@pytest.fixture
def encoder(tmp_path):
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings(), streams="joint")
    save_backbone(tmp_path / "encoder.safetensors", new_encoders(card), card)
    return tmp_path / "encoder.safetensors"


def change(path, **fields):
    """Write a recogniser's card anew, fields of its encoder changed."""
    card = json.loads(path.read_text())
    card["encoder"] |= fields
    path.write_text(json.dumps(card))


LARGE = {
    "part_channels": 8 * 10**6,
    "hand_feedforward": 10**12,
    "joint_channels": [10**9, 10**9, 10**9],
    "frames": 512,
    "layers": 12,
    "temporal_blocks": 8,
}


@pytest.mark.parametrize("field", LARGE)
def test_a_card_of_sizes_that_the_weights_do_not_have_is_refused(folder, field):
    change(folder / "recognizer.json", **{field: LARGE[field]})
    with pytest.raises(SignpipeError, match=r"model\.safetensors (do not fit|cannot be)"):
        load_recognizer(folder)


def test_no_memory_is_taken_for_what_a_card_claims(folder):
    """In a process that may have little more than it has already."""
    change(folder / "recognizer.json", part_channels=8192, hand_feedforward=10**9)
    program = f"""
import resource
from pathlib import Path
from signpipe.errors import SignpipeError
from signpipe.model.stream_classifiers import load_recognizer
used = int(open("/proc/self/statm").read().split()[0]) * {resource.getpagesize()}
resource.setrlimit(resource.RLIMIT_AS, (used + (256 << 20),) * 2)
try:
    load_recognizer(Path({str(folder)!r}))
except SignpipeError as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert "do not fit" in done.stdout, done.stderr


def test_an_encoder_whose_card_claims_more_is_refused_before_it_is_built(encoder):
    card = read_backbone_card(encoder).model_dump(mode="json")
    card["encoder"]["part_channels"] = 80_000
    save_file(load_file(encoder), encoder, {"card": json.dumps(card)})
    with pytest.raises(SignpipeError, match="do not fit"):
        read_backbone_card(encoder)


@pytest.mark.parametrize("text", ["", "{", "[" * 3000, "[]", '{"a": ' + "9" * 5000 + "}"])
def test_an_encoder_with_another_card_is_none(encoder, text):
    save_file(load_file(encoder), encoder, {"card": text})
    with pytest.raises(SignpipeError, match="is no signpipe encoder"):
        read_backbone_card(encoder)


@pytest.mark.parametrize("value", [float("nan"), float("inf"), -float("inf")])
def test_weights_that_are_no_numbers_are_refused_at_loading(folder, encoder, value):
    for path in (folder / "model.safetensors", encoder):
        weights = load_file(path)
        name = max(weights, key=lambda name: weights[name].numel())
        weights[name].view(-1)[-1] = value
        save_file(
            weights,
            path,
            {"card": read_backbone_card(path).model_dump_json()} if path == encoder else None,
        )
    with pytest.raises(SignpipeError, match="holds NaN"):
        load_recognizer(folder)
    with pytest.raises(SignpipeError, match="holds NaN"):
        load_backbone(encoder, new_encoders(read_backbone_card(encoder)))


def test_a_variance_below_zero_is_refused(tmp_path):
    norm = nn.BatchNorm1d(2)
    norm.running_var[0] = -1
    save_weights(tmp_path / "a.safetensors", norm)
    with pytest.raises(SignpipeError, match="running_var"):
        load_weights(nn.BatchNorm1d(2), tmp_path / "a.safetensors")


def test_half_precision_fills_a_module_and_other_kinds_do_not(tmp_path):
    path = tmp_path / "a.safetensors"
    layer = nn.Linear(2, 3)
    save_weights(path, layer.half())
    loaded = nn.Linear(2, 3)
    load_weights(loaded, path)
    assert loaded.weight.dtype == torch.float32
    torch.testing.assert_close(loaded.weight, layer.weight.float())
    save_weights(path, layer.double())
    with pytest.raises(SignpipeError, match="is F64, should be F32"):
        load_weights(loaded, path)


def test_surplus_and_missing_weights_are_named(tmp_path):
    path = tmp_path / "a.safetensors"
    save_weights(path, nn.Linear(2, 3, bias=False))
    with pytest.raises(SignpipeError, match="bias is missing"):
        check_weights(path, lambda: nn.Linear(2, 3))
    save_weights(path, nn.Linear(2, 3))
    with pytest.raises(SignpipeError, match="bias has no place"):
        check_weights(path, lambda: nn.Linear(2, 3, bias=False))


@QUICK
@given(data=st.data())
def test_a_damaged_file_is_refused_or_says_what_it_holds(encoder, data):
    original = encoder.read_bytes()
    damaged = bytearray(original)
    at = data.draw(st.integers(0, min(len(damaged), 12_000) - 1))  # most of it is the header
    if data.draw(st.booleans()):
        del damaged[at:]
    else:
        damaged[at] ^= data.draw(st.integers(1, 255))
    path = encoder.with_name("damaged.safetensors")
    path.write_bytes(damaged)
    try:
        encoders = new_encoders(read_backbone_card(path))
        load_backbone(path, encoders)
    except SignpipeError as error:
        assert "damaged.safetensors" in str(error)
        return
    assert all(values.isfinite().all() for values in encoders.state_dict().values())


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(max_size=3),
    st.lists(st.integers(), max_size=4),
    st.dictionaries(st.text(max_size=3), st.integers(), max_size=2),
)


@QUICK
@given(data=st.data())
def test_a_card_with_any_value_in_any_field_is_refused_or_loaded(folder, data):
    path = folder / "recognizer.json"
    original = path.read_text()
    card = json.loads(original)
    inner = data.draw(st.sampled_from([card, card["encoder"], card["prepare"]]))
    inner[data.draw(st.sampled_from(sorted(inner)))] = data.draw(VALUES)
    try:
        path.write_text(json.dumps(card))
        recognizer, _ = load_recognizer(folder)
        assert not recognizer.training
    except SignpipeError as error:
        assert str(folder) in str(error)
    finally:
        path.write_text(original)
