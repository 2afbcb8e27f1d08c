from types import SimpleNamespace

import pytest
import torch

from signpipe.errors import SignpipeError
from signpipe.model.backbone import BackboneCard, new_encoders, save_backbone
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.settings import EncoderSettings, FinetuneSettings, PrepareSettings, resolve
from signpipe.training.encoders import (
    find_encoder,
    fitting_card,
    named_encoder,
    origin,
    shipped_encoder,
)
from signpipe.training.training_runs import began_from_file
from signpipe.workspace import Workspace, sha256_of_file

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)


def write(path, **changes):
    card = BackboneCard(**{"encoder": ENCODER, "prepare": PrepareSettings(), **changes})
    path.parent.mkdir(parents=True, exist_ok=True)
    torch.manual_seed(0)
    save_backbone(path, new_encoders(card), card)
    return path


def prepared(**changes):
    settings = PrepareSettings(**changes)
    return SimpleNamespace(record={"settings": settings.model_dump(mode="json")})


def test_by_a_runs_name_or_a_files_or_the_newest(tmp_path):
    workspace = Workspace(tmp_path)
    assert find_encoder(workspace, None) is None
    of_run = write(workspace.run("pretrain", "one") / "encoder.safetensors")
    (of_run.parent / "settings.json").write_text("{}")
    file = write(tmp_path / "elsewhere.safetensors")
    assert find_encoder(workspace, None) == find_encoder(workspace, "one") == of_run
    assert named_encoder(workspace, str(file)) == file
    with pytest.raises(SignpipeError, match="no encoder file 'two', nor a run .*pretrain/two"):
        named_encoder(workspace, "two")
    with pytest.raises(SignpipeError, match="cannot name a run"):
        named_encoder(workspace, "../two")


def test_where_it_lies_is_told_from_the_workspace(tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    inside = write(workspace.run("pretrain", "one") / "encoder.safetensors")
    outside = write(tmp_path / "encoder.safetensors")
    shipped = named_encoder(workspace, "shipped")
    assert origin(workspace, None) is None
    assert origin(workspace, inside) == {
        "file": "pretrain/one/encoder.safetensors",
        "sha256": sha256_of_file(inside),
    }
    assert origin(workspace, outside)["file"] == str(outside.resolve())
    assert origin(workspace, shipped) == {"file": "shipped", "sha256": sha256_of_file(shipped)}
    for path in (inside, outside, shipped):
        assert began_from_file(workspace, origin(workspace, path)["file"]) == path


BOTH = FinetuneSettings()
JOINT = FinetuneSettings(streams="joint")


def test_one_that_fits_brings_its_card(tmp_path):
    path = write(tmp_path / "encoder.safetensors", streams="joint", trained={"clips": 3})
    assert fitting_card(path, prepared(), JOINT).trained == {"clips": 3}
    other_heads = ENCODER.model_copy(update={"embedding": 64})
    assert fitting_card(path, prepared(), JOINT, other_heads).encoder == ENCODER


@pytest.mark.parametrize(
    ("card", "settings", "encoder", "said"),
    [
        (
            {"streams": "joint"},
            BOTH,
            None,
            'streams was "joint", is "both"; use --set streams=joint',
        ),
        (
            {"prepare": PrepareSettings(trunk="image", hand_box=3)},
            BOTH,
            None,
            'hand_box was 3.0, is 2.2; trunk was "image", is "shoulders"; use `signpipe '
            "prepare --redo --set hand_box=3.0 --set trunk=image`, or another encoder",
        ),
        (
            {},
            BOTH,
            ENCODER.model_copy(update={"joint_channels": (4, 4, 8), "motion": "backward"}),
            "encoder.joint_channels was [32, 32, 64], is [4, 4, 8]; "
            'encoder.motion was "forward", is "backward"; use --set encoder.motion=forward '
            "--set 'encoder.joint_channels=[32,32,64]'",
        ),
        ({"layout": "other"}, BOTH, None, "layout was 'other', is 'right hand 0-20"),
    ],
)
def test_one_that_does_not_is_refused_by_field_with_the_mend(
    tmp_path, card, settings, encoder, said
):
    path = write(tmp_path / "encoder.safetensors", **card)
    with pytest.raises(SignpipeError) as caught:
        fitting_card(path, prepared(), settings, encoder)
    assert f"{path} was made differently: {said}" in str(caught.value)


def test_the_shipped_one_is_used_where_it_fits(capsys):
    assert shipped_encoder(prepared(), BOTH) == SHIPPED_FILE
    said = capsys.readouterr().err
    assert said == (
        "no pretrained encoder in this workspace: using the one that comes with signpipe\n"
    )
    assert shipped_encoder(prepared(), JOINT, BOTH.encoder) == SHIPPED_FILE


@pytest.mark.parametrize(
    ("prepare", "changes", "said"),
    [
        ({"trunk": "image"}, {}, 'trunk was "shoulders", is "image"'),
        ({}, {"frames": 12}, "encoder.frames was 16, is 12"),
    ],
)
def test_where_the_shipped_one_does_not_fit_a_line_says_so(prepare, changes, said, capsys):
    encoder = BOTH.encoder.model_copy(update=changes)
    assert shipped_encoder(prepared(**prepare), BOTH, encoder) is None
    line = capsys.readouterr().err
    assert line.count("\n") == 1
    assert f"does not fit ({said}): learning from scratch" in line


def test_the_preset_paper_begins_from_scratch(capsys):
    paper = resolve(FinetuneSettings, "paper")
    made_for_it = prepared(**resolve(PrepareSettings, "paper").model_dump())
    assert shipped_encoder(made_for_it, paper, paper.encoder) is None
    assert "trunk was" in capsys.readouterr().err
    assert shipped_encoder(prepared(), paper, paper.encoder) is None
    assert "encoder.frames was 16, is 64" in capsys.readouterr().err
