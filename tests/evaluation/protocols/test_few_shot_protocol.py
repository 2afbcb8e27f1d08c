from dataclasses import replace

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.schema import read_metrics
from signpipe.evaluation.staleness import stale


def test_per_signer_and_averaged_with_references(pretrained, brief):
    settings = brief(shots=[1, 2], head=True)
    result = evaluate.run(pretrained, settings, protocol="few-shot", split="train")
    metrics = read_metrics(result.folder / "metrics.json")
    kinds = [
        ("pretrained", "nearest mean"),
        ("pretrained", "linear head"),
        ("random", "nearest mean"),
        ("strong keypoints", "nearest mean"),
        ("keypoints", "nearest mean"),
    ]
    found = [(c.of["features"], c.of["classifier"], c.of["shots"]) for c in metrics.summary]
    assert found == [(*kind, shots) for kind in kinds for shots in (1, 2)]
    assert len(metrics.cells) == 3 * len(metrics.summary)  # three signers
    for total in metrics.summary:
        own = [c for c in metrics.cells if {**c.of, "signer": ""} == {**total.of, "signer": ""}]
        assert total.cells == len(own) == 3
        top1 = [cell.streams["both"].top1 for cell in own]
        assert total.streams["both"].top1 == pytest.approx(np.mean(top1))
        low, high = total.streams["both"].intervals["top1"]
        assert min(top1) <= low <= high <= max(top1)
        assert own[0].clips == 12 - 3 * total.of["shots"]
    first = metrics.summary[0]
    assert metrics.streams == first.streams
    assert first.streams["joint"].top1 > 0.6  # of three signs
    assert metrics.joint_weight == metrics.chosen["joint_weight"]["pretrained"]
    assert not (result.folder / "predictions.csv").exists()
    assert evaluate.run(pretrained, settings, protocol="few-shot", split="train").already


def test_over_the_whole_split(pretrained, brief):
    settings = brief(shots=[1], within="split")
    metrics = evaluate.run(pretrained, settings, protocol="few-shot", split="train").metrics
    assert [cell["clips"] for cell in metrics["cells"]] == [33, 33, 33, 33]
    assert {cell["of"]["signer"] for cell in metrics["cells"]} == {""}
    assert metrics["bootstrap"] is None


def test_too_few_clips(pretrained, brief):
    with pytest.raises(SignpipeError, match="more than 4 clips"):
        evaluate.run(pretrained, brief(shots=[4, 9]), protocol="few-shot")


def test_clips_of_one_split_without_train_are_enough(pretrained, brief):
    clips = [replace(c, split="personal") for c in read_clips(pretrained.clips).values()]
    write_clips(pretrained.clips, clips)
    settings = brief(shots=[1])
    result = evaluate.run(pretrained, settings, protocol="few-shot", split="personal")
    assert result.metrics["clips"] == 60
    assert {cell["clips"] for cell in result.metrics["cells"]} == {9}
    assert stale(pretrained, result.folder) == ""
    with pytest.raises(SignpipeError, match="no labelled clip has the split 'val'; there are pers"):
        evaluate.run(pretrained, settings, protocol="few-shot")
