import json
import os
import shutil
from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.commands.evaluate import show as show_evaluated
from signpipe.commands.finetune import show
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.model.backbone import read_backbone_card
from signpipe.model.calibration import reliability
from signpipe.model.rejection import fit_rejection, unknownness
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.model.stream_classifiers import final, load_recognizer
from signpipe.parts import prepare
from signpipe.parts.store import open_parts
from signpipe.recognizer import Recognizer
from signpipe.settings import FinetuneSettings, PrepareSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain, training_runs
from signpipe.training.classify import FinetuneData, Finetuning, Labelled
from signpipe.training.pseudo_labels import PseudoLabels
from signpipe.training.scoring import score
from signpipe.workspace import sha256_of_file


@pytest.fixture
def settings(small):
    return resolve(FinetuneSettings, changes={**small, "epochs": 30, "learning_rate": 0.05})


@pytest.fixture
def pretrained(signs_workspace, small):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    return pretrain.run(signs_workspace, chosen).encoder


def test_from_scratch_it_learns_made_up_signs_by_signers_it_has_not_seen(signs_workspace, settings):
    result = finetune.run(signs_workspace, settings, from_scratch=True)
    assert result.split == "by signer"
    assert result.counts == {"train": 36, "test": 12, "val": 12}
    assert result.validation["val_top1"] > 0.8
    _, card = load_recognizer(result.recognizer)
    assert card.signs == ("drink", "house", "tree")
    assert card.trained["pretrained"] is False
    assert card.trained["epoch"] == result.validation["epoch"]
    assert result.folder.name == "scratch"
    record = json.loads((result.folder / "settings.json").read_text())
    assert record["inputs"]["encoder"] is None


def test_it_says_when_it_answers_none_of_these(signs_workspace, settings, walk, capsys):
    # Val has 12 clips, too few; of three signers there are 36.
    few = finetune.run(signs_workspace, settings, from_scratch=True)
    rejection = few.rejection
    assert rejection == load_recognizer(few.recognizer)[1].rejection
    assert rejection.threshold is None and rejection.temperature != 1
    show(few, signs_workspace.root)
    said = capsys.readouterr().out
    assert "it always names a sign: only 1" in said
    assert "clips that it names rightly (val, 1 signer), too few" in said

    split = dict.fromkeys(("s0", "s1", "s2"), "val")
    clips = read_clips(signs_workspace.clips).values()
    clips = [replace(clip, split=split.get(clip.signer, "train")) for clip in clips]
    write_clips(signs_workspace.clips, clips)
    result = finetune.run(signs_workspace, settings, from_scratch=True, run="more")
    recognizer, card = load_recognizer(result.recognizer)
    parts, val = open_parts(signs_workspace.parts), [c for c in clips if c.split == "val"]
    labelled = Labelled.of(val, parts, list(card.signs))
    logits = final(score(recognizer, parts, labelled.rows, 8), card.joint_weight)
    rejection = card.rejection
    assert rejection == fit_rejection(logits, labelled.labels, "val, 3 signers")
    assert rejection.threshold is not None and rejection.kept >= 0.95
    assert rejection.known == (logits.argmax(axis=1) == labelled.labels).sum() > 19
    show(result, signs_workspace.root)
    assert f"of {rejection.known} clips that it names rightly" in capsys.readouterr().out
    loaded = Recognizer.load(result.recognizer)
    assert [loaded.decide(walk(0, signer, 0)).answer for signer in (5, 6, 7)] == ["drink"] * 3
    others = [walk(3, signer, 0) for signer in (5, 6, 7)]  # of a sign that it has not learned
    assert {loaded.decide(other).answer for other in others} == {"none of these"}
    assert {loaded.decide(other, always=True).answer for other in others} <= set(card.signs)
    scored = evaluate.run(signs_workspace, run="more")
    show_evaluated(scored)
    assert 'answered with "none of these":' in capsys.readouterr().out
    evaluated = scored.metrics
    unknown = unknownness(logits, rejection.score, rejection.temperature)
    assert evaluated["rejected"] == pytest.approx(rejection.rejects(unknown).mean())
    right = (logits.argmax(axis=1) == labelled.labels).mean()
    assert evaluated["streams"]["both"]["top1"] == pytest.approx(right)  # nothing is rejected here
    calibrated = reliability(logits / rejection.temperature, labelled.labels)
    error = evaluated["calibration"]["both"]["expected_error"]
    assert error == pytest.approx(calibrated.expected_error, abs=1e-4)


