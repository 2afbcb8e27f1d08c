import subprocess
import sys
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st
from safetensors.torch import load_file

from signpipe.cliptable import read_clips, write_clips
from signpipe.model.backbone import load_backbone
from signpipe.model.class_means import unit_rows
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.model.stream_classifiers import load_recognizer
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain, training_runs
from signpipe.training.classify import Labelled
from signpipe.training.few_labels import FewLabels, likely_signs, suited
from signpipe.workspace import sha256_of_file


@pytest.fixture
def settings(small):
    return resolve(FinetuneSettings, changes={**small, "epochs": 20, "learning_rate": 0.05})


@pytest.fixture
def one_label_each(signs_workspace, small):
    """Four signers, of one of whom a clip of each sign has a label, and one held out."""
    rows = []
    for clip in read_clips(signs_workspace.clips).values():
        shown = clip.signer == "s0" and clip.clip_id.endswith("/0")
        split = "train" if shown else "unlabelled"
        if clip.signer == "s3":
            split = "val" if clip.clip_id[-1] in "01" else "test"
        rows.append(replace(clip, split=split, label="" if split == "unlabelled" else clip.label))
    write_clips(signs_workspace.clips, rows)
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, chosen)
    return signs_workspace


def test_clips_without_labels_teach_the_classifiers_and_the_encoder_stays(
    one_label_each, settings, capsys
):
    own = {"encoder": FinetuneSettings().encoder}
    result = finetune.run(one_label_each, settings.model_copy(update=own), encoder="shipped")
    assert "the encoder stays as it is, and 45 unlabelled clips teach" in capsys.readouterr().err
    recognizer, card = load_recognizer(result.recognizer)
    assert card.trained["classifiers_alone"] and card.trained["unlabelled"] == 45
    used = training_runs.read_clip_list(result.folder / "clips.csv")
    assert Counter(used.values()) == {"train": 3, "val": 6, "test": 6, "unlabelled": 45}
    before = torch.nn.ModuleDict({m: type(e)(card.encoder) for m, e in recognizer.encoders.items()})
    load_backbone(SHIPPED_FILE, before)
    for name, value in before.state_dict().items():
        assert torch.equal(value, recognizer.encoders.state_dict()[name]), name
    assert result.validation["val_top1"] > 0.5  # of three signs


def test_with_several_processes_the_first_one_learns(one_label_each, settings, small):
    alone = finetune.run(one_label_each, settings, run="alone")
    changed = {**small, "epochs": 20, "learning_rate": 0.05}
    own = [f"--set={name}={value}" for name, value in changed.items() if "encoder." not in name]
    start = ["torch.distributed.run", "--standalone", "--nproc-per-node=2", "-m", "--", "signpipe"]
    words = ["finetune", "-w", str(one_label_each.root), "--run", "together", *own]
    done = subprocess.run(
        [sys.executable, "-m", *start, *words], capture_output=True, text=True, timeout=600
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("the encoder stays as it is") == 1
    together = one_label_each.run("finetune", "together") / "recognizer/model.safetensors"
    weights = load_file(alone.recognizer / "model.safetensors")
    for name, value in load_file(together).items():
        torch.testing.assert_close(value, weights[name], msg=name)


def test_it_is_for_few_labels_among_many_clips(one_label_each, settings):
    labels = Labelled(np.arange(6), np.array([0, 0, 0, 1, 1, 1]))
    assert suited(settings, labels, np.arange(96))
    assert not suited(settings, labels, np.arange(95))  # fifteen others for each of six
    assert not suited(settings.model_copy(update={"few_labels": 2}), labels, np.arange(96))
    never = settings.model_copy(update={"few_labels": 0})
    card = load_recognizer(finetune.run(one_label_each, never).recognizer)[1]
    assert card.trained["classifiers_alone"] is False


@pytest.mark.parametrize("streams", ["joint", "motion"])
def test_of_one_stream_by_parts_and_without_val(one_label_each, settings, streams):
    clips = read_clips(one_label_each.clips).values()
    write_clips(
        one_label_each.clips, [replace(c, split=c.split.replace("val", "held")) for c in clips]
    )
    changed = {"streams": streams, "classifier": "parts"}
    result = finetune.run(one_label_each, settings.model_copy(update=changed))
    _, card = load_recognizer(result.recognizer)
    assert card.trained["classifiers_alone"] and card.trained["selection"] == "last epoch"
    assert card.streams == streams and result.validation["epoch"] == 20


def test_killed_and_resumed_it_ends_the_same(one_label_each, settings, monkeypatch):
    whole = finetune.run(one_label_each, settings, run="whole")
    loss = FewLabels.loss

    def killed(task, epoch, step):
        if epoch == 2:
            raise KeyboardInterrupt
        return loss(task, epoch, step)

    monkeypatch.setattr(FewLabels, "loss", killed)
    with pytest.raises(KeyboardInterrupt):
        finetune.run(one_label_each, settings, run="resumed")
    monkeypatch.setattr(FewLabels, "loss", loss)
    resumed = finetune.run(one_label_each, settings, run="resumed")
    weights = [sha256_of_file(one.recognizer / "model.safetensors") for one in (whole, resumed)]
    assert weights[0] == weights[1]


def test_likely_signs_follow_the_graph_and_the_likeness():
    rng = np.random.default_rng(0)
    truth = np.repeat(np.arange(4), 30)
    rows = unit_rows((np.eye(8)[truth] + rng.normal(0, 0.1, (120, 8))).astype(np.float32))
    places = np.array([95, 5, 35, 65])
    likely = likely_signs(rows, places, truth[places], 4)
    assert (likely.argmax(axis=1) == truth).all()
    np.testing.assert_array_equal(likely[places], np.eye(4)[truth[places]])


@limits(max_examples=30, deadline=None)
@given(st.integers(2, 70), st.integers(1, 4), st.integers(0, 60), st.integers(0, 2**32 - 1))
def test_likely_signs_are_shares_whatever_the_features(signs, each, others, seed):
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(signs), each))
    count = len(labels) + others
    rows = unit_rows(rng.normal(size=(count, 5)).astype(np.float32))
    rows[rng.random(count) < 0.1] = 0  # clips of which nothing was seen
    places = rng.choice(count, len(labels), replace=False)
    likely = likely_signs(rows, places, labels, signs)
    assert likely.shape == (count, signs) and (likely >= 0).all()
    np.testing.assert_allclose(likely.sum(axis=1), 1, rtol=1e-4)
