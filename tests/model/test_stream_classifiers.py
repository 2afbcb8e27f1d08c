import json

import pytest
import torch

from signpipe.errors import SignpipeError
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import (
    StreamClassifiers,
    combine,
    final,
    load_recognizer,
    save_recognizer,
)
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.workspace import read_json, write_json

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)


@pytest.fixture
def folder(tmp_path):
    torch.manual_seed(0)
    card = RecognizerCard(
        signs=("käse", "$x"), joint_weight=0.7, encoder=ENCODER, prepare=PrepareSettings()
    )
    save_recognizer(tmp_path / "recognizer", StreamClassifiers(ENCODER, 2), card)
    return tmp_path / "recognizer"


def test_what_is_saved_is_loaded(folder):
    recognizer, card = load_recognizer(folder)
    assert card.signs == ("käse", "$x")
    assert card.joint_weight == 0.7
    assert not recognizer.training
    torch.manual_seed(0)
    for name, value in StreamClassifiers(ENCODER, 2).state_dict().items():
        assert torch.equal(recognizer.state_dict()[name], value), name
    assert sorted(path.name for path in folder.iterdir()) == [
        "model.safetensors",
        "recognizer.json",
    ]


@pytest.mark.parametrize(
    ("field", "value"),
    [("layout", "other"), ("version", 2), ("signs", ["a"]), ("signs", ["a", "a"]), ("more", 1)],
)
def test_a_card_of_another_kind_is_refused_by_its_field(folder, field, value):
    path = folder / "recognizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {field: value}))
    with pytest.raises(SignpipeError, match=rf"recognizer\.json.*{field}"):
        load_recognizer(folder)


def test_weights_that_do_not_fit_are_refused(folder):
    path = folder / "recognizer.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"signs": ["a", "b", "c"]}))
    with pytest.raises(SignpipeError, match="do not fit"):
        load_recognizer(folder)
    (folder / "model.safetensors").write_bytes(b"damaged")
    with pytest.raises(SignpipeError, match="cannot read the weights"):
        load_recognizer(folder)


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(SignpipeError, match="no recogniser"):
        load_recognizer(tmp_path)


def test_both_is_the_weighted_mean_of_logits():
    logits = {"joint": torch.tensor([[1.0, 0.0]]), "motion": torch.tensor([[0.0, 2.0]])}
    assert combine(logits, 0.5)["both"].tolist() == [[0.5, 1.0]]
    assert combine(logits, 1.0)["both"].tolist() == [[1.0, 0.0]]
    assert final(logits, 0.5).tolist() == [[0.5, 1.0]]


def test_a_single_stream_is_all_there_is(tmp_path):
    card = RecognizerCard(
        signs=("a", "b"), streams="motion", encoder=ENCODER, prepare=PrepareSettings()
    )
    save_recognizer(tmp_path, StreamClassifiers(ENCODER, 2, "motion").eval(), card)
    recognizer, _ = load_recognizer(tmp_path)
    points, valid = torch.randn(3, 4, 49, 2), torch.ones(3, 4, 49, dtype=torch.bool)
    logits = recognizer({"motion": (points, valid)})
    assert combine(logits).keys() == {"motion"}
    assert torch.equal(final(logits), logits["motion"])


def test_a_classifier_of_both_parts_is_kept_as_such(tmp_path):
    given = {"signs": ("a", "b"), "streams": "joint", "classifier": "parts", "encoder": ENCODER}
    made = StreamClassifiers(ENCODER, 2, "joint", "parts").eval()
    save_recognizer(tmp_path, made, RecognizerCard(**given, prepare=PrepareSettings()))
    recognizer, card = load_recognizer(tmp_path)
    assert card.classifier == "parts"
    view = torch.randn(3, 4, 49, 2), torch.ones(3, 4, 49, dtype=torch.bool)
    found = recognizer.encoders["joint"](*view)
    weight, bias = recognizer.classifiers["joint"].parameters()
    expected = found.hand @ weight[:, :16].T + found.trunk @ weight[:, 16:].T + bias
    torch.testing.assert_close(recognizer({"joint": view})["joint"], expected)
    torch.testing.assert_close(made({"joint": view})["joint"], expected)


def test_a_card_from_when_mirroring_was_a_setting_is_read_and_one_without_it_refused(tmp_path):
    card = RecognizerCard(
        signs=("a", "b"), streams="joint", encoder=ENCODER, prepare=PrepareSettings()
    )
    save_recognizer(tmp_path, StreamClassifiers(ENCODER, 2, "joint").eval(), card)
    value = read_json(tmp_path / "recognizer.json")
    value["prepare"]["mirror_left_hand"] = True
    write_json(tmp_path / "recognizer.json", value)
    assert load_recognizer(tmp_path)[1] == card
    value["prepare"]["mirror_left_hand"] = False
    write_json(tmp_path / "recognizer.json", value)
    with pytest.raises(SignpipeError, match="mirror_left_hand=false is no longer possible"):
        load_recognizer(tmp_path)


def test_a_folder_from_before_there_were_kinds_and_rejection_is_still_read(folder):
    path = folder / "recognizer.json"
    card = json.loads(path.read_text())
    assert card.pop("kind") == "finetuned" and card.pop("rejection") is None
    path.write_text(json.dumps(card))
    assert load_recognizer(folder)[1].signs == ("käse", "$x")