def test_the_pretrained_encoder_brings_its_size_and_is_recorded(
    signs_workspace, settings, pretrained
):
    preset = settings.model_copy(update={"epochs": 1, "encoder": FinetuneSettings().encoder})
    result = finetune.run(signs_workspace, preset)
    assert result.encoder == pretrained
    _, card = load_recognizer(result.recognizer)
    assert card.encoder == settings.encoder
    assert card.trained["pretrained"] is True
    named = finetune.run(signs_workspace, preset, encoder=str(pretrained), run="named")
    assert named.encoder == pretrained
    with pytest.raises(SignpipeError, match="nowhere"):
        finetune.run(signs_workspace, preset, encoder="nowhere", run="other")
    asked = settings.encoder.model_copy(update={"frames": 12})
    with pytest.raises(SignpipeError, match=r"encoder\.frames was 8, is 12; leave .*from-scratch"):
        finetune.run(signs_workspace, preset.model_copy(update={"encoder": asked}), run="asked")


def test_a_workspace_without_an_encoder_begins_from_the_shipped_one(signs_workspace, capsys):
    brief = {"epochs": 1, "min_steps_per_epoch": 1, "batch_size": 12, "precision": "fp32"}
    short = resolve(FinetuneSettings, changes=brief)
    result = finetune.run(signs_workspace, short)
    said = capsys.readouterr().err
    assert said.count("using the one that comes with signpipe") == 1
    assert (result.encoder, result.folder.name) == (SHIPPED_FILE, "default")
    record = json.loads((result.folder / "settings.json").read_text())
    assert record["began_from"] == {"file": "shipped", "sha256": sha256_of_file(SHIPPED_FILE)}
    assert load_recognizer(result.recognizer)[1].trained["pretrained"] is True
    assert finetune.run(signs_workspace, short).already
    named = finetune.run(signs_workspace, short, encoder="shipped", run="named")
    weights = [sha256_of_file(one.recognizer / "model.safetensors") for one in (result, named)]
    assert weights[0] == weights[1]
    scratch = finetune.run(signs_workspace, short, from_scratch=True)
    assert scratch.encoder is None and scratch.folder.name == "scratch"


def test_where_the_shipped_one_does_not_fit_it_learns_from_scratch(
    signs_workspace, settings, capsys
):
    short = settings.model_copy(update={"epochs": 1})
    result = finetune.run(signs_workspace, short)  # of another size
    assert (result.encoder, result.folder.name) == (None, "default")
    assert "does not fit (encoder.frames was 16, is 8" in capsys.readouterr().err
    assert load_recognizer(result.recognizer)[1].encoder == settings.encoder


def test_again_does_nothing_and_with_changed_labels_it_learns_again(
    signs_workspace, settings, capsys
):
    short = settings.model_copy(update={"epochs": 1})
    finetune.run(signs_workspace, short, from_scratch=True)
    assert finetune.run(signs_workspace, short, from_scratch=True).already
    clips = read_clips(signs_workspace.clips)
    rows = [
        type(clip)(**{**vars(clip), "label": clip.label.replace("tree", "forest")})
        for clip in clips.values()
    ]
    write_clips(signs_workspace.clips, rows)
    capsys.readouterr()
    again = finetune.run(signs_workspace, short, from_scratch=True)
    assert "labels, signers or splits were changed since" in capsys.readouterr().err
    assert load_recognizer(again.recognizer)[1].signs == ("drink", "forest", "house")
    assert finetune.run(signs_workspace, short, from_scratch=True).already


