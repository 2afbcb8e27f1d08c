"""The protocols linear and knn, which name every clip by what a frozen encoder says of it."""

import csv

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.knn_probe import nearest, votes
from signpipe.evaluation.protocols.common import Request
from signpipe.evaluation.protocols.frozen import Sides, find, members
from signpipe.evaluation.schema import read_metrics
from signpipe.parts import prepare
from signpipe.settings import PrepareSettings


@pytest.mark.parametrize("protocol", ["linear", "knn"])
def test_straight_from_a_pretraining_run(pretrained, brief, protocol):
    result = evaluate.run(pretrained, brief(), protocol=protocol, split="test")
    assert result.folder.name == f"default-{protocol}-test"
    metrics = read_metrics(result.folder / "metrics.json")
    assert (metrics.protocol, metrics.stage, metrics.run) == (protocol, "pretrain", "default")
    assert (metrics.clips, len(metrics.signers), metrics.signs) == (12, 1, 3)
    assert metrics.clips_seen_in_pretraining == 0
    assert metrics.bootstrap is not None
    assert "one signer only" in metrics.bootstrap.note
    assert set(metrics.streams) == {"joint", "motion", "both"}
    assert metrics.streams["joint"].top1 > 0.6  # of three signs
    rows = list(csv.DictReader((result.folder / "predictions.csv").read_text().splitlines()))
    for stream, figures in metrics.streams.items():
        right = [row[stream] == row["label"] for row in rows]
        assert figures.top1 == pytest.approx(np.mean(right))
        low, high = figures.intervals["top1"]
        assert low <= figures.top1 <= high
    assert not metrics.calibration  # of 12 clips
    assert evaluate.run(pretrained, brief(), protocol=protocol, split="test").already


def test_k_is_chosen_on_val_alone(pretrained, brief):
    settings = brief(neighbours=[1, 36])
    chosen = evaluate.run(pretrained, settings, protocol="knn", split="test").metrics["chosen"]
    frozen = find(pretrained, Request())
    clips = members(pretrained, frozen.parts, "val")
    sides = Sides.of(frozen, clips)
    joint = {"joint": sides.asked["joint"][:12]}
    (found,) = nearest({"joint": sides.train["joint"]}, joint, [{"joint": 1.0}], 36)
    merits = {
        k: (share.argmax(axis=1) == sides.val_labels).mean()
        for k, share in votes(found, sides.train_labels, 3, (1, 36))
    }
    assert merits[chosen["neighbours"]["joint"]] == max(merits.values())


def test_changed_settings_or_labels_score_again(pretrained, brief):
    evaluate.run(pretrained, brief(), protocol="knn")
    assert not evaluate.run(pretrained, brief(neighbours=[2]), protocol="knn").already
    rows = [
        type(c)(**{**vars(c), "label": c.label.replace("tree", "wood")})
        for c in read_clips(pretrained.clips).values()
    ]
    write_clips(pretrained.clips, rows)
    assert not evaluate.run(pretrained, brief(neighbours=[2]), protocol="knn").already


def test_what_cannot_be_scored_is_said(pretrained, brief, signs_workspace):
    with pytest.raises(SignpipeError, match="learns from train"):
        evaluate.run(pretrained, brief(), protocol="knn", split="train")
    with pytest.raises(SignpipeError, match="there are test, train, val"):
        evaluate.run(pretrained, brief(), protocol="linear", split="holdout")
    with pytest.raises(SignpipeError, match="there is no protocol 'best'"):
        evaluate.run(pretrained, brief(), protocol="best")


@pytest.mark.parametrize("protocol", ["linear", "knn"])
def test_without_an_encoder_it_is_the_shipped_one(signs_workspace, brief, protocol, capsys):
    result = evaluate.run(signs_workspace, brief(), protocol=protocol, split="test")
    assert "using the one that comes with signpipe" in capsys.readouterr().err
    assert result.folder.name == f"shipped-{protocol}-test"
    metrics = read_metrics(result.folder / "metrics.json")
    assert (metrics.stage, metrics.run) == (None, "shipped")
    assert metrics.clips_seen_in_pretraining is None
    assert metrics.streams["both"].top1 > 0.6  # of three signs
    named = evaluate.run(
        signs_workspace, brief(), protocol=protocol, split="test", encoder="shipped"
    )
    assert named.already


def test_where_the_shipped_one_does_not_fit_it_is_said(signs_workspace, brief):
    prepare.run(signs_workspace, PrepareSettings(trunk="image"))
    with pytest.raises(SignpipeError, match="prepared otherwise"):
        evaluate.run(signs_workspace, brief(), protocol="knn")
