import numpy as np
import pytest

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.protocols import cells
from signpipe.evaluation.protocols.fractions import stratified
from signpipe.evaluation.schema import read_metrics


def test_every_sign_keeps_its_share_and_smaller_fractions_are_parts_of_larger():
    clips = [Clip(f"{sign}{i}", label=sign) for sign in "ab" for i in range(40)]
    clips += [Clip("c0", label="c")]
    small, large = (stratified(clips, fraction, seed=1) for fraction in (0.1, 0.6))
    counts = {sign: sum(c.label == sign for c in small) for sign in "abc"}
    assert counts == {"a": 4, "b": 4, "c": 1}
    assert set(small) < set(large)
    assert set(stratified(clips, 0.1, seed=2)) != set(small)
    assert set(stratified(clips, 1.0, seed=2)) == set(clips)


def test_killed_and_resumed_no_cell_is_made_twice(pretrained, brief, monkeypatch):
    settings = brief(fractions=[0.1, 1.0], seeds=[0, 1])
    learned = []
    learn = cells.learn

    def killed(workspace, chosen, parts, clips, *rest):
        if len(learned) == 3:
            raise KeyboardInterrupt
        learned.append(sum(clip.split == "train" for clip in clips))
        return learn(workspace, chosen, parts, clips, *rest)

    def run():
        return evaluate.run(pretrained, settings, protocol="fractions", from_scratch=True)

    monkeypatch.setattr(cells, "learn", killed)
    with pytest.raises(KeyboardInterrupt):
        run()
    kept = sorted((pretrained.root / "evaluate").rglob("*-[01].safetensors"))
    assert len(kept) == 3
    before = [path.stat().st_mtime_ns for path in kept]
    monkeypatch.setattr(cells, "learn", learn)
    result = run()
    assert [path.stat().st_mtime_ns for path in kept] == before
    metrics = read_metrics(result.folder / "metrics.json")
    assert [c.trained_on for c in metrics.cells] == [3] * 4 + [36] * 4
    assert learned == [3, 3, 3]
    assert [(c.of["fraction"], c.of["start"], c.cells) for c in metrics.summary] == [
        (0.1, "pretrained", 2),
        (0.1, "scratch", 2),
        (1.0, "pretrained", 2),
        (1.0, "scratch", 2),
    ]
    for number, total in enumerate(metrics.summary):
        each = [c.streams["both"].top1 for c in metrics.cells[2 * number : 2 * number + 2]]
        assert total.streams["both"].top1 == pytest.approx(np.mean(each))
        assert total.streams["both"].spread["top1"] == pytest.approx(np.std(each, ddof=1))
    assert metrics.streams == metrics.summary[2].streams
    assert metrics.scored_before == 0
    assert run().already
    with pytest.raises(SignpipeError, match="seeds was"):
        other = settings.model_copy(update={"seeds": (0, 2)})
        evaluate.run(pretrained, other, protocol="fractions", from_scratch=True)


def test_without_an_encoder_it_is_from_scratch(signs_workspace, brief):
    settings = brief(fractions=[0.5], seeds=[0])
    metrics = evaluate.run(signs_workspace, settings, protocol="fractions").metrics
    assert metrics["run"] == "scratch"
    assert metrics["stage"] is None
    assert [cell["of"]["start"] for cell in metrics["cells"]] == ["scratch"]
