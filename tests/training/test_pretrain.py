import csv
import json
import signal
import subprocess
import sys
import time
from dataclasses import replace

import pytest
from safetensors.torch import load_file

import signpipe
from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.model.backbone import read_backbone_card
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.parts.store import open_parts
from signpipe.settings import PretrainSettings, resolve
from signpipe.splits import split_clips
from signpipe.training import finetune, pretrain, training_runs
from signpipe.workspace import read_record, sha256_of_file


@pytest.fixture
def settings(small):
    return resolve(PretrainSettings, changes={**small, "epochs": 2, "queue": 24})


def test_a_run_leaves_an_encoder_that_describes_itself(signs_workspace, settings):
    result = pretrain.run(signs_workspace, settings)
    assert not result.already
    card = read_backbone_card(result.encoder)
    assert card.encoder == settings.encoder
    assert card.trained["clips"] == result.clips
    assert card.trained["splits"] == {"none": result.clips}
    assert (card.trained["frames"], card.trained["signers"]) == (20 * result.clips, 3)
    assert (card.streams, card.signpipe) == ("both", signpipe.__version__)
    weights = load_file(result.encoder)
    assert {name.split(".")[0] for name in weights} == {"joint", "motion"}
    assert not any("heads" in name.split(".")[1] for name in weights)
    rows = (result.folder / "metrics.csv").read_text().splitlines()
    steps = result.clips // 12
    assert len(rows) == 1 + 2 * (steps + 1)
    columns = rows[0].split(",")
    wanted = {"loss", "contrast", "consistency", "transfer", "top1_joint", "clips_per_second"}
    assert wanted <= set(columns)


def test_again_does_nothing_and_other_settings_are_refused(signs_workspace, settings):
    pretrain.run(signs_workspace, settings)
    before = (signs_workspace.root / "pretrain/default/encoder.safetensors").stat().st_mtime_ns
    assert pretrain.run(signs_workspace, settings).already
    longer = settings.model_copy(update={"epochs": 3})
    with pytest.raises(SignpipeError, match=r"epochs was 2, is 3; use --redo .*--run NAME"):
        pretrain.run(signs_workspace, longer)
    after = (signs_workspace.root / "pretrain/default/encoder.safetensors").stat().st_mtime_ns
    assert before == after
    assert not pretrain.run(signs_workspace, longer, run="longer").already
    assert not pretrain.run(signs_workspace, longer, redo=True).already


def test_the_same_seed_gives_the_same_weights_and_another_others(signs_workspace, settings):
    one = load_file(pretrain.run(signs_workspace, settings).encoder)
    same = load_file(pretrain.run(signs_workspace, settings, run="same").encoder)
    seeded = settings.model_copy(update={"seed": 1})
    other = load_file(pretrain.run(signs_workspace, seeded, run="other").encoder)
    assert all((one[name] == same[name]).all() for name in one)
    assert not all((one[name] == other[name]).all() for name in one)


def test_signers_that_finetuning_will_hold_out_are_not_seen(signs_workspace, settings):
    result = pretrain.run(signs_workspace, settings)
    clips = list(read_clips(signs_workspace.clips).values())
    of = split_clips(clips).of
    pool = training_runs.read_clip_list(result.folder / "clips.csv")
    assert set(pool) == {clip_id for clip_id, split in of.items() if split == "train"}


def test_unlabelled_clips_of_held_out_signers_are_not_seen_either(signs_workspace, settings):
    table = read_clips(signs_workspace.clips)
    rows = [
        type(c)(**{**vars(c), "label": "" if c.clip_id.endswith("/0") else c.label})
        for c in table.values()
    ]
    write_clips(signs_workspace.clips, rows)
    of = split_clips([clip for clip in rows if clip.label]).of
    trained = {clip_id.split("/")[0] for clip_id, split in of.items() if split == "train"}
    result = pretrain.run(signs_workspace, settings)
    pool = training_runs.read_clip_list(result.folder / "clips.csv")
    assert {clip_id.split("/")[0] for clip_id in pool} == trained
    assert any(clip_id.endswith("/0") for clip_id in pool)


@pytest.mark.parametrize("splits", [None, ["", "train", "unlabelled"]])
def test_clips_of_held_out_signers_are_not_seen_whatever_their_split(
    signs_workspace, settings, splits
):
    table = read_clips(signs_workspace.clips)
    rows = [
        replace(c, label="", split="unlabelled") if c.clip_id[-1] in "012" else c
        for c in table.values()
    ]
    write_clips(signs_workspace.clips, rows)
    of = split_clips([clip for clip in rows if clip.label]).of
    trained = {clip_id.split("/")[0] for clip_id, split in of.items() if split == "train"}
    assert len(trained) == 3
    folder = pretrain.run(signs_workspace, settings, splits=splits).folder
    assert {c.split("/")[0] for c in training_runs.read_clip_list(folder / "clips.csv")} == trained
    parts = open_parts(signs_workspace.parts)
    labelled = [replace(c, split=of[c.clip_id]) for c in rows if c.label]
    others = finetune.unlabelled(signs_workspace, parts, labelled)
    assert {clip.signer for clip in others} == trained and len(others) == 27


