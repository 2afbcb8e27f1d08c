from dataclasses import replace

import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.protocols.retrieval import SEARCH, WARPING
from signpipe.evaluation.schema import read_metrics
from signpipe.evaluation.staleness import stale

KINDS = [SEARCH, "pretrained", "random", "strong keypoints", "keypoints", WARPING]


def test_signers_look_up_what_others_have_signed(pretrained, brief):
    settings = brief(examples=[1, 0], dictionaries=2)
    result = evaluate.run(pretrained, settings, protocol="retrieval", split="val")
    metrics = read_metrics(result.folder / "metrics.json")
    found = {(c.of["features"], c.of["examples"]): c for c in metrics.summary}
    assert [*found] == [(kind, examples) for kind in KINDS for examples in (1, 0)]
    one, whole = found[SEARCH, 1], found[SEARCH, 0]
    train = [*read_clips(pretrained.clips)]
    assert (one.trained_on, one.cells, whole.cells) == (3, 2, 1)
    assert found["random", 1].cells == 6  # two dictionaries, three seeds
    assert one.clips == metrics.clips == 12 and whole.trained_on < len(train)
    figures = one.streams["both"]
    assert figures.top1 > 0.5 and figures.top10 == 1  # of three signs
    assert figures.top1 <= figures.mrr <= figures.dcg <= 1
    assert metrics.streams["both"] == figures and metrics.joint_weight == 0.7
    assert "by signers who are not in it" in metrics.headline
    assert stale(pretrained, result.folder) == ""
    assert evaluate.run(pretrained, settings, protocol="retrieval", split="val").already


def test_signers_with_signs_of_their_own(pretrained, brief):
    clips = read_clips(pretrained.clips).values()
    own = [replace(c, split="personal", label=f"{c.signer} {c.label}") for c in clips]
    write_clips(pretrained.clips, own)
    settings = brief(examples=[1, 0], dictionaries=2)
    result = evaluate.run(pretrained, settings, protocol="retrieval", split="personal")
    assert "each signer's own, by the same" in result.metrics["headline"]
    cells = result.metrics["summary"]
    assert [cell["of"]["examples"] for cell in cells] == [1] * len(KINDS)  # of all none is left
    assert cells[0]["trained_on"] == 15 and cells[0]["streams"]["both"]["top1"] > 0.5
    assert stale(pretrained, result.folder) == ""
    write_clips(pretrained.clips, [replace(c, label=c.clip_id) for c in own])
    with pytest.raises(SignpipeError, match="no two signs of the split personal can be looked up"):
        evaluate.run(pretrained, settings, protocol="retrieval", split="personal")


def test_each_signers_own_dictionary(pretrained, brief):
    clips = [replace(c, split="personal") for c in read_clips(pretrained.clips).values()]
    write_clips(pretrained.clips, clips)
    settings = brief(examples=[2], dictionaries=2, whose="own")
    result = evaluate.run(pretrained, settings, protocol="retrieval", split="personal")
    metrics = read_metrics(result.folder / "metrics.json")
    cells = {(c.signer, c.label) for c in clips}
    assert metrics.summary[0].trained_on == 2 * len(cells) == 30
    assert metrics.summary[0].cells == 2 and metrics.clips == len(clips)
    assert metrics.streams["both"].top5 == 1  # of the three signs of a signer
    assert "each signer's own" in metrics.headline and stale(pretrained, result.folder) == ""


def test_more_pairs_than_can_be_warped(pretrained, brief, monkeypatch):
    monkeypatch.setattr("signpipe.evaluation.protocols.retrieval.PAIRS", 15)
    settings = brief(examples=[1], dictionaries=1)
    result = evaluate.run(pretrained, settings, protocol="retrieval", split="val")
    clips = {cell["of"]["features"]: cell["clips"] for cell in result.metrics["summary"]}
    assert clips[WARPING] == 5 and clips[SEARCH] == 12
