import json
from dataclasses import replace

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.cliptable import Clip, read_clips, write_clips
from signpipe.evaluation import evaluate
from signpipe.evaluation.predictions import read_predictions
from signpipe.evaluation.protocols.cross_validation import BY_CLIP, BY_SIGNER, folded
from signpipe.evaluation.staleness import stale
from signpipe.settings import FinetuneSettings, resolve
from signpipe.training import finetune


def clips(**counts):
    return [Clip(f"{sign}{n}", label=sign) for sign, count in counts.items() for n in range(count)]


def test_every_clip_of_a_sign_with_several_is_left_out_once():
    folds, how = folded(clips(a=2, b=1, c=3, d=7), 5)
    assert how == BY_CLIP
    assert len(folds) == 5
    left_out = sorted(clip.clip_id for held_out, _ in folds for clip in held_out)
    assert left_out == sorted(clip.clip_id for clip in clips(a=2, c=3, d=7))
    for held_out, others in folds:
        assert {clip.split for clip in others} == {"train"}
        assert len(others) + len(held_out) == 13
        assert {clip.label for clip in others} == set("abcd")
        assert not {clip.clip_id for clip in held_out} & {clip.clip_id for clip in others}


def test_signers_are_left_out_whole_where_others_make_their_signs():
    of = [replace(clip, signer=clip.clip_id[-1]) for clip in clips(a=2, b=2, c=1)]
    folds, how = folded(of, 5)
    assert how == BY_SIGNER
    for held_out, others in folds:
        assert not {clip.signer for clip in held_out} & {clip.signer for clip in others}
    assert sorted(c.clip_id for held_out, _ in folds for c in held_out) == ["a0", "a1", "b0", "b1"]
    alone = [replace(clip, signer=clip.label) for clip in clips(a=2, b=2, c=1)]
    assert folded(alone, 5)[1] == BY_CLIP
    assert folded(clips(a=1, b=1, c=1), 5)[0] == []
    assert folded(clips(a=2), 5)[0] == []


@pytest.fixture
def few(signs_workspace, small):
    """`few(count, signer)`: the workspace with so many clips a sign, fine-tuned from scratch."""

    def make(count, signer=""):
        rows = read_clips(signs_workspace.clips).values()
        kept = [c for c in rows if c.clip_id[:2] == "s0" and int(c.clip_id[-1]) < count]
        table = [replace(c, signer=signer and f"{signer}{c.clip_id[-1]}") for c in kept]
        write_clips(signs_workspace.clips, table)
        settings = resolve(FinetuneSettings, changes={**small, "epochs": 2})
        finetune.run(signs_workspace, settings, from_scratch=True)
        return signs_workspace

    return make


@pytest.mark.parametrize("signer", ["", "p"])
def test_two_clips_a_sign_are_left_out_in_turn(few, signer):
    workspace = few(2, signer)
    result = evaluate.run(workspace, split="test")
    metrics = result.metrics
    assert metrics["protocol"] == "cross-validation"
    assert (metrics["clips"], metrics["signs_scored"], metrics["signs"]) == (6, 3, 3)
    assert [cell["trained_on"] for cell in metrics["cells"]] == [3, 3]
    named = read_predictions(result.folder / "predictions.csv", ["both"], 6)
    right = sum(clip.predicted["both"] == clip.label for clip in named)
    assert metrics["streams"]["both"]["top1"] == pytest.approx(right / 6)
    low, high = metrics["streams"]["both"]["intervals"]["top1"]
    assert high - low > 0.3
    assert evaluate.run(workspace, split="test").already
    assert stale(workspace, result.folder) == ""
    said = CliRunner().invoke(app, ["evaluate", "--split", "test", "-w", str(workspace.root)])
    assert said.exit_code == 0, said.output
    assert "left out in turn" in said.output
    rows = list(read_clips(workspace.clips).values())
    write_clips(workspace.clips, [replace(rows[0], label="other"), *rows[1:]])
    assert stale(workspace, result.folder)


def test_of_one_clip_a_sign_nothing_is_known_and_that_is_said(few):
    workspace = few(1)
    result = evaluate.run(workspace, split="test")
    assert result.metrics == {}
    assert "how often it is right cannot be known: 3 clips of 3 signs" in result.unknown
    words = ["evaluate", "--split", "test", "-w", str(workspace.root)]
    said = CliRunner().invoke(app, words)
    assert (said.exit_code, said.stdout.strip()) == (0, result.unknown)
    assert "left out in turn" not in said.stderr
    told = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)
    assert told == {"unknown": result.unknown}
    assert not list(workspace.root.glob("evaluate/*/metrics.json"))