def test_what_is_not_said_is_as_the_run_was_begun(signs_workspace, settings, pretrained, capsys):
    short = settings.model_copy(update={"epochs": 1})
    first = finetune.run(signs_workspace, short, encoder=str(pretrained))
    newer = signs_workspace.run("pretrain", "newer")
    shutil.copytree(pretrained.parent, newer)
    os.utime(newer / "settings.json", (2e9, 2e9))
    again = finetune.run(signs_workspace)
    assert again.already and again.encoder == first.encoder
    assert "newer/encoder.safetensors is newer" in capsys.readouterr().err
    with pytest.raises(SignpipeError, match=r"to begin from was .*, is none; use --redo .*--run"):
        finetune.run(signs_workspace, run="default", from_scratch=True)
    finetune.run(signs_workspace, short, run="own", from_scratch=True)
    assert finetune.run(signs_workspace, run="own").already
    with pytest.raises(SignpipeError, match=r"to begin from was none, is .*default"):
        finetune.run(signs_workspace, short, run="own", encoder="default")


def test_a_first_encoder_is_learned_from(signs_workspace, settings, small, capsys):
    short = settings.model_copy(update={"epochs": 1, "encoder": FinetuneSettings().encoder})
    finetune.run(signs_workspace, short)
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    encoder = pretrain.run(signs_workspace, chosen).encoder
    capsys.readouterr()
    again = finetune.run(signs_workspace)
    assert again.encoder == encoder and not again.already
    assert "the encoder to begin from is another one" in capsys.readouterr().err


def test_without_val_the_joint_stream_has_more_say(signs_workspace, settings, capsys):
    clips = read_clips(signs_workspace.clips).values()
    few = settings.model_copy(update={"epochs": 1, "labels_per_sign": 1})
    clips = [clip for clip in clips if clip.clip_id.startswith("s0/") and clip.clip_id[-1] == "0"]
    write_clips(signs_workspace.clips, [replace(c, split="train", signer="") for c in clips])
    result = finetune.run(signs_workspace, few, from_scratch=True)
    assert result.counts == {"train": 3} and result.split == "as given, no val, too few clips"
    assert load_recognizer(result.recognizer)[1].joint_weight == 0.8
    assert "no clip is left to validate on" in capsys.readouterr().err
    one = few.model_copy(update={"streams": "joint"})
    alone = finetune.run(signs_workspace, one, run="alone", from_scratch=True)
    assert load_recognizer(alone.recognizer)[1].joint_weight == 0.5


def test_few_labels_leave_val_and_test_whole(signs_workspace, settings):
    few = settings.model_copy(update={"epochs": 1, "labels_per_sign": 2})
    result = finetune.run(signs_workspace, few, from_scratch=True)
    assert result.counts == {"train": 6, "test": 12, "val": 12}
    used = training_runs.read_clip_list(result.folder / "clips.csv")
    assert sum(split == "train" for split in used.values()) == 6


def test_signs_without_training_clips_are_named(signs_workspace, settings):
    clips = read_clips(signs_workspace.clips)
    rows = [
        type(clip)(**{**vars(clip), "split": "val" if clip.label == "tree" else "train"})
        for clip in clips.values()
    ]
    write_clips(signs_workspace.clips, rows)
    short = settings.model_copy(update={"epochs": 1})
    result = finetune.run(signs_workspace, short, from_scratch=True)
    assert result.dropped == ("tree",)
    assert result.signs == 2


def test_what_is_missing_is_said(signs_workspace, settings, small):
    clips = read_clips(signs_workspace.clips)
    write_clips(
        signs_workspace.clips, [type(c)(**{**vars(c), "label": ""}) for c in clips.values()]
    )
    with pytest.raises(SignpipeError, match="no usable clip has a label"):
        finetune.run(signs_workspace, settings, from_scratch=True)
    runs_folder = signs_workspace.run("pretrain", "begun")
    training_runs.begin(runs_folder, {}, {}, "encoder.safetensors", redo=False)
    with pytest.raises(SignpipeError, match="'begun' is not finished"):
        finetune.run(signs_workspace, settings)