def test_a_val_that_finetuning_takes_from_train_is_not_seen(signs_workspace, settings):
    table = read_clips(signs_workspace.clips)
    rows = [
        type(c)(**{**vars(c), "split": "test" if c.signer == "s0" else "train"})
        for c in table.values()
    ]
    write_clips(signs_workspace.clips, rows)
    of = split_clips(rows).of
    assert set(of.values()) == {"train", "val", "test"}
    result = pretrain.run(signs_workspace, settings)
    pool = training_runs.read_clip_list(result.folder / "clips.csv")
    assert set(pool) == {clip_id for clip_id, split in of.items() if split == "train"}


def test_unlabelled_clips_are_learned_from_and_named_splits_obeyed(signs_workspace, settings):
    table = read_clips(signs_workspace.clips)
    splits = {"s0": "train", "s1": "unlabelled", "s2": "val", "s3": "test", "s4": "other"}
    rows = [type(clip)(**{**vars(clip), "split": splits[clip.signer]}) for clip in table.values()]
    write_clips(signs_workspace.clips, rows)
    pool = training_runs.read_clip_list(
        pretrain.run(signs_workspace, settings).folder / "clips.csv"
    )
    assert {clip_id.split("/")[0] for clip_id in pool} == {"s0", "s1"}
    chosen = pretrain.run(signs_workspace, settings, run="chosen", splits=["val", "other"])
    pool = training_runs.read_clip_list(chosen.folder / "clips.csv")
    assert {clip_id.split("/")[0] for clip_id in pool} == {"s2", "s4"}
    with pytest.raises(SignpipeError, match="of the split nowhere"):
        pretrain.run(signs_workspace, settings, run="none", splits=["nowhere"])


def test_killed_and_resumed_equals_uninterrupted(signs_workspace, small, tmp_path):
    changes = {**small, "epochs": 12, "queue": 24}
    whole = pretrain.run(signs_workspace, resolve(PretrainSettings, changes=changes), run="whole")
    file = tmp_path / "settings.toml"
    nested = [f"{name} = {json.dumps(value)}" for name, value in changes.items()]
    file.write_text("\n".join(nested) + "\n")
    command = [sys.executable, "-m", "signpipe", "pretrain", "-w", str(signs_workspace.root)]
    command += ["--run", "killed", "--settings", str(file)]
    folder = signs_workspace.root / "pretrain" / "killed"
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    deadline = time.monotonic() + 60
    while not (folder / "checkpoint.pt").exists() and time.monotonic() < deadline:
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.wait()
    assert (folder / "checkpoint.pt").exists()
    assert not (folder / "encoder.safetensors").exists()
    subprocess.run(command, check=True, capture_output=True, timeout=120)
    one, other = load_file(whole.encoder), load_file(folder / "encoder.safetensors")
    assert all((one[name] == other[name]).all() for name in one)
    assert _losses(folder) == _losses(whole.folder)


def _losses(folder):
    with open(folder / "metrics.csv", newline="") as file:
        return [(row["epoch"], row["step"], row["loss"]) for row in csv.DictReader(file)]


def test_it_goes_on_from_another_encoder(signs_workspace, settings):
    first = pretrain.run(signs_workspace, settings, run="first")
    # At a rate of next to nothing the weights stay those it began from.
    still = settings.model_copy(update={"epochs": 1, "learning_rate": 1e-12})
    result = pretrain.run(signs_workspace, still, init="first")
    one, other = load_file(first.encoder), load_file(result.encoder)
    weights = [name for name in one if not name.endswith(STATISTICS)]
    assert all((one[name] - other[name]).abs().max() < 1e-7 for name in weights)
    began_from = {
        "file": "pretrain/first/encoder.safetensors",
        "sha256": sha256_of_file(first.encoder),
    }
    record = read_record(result.folder)
    assert record["began_from"] == began_from
    assert record["inputs"]["init"] == began_from["sha256"]
    assert read_backbone_card(result.encoder).trained["began_from"] == began_from
    assert pretrain.run(signs_workspace).already  # it remembers what it began from
    copy = first.encoder.with_name("copy.safetensors")
    copy.write_bytes(first.encoder.read_bytes())
    assert pretrain.run(signs_workspace, init=str(copy)).already  # the same by another name
    pretrain.run(signs_workspace, still, run="second")
    with pytest.raises(SignpipeError, match=r"to begin from was .*first.*, is .*second.*--redo"):
        pretrain.run(signs_workspace, init="second")
    by_path = pretrain.run(signs_workspace, still, run="by_path", init=str(first.encoder))
    assert (load_file(by_path.encoder)[weights[0]] == other[weights[0]]).all()
    with pytest.raises(SignpipeError, match="'nowhere'"):
        pretrain.run(signs_workspace, still, run="more", init="nowhere")


