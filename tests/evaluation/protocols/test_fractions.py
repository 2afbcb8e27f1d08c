import numpy as np
import pytest

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation import compare, evaluate
from signpipe.evaluation.predictions import cell_file, read_predictions
from signpipe.evaluation.protocols import cells
from signpipe.evaluation.protocols.fractions import stratified
from signpipe.evaluation.schema import read_metrics
from signpipe.settings import FinetuneSettings


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

    def killed(job, folder):
        if len(learned) == 3:
            raise KeyboardInterrupt
        learned.append(sum(clip.split == "train" for clip in job.clips))
        return learn(job, folder)

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
    assert [c.trained_on for c in metrics.cells] == [3] * 8 + [36] * 8
    assert learned == [3, 3, 3]
    starts = ("pretrained", "pretrained-labelled-only", "scratch", "scratch-long")
    assert [(c.of["fraction"], c.of["start"], c.cells) for c in metrics.summary] == [
        (fraction, start, 2) for fraction in (0.1, 1.0) for start in starts
    ]
    for number, total in enumerate(metrics.summary):
        each = [c.streams["both"].top1 for c in metrics.cells[2 * number : 2 * number + 2]]
        assert total.streams["both"].top1 == pytest.approx(np.mean(each))
        assert total.streams["both"].spread["top1"] == pytest.approx(np.std(each, ddof=1))
    assert metrics.streams == metrics.summary[4].streams
    assert metrics.scored_before == 0
    assert run().already
    with pytest.raises(SignpipeError, match="seeds was"):
        other = settings.model_copy(update={"seeds": (0, 2)})
        evaluate.run(pretrained, other, protocol="fractions", from_scratch=True)


def test_without_an_encoder_it_begins_from_the_shipped_one(signs_workspace, brief):
    usual = FinetuneSettings().encoder
    settings = brief(fractions=[0.1], seeds=[0], **{"finetune.encoder": usual.model_dump()})
    metrics = evaluate.run(signs_workspace, settings, protocol="fractions").metrics
    assert metrics["run"] == "shipped"
    starts = [cell["of"]["start"] for cell in metrics["cells"]]
    assert "pretrained" in starts and "scratch" not in starts


def test_where_that_does_not_fit_it_is_from_scratch(signs_workspace, brief):
    settings = brief(fractions=[0.5], seeds=[0])
    metrics = evaluate.run(signs_workspace, settings, protocol="fractions").metrics
    assert metrics["run"] == "scratch"
    assert metrics["stage"] is None
    assert [cell["of"]["start"] for cell in metrics["cells"]] == ["scratch", "scratch-long"]


def test_every_row_learns_as_it_says_and_can_be_compared(pretrained, brief, monkeypatch):
    learned = {}
    learn = cells.learn

    def watched(job, folder):
        began = job.backbone is not None, job.graph is not None
        learned[folder.name] = (job.settings.epochs, *began)
        return learn(job, folder)

    monkeypatch.setattr(cells, "learn", watched)
    settings = brief(fractions=[0.3], seeds=[0, 1])
    result = evaluate.run(pretrained, settings, protocol="fractions", from_scratch=True)
    evaluate.run(pretrained, brief(fractions=[1.0], seeds=[0]), protocol="fractions", run="whole")
    # With all labels known no clip is left to learn from without one.
    assert learned["1-pretrained-0"] == (1, True, False)
    some = {name: began for name, began in learned.items() if name.startswith("0.3")}
    assert {name: began for name, began in some.items() if name.endswith("-0")} == {
        "0.3-pretrained-0": (1, True, True),
        "0.3-pretrained-labelled-only-0": (1, True, False),
        "0.3-scratch-0": (1, False, False),
        "0.3-scratch-long-0": (5, False, False),
    }
    metrics = read_metrics(result.folder / "metrics.json")
    for cell in metrics.cells:
        named = read_predictions(cell_file(result.folder, cell.of), ["joint", "both"], cell.clips)
        right = np.mean([clip.predicted["both"] == clip.label for clip in named])
        assert cell.streams["both"].top1 == pytest.approx(right)

    folder = result.folder.name
    names = [f"{folder}/0.3-scratch", f"{folder}/0.3-pretrained"]
    pooled = compare.run(pretrained, names)
    of = {cell.of["start"]: cell.streams for cell in metrics.summary}
    for stream in ("joint", "motion", "both"):
        for measure in ("top1", "top5", "mean_class"):
            expected = getattr(of["scratch"][stream], measure)
            assert pooled.values[stream, measure] == pytest.approx(expected)
    gap = next(d for d in pooled.differences if (d.stream, d.measure) == ("both", "mean_class"))
    assert gap.value == pytest.approx(of["pretrained"]["both"].mean_class)
    assert gap.intervals[0].low < gap.difference < gap.intervals[0].high
    single = compare.run(pretrained, [f"{name}-1" for name in names])
    one = next(c for c in metrics.cells if c.of["start"] == "scratch" and c.of["seed"] == 1)
    assert single.values["both", "top1"] == pytest.approx(one.streams["both"].top1)
    with pytest.raises(SignpipeError, match=r"no cell '0\.4-scratch'; there are: 0\.3-pretr"):
        compare.run(pretrained, [f"{folder}/0.4-scratch", names[0]])
    with pytest.raises(SignpipeError, match="name one of its cells"):
        compare.run(pretrained, [folder, names[0]])
