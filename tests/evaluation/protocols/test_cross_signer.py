import csv
from dataclasses import replace

import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.commands.evaluate import show
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.protocols import cells
from signpipe.evaluation.schema import read_metrics
from signpipe.training.pseudo_labels import NeighbourGraph


def test_every_signer_is_named_by_the_others(signs_workspace, brief, monkeypatch):
    seen = []
    learn = cells.learn

    def watched(job, *rest):
        seen.append({split: {c.signer for c in job.clips if c.split == split} for split in SPLITS})
        return learn(job, *rest)

    monkeypatch.setattr(cells, "learn", watched)
    settings = brief(folds=0)
    result = evaluate.run(signs_workspace, settings, protocol="cross-signer", from_scratch=True)
    metrics = read_metrics(result.folder / "metrics.json")
    assert metrics.split == "train+val"
    assert (metrics.clips, len(metrics.signers)) == (48, 4)  # the signer of test stays out
    assert len(seen) == len(metrics.cells) == 4
    for fold, cell in zip(seen, metrics.cells, strict=True):
        held_out = {cell.of["signers"]}
        assert fold["train"] | fold["val"] | held_out == set(metrics.signers)
        assert not held_out & (fold["train"] | fold["val"])
        assert not fold["train"] & fold["val"]
    rows = list(csv.DictReader((result.folder / "predictions.csv").read_text().splitlines()))
    assert len({row["clip_id"] for row in rows}) == 48
    right = sum(row["both"] == row["label"] for row in rows)
    assert metrics.streams["both"].top1 == pytest.approx(right / 48)
    assert len(metrics.by_signer) == 4
    folds = {cell.of["signers"]: cell for cell in metrics.cells}  # of one signer each
    for alone in metrics.by_signer:
        cell = folds[alone.of["signer"]]
        assert cell.clips == alone.clips
        for stream, figures in alone.streams.items():
            assert figures.top1 == pytest.approx(cell.streams[stream].top1)
            assert figures.mean_class == pytest.approx(cell.streams[stream].mean_class)
    assert metrics.bootstrap is not None
    assert metrics.bootstrap.over == "signers"


SPLITS = ("train", "val")


def test_it_says_plainly_that_the_encoder_has_seen_the_signers(pretrained, brief, capsys):
    result = evaluate.run(pretrained, brief(folds=2), protocol="cross-signer")
    metrics = result.metrics
    seen = metrics["signers_seen_in_pretraining"]
    assert len(seen) == 3 and set(seen) < set(metrics["signers"])
    assert "pretrained on clips of 3 of these 4 signers" in metrics["headline"]
    show(result)
    assert "not signer-independent" in capsys.readouterr().out


def test_groups_of_signers_and_test_when_asked_for(signs_workspace, brief):
    settings = brief(folds=2)
    result = evaluate.run(
        signs_workspace, settings, protocol="cross-signer", split="test", from_scratch=True
    )
    metrics = result.metrics
    assert metrics["split"] == "train+val+test"
    groups = [cell["of"]["signers"].split(", ") for cell in metrics["cells"]]
    assert sorted(len(group) for group in groups) == [2, 3]
    assert sorted(signer for group in groups for signer in group) == metrics["signers"]


def test_unknown_signers(signs_workspace, brief):
    clips = read_clips(signs_workspace.clips).values()
    write_clips(signs_workspace.clips, [type(c)(**{**vars(c), "signer": ""}) for c in clips])
    with pytest.raises(SignpipeError, match="needs every labelled clip's signer"):
        evaluate.run(signs_workspace, brief(), protocol="cross-signer", from_scratch=True)


def test_unlabelled_clips_of_whom_is_asked_are_not_learned_from(pretrained, brief, monkeypatch):
    rows = list(read_clips(pretrained.clips).values())
    clips = [replace(c, label="", split="unlabelled") if c.clip_id[-1] in "23" else c for c in rows]
    clips = [replace(c, split="train") if c.label else c for c in clips]
    clips = [replace(c, signer="") if c.clip_id == "s0/tree/3" else c for c in clips]
    write_clips(pretrained.clips, clips)
    signer = {clip.clip_id: clip.signer for clip in clips}
    seen = []
    of = NeighbourGraph.of

    def watched(encoder, parts, near, streams):
        seen.append({signer[clip.clip_id] for clip in near})
        return of(encoder, parts, near, streams)

    monkeypatch.setattr(NeighbourGraph, "of", watched)
    settings = brief(folds=0)
    result = evaluate.run(pretrained, settings, protocol="cross-signer", split="train")
    assert len(seen) == len(result.metrics["cells"]) == 5
    for near, cell in zip(seen, result.metrics["cells"], strict=True):
        assert "" not in near and cell["of"]["signers"] not in near
        assert len(near) == 3  # of five one is held out, one chooses