def test_clips_that_were_added_are_learned_from_and_the_old_encoder_stays_until_then(
    signs_workspace, settings, walk, tmp_path, capsys, monkeypatch
):
    first = pretrain.run(signs_workspace, settings, splits=["", "train"])
    before = sha256_of_file(first.encoder)
    more = {f"new/{i}": walk(i, 9, 0) for i in range(2)}
    write_pack(tmp_path / "more.h5", more)
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"])
    capsys.readouterr()
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pretrain, "save_backbone", interrupt)
        pretrain.run(signs_workspace)
    assert "you added 2 clips since" in capsys.readouterr().err
    assert sha256_of_file(first.encoder) == before
    again = pretrain.run(signs_workspace)
    assert again.clips == first.clips + 2 and not again.already
    assert sha256_of_file(again.encoder) != before
    record = read_record(again.folder)
    assert record["settings"] == settings.model_dump(mode="json")
    assert record["splits"] == ["", "train"]
    assert [path.name for path in again.folder.parent.iterdir()] == ["default"]
    with pytest.raises(SignpipeError, match="splits was ,train, is unlabelled; use --redo"):
        pretrain.run(signs_workspace, splits=["unlabelled"])


def test_an_unfinished_run_begins_anew_with_the_clips_that_were_added(
    signs_workspace, settings, walk, tmp_path, capsys, monkeypatch
):
    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(pretrain, "save_backbone", interrupt)
        pretrain.run(signs_workspace, settings)
    write_pack(tmp_path / "more.h5", {"new/0": walk(0, 9, 0)})
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"])
    result = pretrain.run(signs_workspace)
    assert "you added 1 clip since" in capsys.readouterr().err
    assert "new/0" in training_runs.read_clip_list(result.folder / "clips.csv")
    assert read_record(result.folder)["settings"] == settings.model_dump(mode="json")


def interrupt(*_):
    raise KeyboardInterrupt


def test_it_goes_on_from_the_shipped_one(signs_workspace):
    brief = {"epochs": 1, "min_steps_per_epoch": 1, "batch_size": 24, "queue": 24}
    changes = {**brief, "precision": "fp32", "learning_rate": 1e-12}
    short = resolve(PretrainSettings, changes=changes)
    result = pretrain.run(signs_workspace, short, init="shipped")
    one, other = load_file(SHIPPED_FILE), load_file(result.encoder)
    weights = [name for name in one if not name.endswith(STATISTICS)]
    assert all((one[name].float() - other[name]).abs().max() < 1e-7 for name in weights)
    card = read_backbone_card(result.encoder)
    assert card.trained["began_from"]["file"] == "shipped"
    with pytest.raises(SignpipeError, match="'shipped' is the encoder that comes with signpipe"):
        pretrain.run(signs_workspace, short, run="shipped")


STATISTICS = ("running_mean", "running_var", "num_batches_tracked")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"encoder.frames": 12}, r"encoder\.frames was 8, is 12; use --set encoder\.frames=8"),
        ({"encoder.motion": "backward"}, r'motion was "forward", is "backward"; .*=forward'),
        (
            {"encoder.joint_channels": (8, 8, 8), "encoder.heads": 2},
            r"heads was 4, is 2; .*channels was .*; use --set '.*=\[8,8,16\]' --set .*heads=4",
        ),
    ],
)
def test_an_encoder_that_does_not_fit_is_refused_by_name(signs_workspace, small, changes, said):
    common = {**small, "epochs": 1, "queue": 24}
    pretrain.run(signs_workspace, resolve(PretrainSettings, changes=common), run="first")
    other = resolve(PretrainSettings, changes={**common, **changes})
    with pytest.raises(SignpipeError, match=said):
        pretrain.run(signs_workspace, other, init="first")


@pytest.mark.parametrize("stream", ["joint", "motion"])
def test_one_stream_alone(signs_workspace, settings, stream):
    alone = settings.model_copy(update={"epochs": 1, "streams": stream})
    result = pretrain.run(signs_workspace, alone)
    assert result.numbers["transfer"] == 0
    assert {name.split(".")[0] for name in load_file(result.encoder)} == {stream}
    assert read_backbone_card(result.encoder).streams == stream
    assert f"top1_{stream}" in result.numbers
    more = alone.model_copy(update={"streams": "both"})
    with pytest.raises(SignpipeError, match=f'streams was "{stream}", is "both"'):
        pretrain.run(signs_workspace, more, run="more", init="default")


def test_signers_are_numbered_and_unknown_ones_are_nobody_else():
    found = pretrain.numbered(["ben", "", "ada", "ben", ""]).tolist()
    assert found[0] == found[3] and len(set(found)) == 4