def test_an_encoder_for_other_keypoints_is_refused(signs_workspace, settings, pretrained):
    prepare.run(signs_workspace, PrepareSettings(trunk="image"), redo=True)
    said = (
        r"encoder\.safetensors was made differently: trunk was \"shoulders\", is \"image\"; "
        r"use `signpipe prepare --redo --set trunk=shoulders`"
    )
    with pytest.raises(SignpipeError, match=said):
        finetune.run(signs_workspace, settings)


def test_an_encoder_from_another_workspace(signs_workspace, settings, pretrained, tmp_path):
    elsewhere = tmp_path / "elsewhere"
    shutil.copytree(signs_workspace.root, elsewhere)
    shutil.rmtree(signs_workspace.root / "pretrain")
    file = elsewhere / "pretrain" / "default" / "encoder.safetensors"
    short = settings.model_copy(update={"epochs": 1})
    result = finetune.run(signs_workspace, short, encoder=str(file))
    record = json.loads((result.folder / "settings.json").read_text())
    assert record["began_from"] == {"file": str(file.resolve()), "sha256": sha256_of_file(file)}
    assert record["inputs"]["encoder"] == sha256_of_file(file)


@pytest.mark.parametrize("stream", ["joint", "motion"])
def test_one_stream_alone(signs_workspace, settings, pretrained, stream):
    alone = settings.model_copy(update={"epochs": 1, "streams": stream})
    result = finetune.run(signs_workspace, alone)
    recognizer, card = load_recognizer(result.recognizer)
    assert card.streams == stream
    assert list(recognizer.encoders) == list(recognizer.classifiers) == [stream]
    assert "both" not in card.trained["selection"]
    assert {"val_top1", "val_mean_class"} <= result.validation.keys()


def test_a_stream_that_the_encoder_lacks_is_refused_by_name(signs_workspace, settings, small):
    changes = {**small, "epochs": 1, "queue": 24, "streams": "joint"}
    pretrain.run(signs_workspace, resolve(PretrainSettings, changes=changes))
    said = r'streams was "joint", is "both"; use --set streams=joint'
    with pytest.raises(SignpipeError, match=said):
        finetune.run(signs_workspace, settings)


def test_the_encoders_form_of_motion_goes_with_it(signs_workspace, settings, small):
    changes = {**small, "epochs": 1, "queue": 24, "encoder.motion": "backward"}
    encoder = pretrain.run(signs_workspace, resolve(PretrainSettings, changes=changes)).encoder
    assert read_backbone_card(encoder).encoder.motion == "backward"
    sizes = FinetuneSettings().encoder
    short = settings.model_copy(update={"epochs": 1, "encoder": sizes})
    result = finetune.run(signs_workspace, short)
    _, card = load_recognizer(result.recognizer)
    assert card.encoder.motion == "backward"


def test_the_old_recogniser_stays_until_the_new_one_is_done(signs_workspace, settings):
    short = settings.model_copy(update={"epochs": 1})
    old = finetune.run(signs_workspace, short, from_scratch=True)
    before = sha256_of_file(old.recognizer / "model.safetensors")
    longer = settings.model_copy(update={"epochs": 2})
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "save_recognizer", interrupt)
        finetune.run(signs_workspace, longer, from_scratch=True, redo=True)
    assert sha256_of_file(old.recognizer / "model.safetensors") == before
    assert signs_workspace.runs("finetune") == ["scratch"]
    new = finetune.run(signs_workspace, longer, from_scratch=True, redo=True)
    assert new.recognizer == old.recognizer
    assert sha256_of_file(old.recognizer / "model.safetensors") != before
    assert [path.name for path in old.folder.parent.iterdir()] == ["scratch"]


def interrupt(*_):
    raise KeyboardInterrupt


@pytest.fixture
def partly_labelled(signs_workspace):
    """Three signers whose label is known of one in four clips, and two who are held out."""
    clips = read_clips(signs_workspace.clips)
    rows = []
    for clip in clips.values():
        hidden = clip.signer in ("s0", "s1", "s2") and not clip.clip_id.endswith("/0")
        split = {"s3": "val", "s4": "test"}.get(clip.signer, "unlabelled" if hidden else "train")
        rows.append(replace(clip, split=split, label="" if hidden else clip.label))
    write_clips(signs_workspace.clips, rows)
    return signs_workspace


