import pytest

from signpipe.errors import SignpipeError
from signpipe.settings import (
    PRESETS,
    EncoderSettings,
    EvaluateSettings,
    FinetuneSettings,
    PrepareSettings,
    PretrainSettings,
    as_options,
    parse_changes,
    resolve,
    under_new_names,
)
from signpipe.settings.explained import STAGES, explained
from signpipe.settings.sources import leaves


def test_the_last_of_preset_file_and_change_wins(tmp_path):
    file = tmp_path / "settings.toml"
    file.write_text("epochs = 7\nbatch_size = 16\n[encoder]\nframes = 32\n")
    settings = resolve(PretrainSettings, "paper", file, {"batch_size": 8, "encoder.layers": 2})
    assert (settings.epochs, settings.batch_size) == (7, 8)
    assert (settings.encoder.frames, settings.encoder.layers) == (32, 2)
    assert settings.encoder.part_channels == 512


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"epoch": 3}, "no setting epoch; did you mean epochs?"),
        ({"encoder.frame": 3}, "no setting encoder.frame; did you mean encoder.frames?"),
        ({"frames": 3}, "no setting frames; did you mean encoder.frames?"),
        ({"least_steps": 3}, "did you mean min_steps_per_epoch?"),
        ({"xyzzy": 3}, "no setting xyzzy; `signpipe settings` lists"),
        ({"epochs": 0}, "epochs: .*greater than or equal to 1.*0"),
        ({"augmentation": "wild"}, "augmentation: .*wild"),
        ({"encoder.heads": 7}, "multiple of heads"),
        ({"encoder.joint_channels": [0, 4, 4]}, r"joint_channels\.0: .*greater than 0"),
        ({"queue": 32}, "queue must be at least batch_size"),
        ({"contrast": []}, "contrast must name"),
        ({"streams": "hands"}, "streams: .*hands"),
        ({"mild.rotate": 3}, "no setting mild.rotate; did you mean mild.*_rotation"),
        ({"mild.swap": 2}, r"mild\.swap: .*less than or equal to 1"),
    ],
)
def test_impossible_values_are_refused_by_name(changes, said):
    with pytest.raises(SignpipeError, match=said):
        resolve(PretrainSettings, changes=changes)


def test_an_unknown_setting_names_few_others():
    with pytest.raises(SignpipeError) as refused:
        resolve(EvaluateSettings, changes={"finetune.batch": 3})
    assert "did you mean finetune.batch_size?" in str(refused.value)
    with pytest.raises(SignpipeError) as refused:
        resolve(PretrainSettings, changes={"weight": 3})
    assert len(str(refused.value)) < 160


@pytest.mark.parametrize("stage", STAGES)
def test_every_setting_has_a_description_and_a_range(stage):
    for setting in explained(stage):
        assert len(setting.description) > 5, setting.name
        assert not setting.description.endswith("."), setting.name
        bounded = ("at least", "at most", "above", "below", "one of", "true or false", "any text")
        assert any(word in setting.range for word in bounded), setting.name


