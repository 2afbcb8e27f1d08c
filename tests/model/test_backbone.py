import json

import pytest
import torch
from safetensors.torch import save_file
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.model.backbone import BackboneCard, load_backbone, read_backbone_card, save_backbone
from signpipe.model.encoder import Encoder
from signpipe.settings import EncoderSettings, PrepareSettings

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)


def encoders(settings=ENCODER, seed=0):
    torch.manual_seed(seed)
    return nn.ModuleDict({m: Encoder(settings) for m in ("joint", "motion")})


def test_the_file_describes_itself(tmp_path):
    path = tmp_path / "encoder.safetensors"
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings(), trained={"clips": 7})
    save_backbone(path, encoders(), card)
    assert read_backbone_card(path) == card
    other = encoders(seed=1)
    load_backbone(path, other)
    for name, value in encoders().state_dict().items():
        assert torch.equal(other.state_dict()[name], value), name


def test_another_size_is_refused(tmp_path):
    path = tmp_path / "encoder.safetensors"
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings())
    save_backbone(path, encoders(), card)
    larger = encoders(ENCODER.model_copy(update={"part_channels": 32}))
    with pytest.raises(SignpipeError, match="do not fit"):
        load_backbone(path, larger)


def test_other_files_are_no_encoders(tmp_path):
    path = tmp_path / "other.safetensors"
    save_file({"x": torch.zeros(1)}, path)
    with pytest.raises(SignpipeError, match="no signpipe encoder"):
        read_backbone_card(path)
    path.write_bytes(b"text")
    with pytest.raises(SignpipeError, match="cannot read the weights"):
        read_backbone_card(path)
    with pytest.raises(SignpipeError, match="cannot read the weights"):
        read_backbone_card(tmp_path / "missing.safetensors")
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings(), layout="other")
    save_backbone(path, encoders(), card)
    with pytest.raises(SignpipeError, match="layout was 'other', is 'right hand"):
        read_backbone_card(path)


def test_one_stream_of_a_file_with_both(tmp_path):
    path = tmp_path / "encoder.safetensors"
    save_backbone(path, encoders(), BackboneCard(encoder=ENCODER, prepare=PrepareSettings()))
    motion = nn.ModuleDict({"motion": Encoder(ENCODER)})
    load_backbone(path, motion)
    for name, value in motion.state_dict().items():
        assert torch.equal(encoders().state_dict()[name], value), name


def test_a_file_without_the_newer_fields_has_both_streams_and_forward_motion(tmp_path):
    path = tmp_path / "encoder.safetensors"
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings()).model_dump(mode="json")
    del card["streams"], card["signpipe"], card["encoder"]["motion"]
    save_file(encoders().state_dict(), path, metadata={"card": json.dumps(card)})
    read = read_backbone_card(path)
    assert (read.streams, read.encoder.motion, read.signpipe) == ("both", "forward", "unknown")


def test_a_file_from_when_mirroring_was_a_setting_is_read_and_one_without_it_refused(tmp_path):
    path = tmp_path / "encoder.safetensors"
    card = BackboneCard(encoder=ENCODER, prepare=PrepareSettings()).model_dump(mode="json")
    card["prepare"]["mirror_left_hand"] = True
    save_file(encoders().state_dict(), path, metadata={"card": json.dumps(card)})
    assert read_backbone_card(path).prepare == PrepareSettings()
    card["prepare"]["mirror_left_hand"] = False
    save_file({"x": torch.zeros(1)}, path, metadata={"card": json.dumps(card)})
    with pytest.raises(SignpipeError, match="mirror_left_hand=false is no longer possible"):
        read_backbone_card(path)