def test_clips_without_labels_are_learned_from_where_there_is_an_encoder(
    partly_labelled, settings, small
):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(partly_labelled, chosen)
    short = settings.model_copy(update={"epochs": 2, "few_labels": 0})
    result = finetune.run(partly_labelled, short)
    _, card = load_recognizer(result.recognizer)
    assert result.counts == {"train": 9, "val": 12, "test": 12}
    assert 0 < card.trained["unlabelled"] <= 27  # nothing held out is among them
    used = training_runs.read_clip_list(result.folder / "clips.csv")
    assert Counter(used.values()) == {"train": 9, "val": 12, "test": 12, "unlabelled": 27}

    without = short.model_copy(update={"unlabelled": 0.0})
    alone = finetune.run(partly_labelled, without, run="without")
    scratch = finetune.run(partly_labelled, short, from_scratch=True)
    for other in (alone, scratch):
        assert load_recognizer(other.recognizer)[1].trained["unlabelled"] == 0
        assert "unlabelled" not in training_runs.read_clip_list(other.folder / "clips.csv").values()
    assert sha256_of_file(alone.recognizer / "model.safetensors") != sha256_of_file(
        result.recognizer / "model.safetensors"
    )
    assert finetune.run(partly_labelled, short).already


def test_killed_and_resumed_the_pseudo_labels_are_the_same(
    partly_labelled, settings, small, monkeypatch
):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(partly_labelled, chosen)
    short = settings.model_copy(update={"epochs": 3, "few_labels": 0})
    whole = finetune.run(partly_labelled, short, run="whole")
    loss = Finetuning.loss

    def killed(task, epoch, step):
        if epoch == 2:
            raise KeyboardInterrupt
        return loss(task, epoch, step)

    monkeypatch.setattr(Finetuning, "loss", killed)
    with pytest.raises(KeyboardInterrupt):
        finetune.run(partly_labelled, short, run="resumed")
    monkeypatch.setattr(Finetuning, "loss", loss)
    resumed = finetune.run(partly_labelled, short, run="resumed")
    weights = [sha256_of_file(one.recognizer / "model.safetensors") for one in (whole, resumed)]
    assert weights[0] == weights[1]
    assert load_recognizer(resumed.recognizer)[1].trained["unlabelled"] > 0


def test_clips_learned_from_unlabelled_are_no_split_to_score(signs_workspace, settings, pretrained):
    few = settings.model_copy(update={"epochs": 1, "labels_per_sign": 2})
    result = finetune.run(signs_workspace, few)
    used = Counter(training_runs.read_clip_list(result.folder / "clips.csv").values())
    assert used == {"train": 6, "val": 12, "test": 12, "unlabelled": 30}
    with pytest.raises(SignpipeError, match="no labelled clip has the split 'unlabelled'"):
        evaluate.run(signs_workspace, split="unlabelled")


def test_every_stage_says_which_labelled_clips_it_leaves_out(
    signs_workspace, settings, small, capsys
):
    splits = {"s0": "val", "s1": "train", "s2": "", "s3": "personal", "s4": ""}
    clips = read_clips(signs_workspace.clips).values()
    rows = [replace(clip, split=splits[clip.signer]) for clip in clips]
    rows[0] = replace(rows[0], status="failed")  # of s0, as is the next
    rows[1] = replace(rows[1], split="")
    write_clips(signs_workspace.clips, rows)
    pretraining = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, pretraining)
    said = capsys.readouterr().err
    assert "held out from pretraining: 23 labelled clips (1 of signers held out, 12 pers" in said
    short = settings.model_copy(update={"epochs": 1, "unlabelled": 0})
    result = finetune.run(signs_workspace, short)
    assert result.counts == {"train": 36, "personal": 12, "val": 10}
    said = capsys.readouterr().err
    assert "left out: 1 labelled clip without landmarks (failed)" in said
    assert "left out: 1 labelled clip without a split, of signers held out (s0)" in said
    assert "12 labelled clips of the split personal, which `evaluate --split personal`" in said
    evaluate.run(signs_workspace, split="personal")
    said = capsys.readouterr().err
    assert "left out: 1 labelled clip without a split, not used by default" in said
    assert "left out: 1 labelled clip without landmarks" in said