def test_explained_settings_are_those_in_force(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("epochs = 7\nbatch_size = 16\n[encoder]\nframes = 32\n")
    changes = {"batch_size": 8, "mild.swap": 0}
    found = {s.name: s for s in explained("pretrain", "paper", file, changes)}
    made = resolve(PretrainSettings, "paper", file, changes)
    assert {name: s.value for name, s in found.items()} == dict(
        leaves(made.model_dump(mode="json"))
    )
    sources = {name: s.source for name, s in found.items()}
    assert sources["epochs"] == sources["encoder.frames"] == str(file)
    assert sources["batch_size"] == sources["mild.swap"] == "command line"
    assert sources["queue"] == sources["encoder.layers"] == "preset paper"
    assert found["mild.swap"].range == "number at least 0, at most 1"
    assert found["precision"].range == "one of auto, fp32, bf16"
    assert {s.source for s in explained("extract")} == {"default"}


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


# The publication's table: setting, `paper`, `release`.
PUBLISHED = [
    ("contrast", ("hand", "trunk"), ("fused", "hand", "trunk")),
    ("consistency", "feature", "queue"),
    ("contrast_weight", 0.5, 1.0),
    ("consistency_weight", 0.5, 1.0),
    ("transfer_weight", 1.0, 1.0),
    ("key_momentum", 0.99, 0.999),
    ("augmentation", "paper", "release"),
    ("epochs", 150, 150),
    ("schedule", "steps", "steps"),
    ("lr_milestones", (50 / 150, 100 / 150), (100 / 150,)),
    ("encoder.motion", "backward", "forward"),
]
# What both have in common.
SHARED = {
    "streams": "both",
    "encoder.frames": 64,
    "encoder.joint_channels": (128, 128, 256),
    "encoder.part_channels": 512,
    "encoder.temporal_blocks": 2,
    "encoder.layers": 3,
    "encoder.heads": 8,
    "encoder.dropout": 0.1,
    "encoder.hand_feedforward": 1536,
    "encoder.trunk_feedforward": 1024,
    "encoder.embedding": 128,
    "crop": 0.1,
    "crop_frames": 32,
    "temperature": 0.07,
    "teacher_temperature": 0.05,
    "student_temperature": 0.1,
    "transfer_nearest": 8192,
    "queue": 16384,
    "batch_size": 64,
    "positives": 0,
    "optimizer": "sgd",
    "learning_rate": 0.01,
    "momentum": 0.9,
    "weight_decay": 1e-4,
    "max_grad_norm": 0,
    "min_steps_per_epoch": 1,
}
FINE_TUNED = {
    "classifier": "sum",
    "unlabelled": 0.0,
    "optimizer": "sgd",
    "augmentation": "none",
    "crop": 0.5,
    "crop_frames": 64,
    "learning_rate": 0.01,
    "batch_size": 64,
    "encoder_lr_scale": 1,
    "label_smoothing": 0,
    "balance": 0,
}


def value(settings, name):
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def test_the_published_numbers_of_pretraining():
    paper, release = (resolve(PretrainSettings, preset) for preset in ("paper", "release"))
    for name, in_paper, in_release in PUBLISHED:
        assert value(paper, name) == in_paper, name
        assert value(release, name) == in_release, name
    for name, both in SHARED.items():
        assert value(paper, name) == value(release, name) == both, name
    assert release.consistency_nearest == 1024


def test_the_published_numbers_of_fine_tuning_and_of_the_keypoints():
    paper, release = (resolve(FinetuneSettings, preset) for preset in ("paper", "release"))
    for name, both in FINE_TUNED.items():
        assert value(paper, name) == value(release, name) == both, name
    assert (paper.epochs, release.epochs) == (60, 80)
    assert release.lr_milestones == (50 / 80, 70 / 80)
    for preset in ("paper", "release"):
        prepared = resolve(PrepareSettings, preset)
        assert (prepared.hand_box, prepared.trunk) == (2.2, "image")


def test_the_mirrored_left_hand_of_files_written_before_is_no_setting_any_more():
    assert PrepareSettings.model_validate({"mirror_left_hand": True}) == PrepareSettings()
    assert under_new_names({"mirror_left_hand": True, "batch": 8}) == {"batch_size": 8}
    with pytest.raises(SignpipeError, match=r"mirror_left_hand=false is no longer possible"):
        resolve(PrepareSettings, changes={"mirror_left_hand": False})


@pytest.mark.parametrize(
    ("streams", "names"),
    [("joint", ("joint",)), ("motion", ("motion",)), ("both", ("joint", "motion"))],
)
def test_streams_are_one_or_both(streams, names):
    for model in (PretrainSettings, FinetuneSettings):
        assert resolve(model, changes={"streams": streams}).stream_names == names


def test_settings_as_options_are_read_back():
    changes = {"epochs": 3, "encoder.joint_channels": (8, 8, 16), "streams": "joint"}
    settings = resolve(PretrainSettings, changes=changes)
    options = as_options(settings, PretrainSettings())
    assert set(options[::2]) == {"--set"}
    assert resolve(PretrainSettings, changes=parse_changes(options[1::2])) == settings
    assert as_options(settings, settings) == []
