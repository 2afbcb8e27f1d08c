import pytest

from signpipe.errors import SignpipeError
from signpipe.settings import (
    PRESETS,
    EncoderSettings,
    FinetuneSettings,
    PretrainSettings,
    parse_changes,
    resolve,
)


def test_the_last_of_preset_file_and_change_wins(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("epochs = 7\nbatch = 16\n[encoder]\nframes = 32\n")
    settings = resolve(PretrainSettings, "paper", file, {"batch": 8, "encoder.layers": 2})
    assert (settings.epochs, settings.batch) == (7, 8)
    assert (settings.encoder.frames, settings.encoder.layers) == (32, 2)
    assert settings.encoder.part_channels == 512


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epoch": 3}, "no setting epoch;"),
        ({"encoder.frame": 3}, "no setting encoder.frame;"),
        ({"epochs": 0}, "epochs: .*greater than or equal to 1.*0"),
        ({"augmentation": "wild"}, "augmentation: .*wild"),
        ({"encoder.heads": 7}, "multiple of heads"),
        ({"encoder.joint_channels": [0, 4, 4]}, r"joint_channels\.0: .*greater than 0"),
        ({"queue": 32}, "queue must be at least batch"),
        ({"contrast": []}, "contrast must name"),
    ],
)
def test_impossible_values_are_refused_by_name(changes, said):
    with pytest.raises(SignpipeError, match=said):
        resolve(PretrainSettings, changes=changes)


def test_an_unknown_preset_names_those_there_are():
    with pytest.raises(SignpipeError, match="compact, paper"):
        resolve(PretrainSettings, "huge")


def test_a_broken_file_is_named(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("epochs = = 3")
    with pytest.raises(SignpipeError, match=r"settings\.toml"):
        resolve(PretrainSettings, file=file)
    with pytest.raises(SignpipeError, match=r"nowhere\.toml"):
        resolve(PretrainSettings, file=tmp_path / "nowhere.toml")


def test_changes_are_toml_values_or_bare_words():
    assert parse_changes(["a=3", "b.c=[1, 2]", "d=word", 'e="text"', "f=true"]) == {
        "a": 3,
        "b.c": [1, 2],
        "d": "word",
        "e": "text",
        "f": True,
    }
    with pytest.raises(SignpipeError, match="name=value"):
        parse_changes(["epochs"])


def test_presets_fine_tune_what_they_pretrain():
    for preset in PRESETS:
        pretrain, finetune = (resolve(m, preset) for m in (PretrainSettings, FinetuneSettings))
        assert pretrain.encoder == finetune.encoder
    assert resolve(PretrainSettings, "compact") == PretrainSettings()
    assert PretrainSettings().encoder == EncoderSettings()