def test_pseudo_labels_are_drawn_evenly_and_sure_ones_more_often(settings, signs_workspace):
    prepare.run(signs_workspace)
    parts = open_parts(signs_workspace.parts)
    train = Labelled(np.arange(4), np.array([0, 0, 0, 1]))
    pseudo = PseudoLabels(
        np.arange(10, 16), np.array([0, 0, 0, 0, 1, 1]), np.array([1, 1, 1, 1, 1, 0.5])
    )
    task = Finetuning(settings, parts, FinetuneData(train, None, 2, pseudo=pseudo))
    assert task.probability.sum() == pytest.approx(1)
    assert task.probability[4:].sum() == pytest.approx(settings.unlabelled)
    np.testing.assert_allclose(task.probability[4:], 0.5 * np.array([1, 1, 1, 1, 8 / 3, 4 / 3]) / 8)
    few = PseudoLabels(np.array([10]), np.array([1]), np.array([1.0]))
    task = Finetuning(settings, parts, FinetuneData(train, None, 2, pseudo=few))
    assert task.probability[4:].sum() == pytest.approx(1 / 5)


@pytest.fixture
def task(settings, signs_workspace):
    prepare.run(signs_workspace)
    parts = open_parts(signs_workspace.parts)
    clips = Labelled(np.arange(4), np.array([0, 0, 1, 1]))
    short = settings.model_copy(update={"epochs": 10})
    return Finetuning(short, parts, FinetuneData(clips, clips, 2))


def epochs_of(scores, learned):
    pairs = zip(scores, learned, strict=True)
    return [{"score": score, "train_top1": share} for score, share in pairs]


def test_it_stops_when_val_is_perfect_or_all_is_learned_and_val_no_better(task):
    assert not task.saturated([])
    assert not task.saturated(epochs_of([0.5, 0.9], [1, 1]))
    assert task.saturated(epochs_of([0.5, 1.0], [0.3, 0.4]))
    still = [0.5, 0.9, 0.8, 0.9, 0.8, 0.8]  # the second was best
    assert task.saturated(epochs_of(still, [0.8, 0.9, 1, 1, 1, 0.99]))
    assert not task.saturated(epochs_of(still, [0.8, 0.9, 1, 1, 1, 0.98]))
    assert not task.saturated(epochs_of(still[:-1], [0.8, 0.9, 1, 1, 1]))
    steps = {"schedule": "steps", "lr_milestones": (0.7,)}
    task.settings = task.settings.model_copy(update=steps)  # the rate is still to fall
    assert not task.saturated(epochs_of(still, [0.8, 0.9, 1, 1, 1, 1]))
    assert task.saturated(epochs_of([*still, 0.8], [0.8, 0.9, 1, 1, 1, 1, 1]))
    task.val = None
    assert not task.saturated(epochs_of(still, [1] * 6))


def test_misfits_can_be_learned_from_less_often_until_they_are_checked(
    signs_workspace, settings, capsys
):
    """s1 has two signs exchanged: the others' clips tell."""
    other = {"drink": "tree", "tree": "drink", "house": "house"}
    rows = [
        replace(
            clip,
            split="val" if clip.signer == "s4" else "train",
            label=other[clip.label] if clip.signer == "s1" else clip.label,
        )
        for clip in read_clips(signs_workspace.clips).values()
    ]
    write_clips(signs_workspace.clips, rows)
    sizes = FinetuneSettings().encoder
    short = settings.model_copy(update={"epochs": 1, "encoder": sizes, "misfit_weight": 0.2})
    finetune.run(signs_workspace, short, encoder="shipped")
    assert "8 training clips look like another sign" in capsys.readouterr().err

    checked = [replace(c, extra=(("label_checked", "x" * (c.label == "tree")),)) for c in rows]
    write_clips(signs_workspace.clips, checked)
    assert not finetune.run(signs_workspace, short).already
    assert "4 training clips look like another sign" in capsys.readouterr().err
    assert finetune.run(signs_workspace, short).already
