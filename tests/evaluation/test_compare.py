import csv
import io
import json

import numpy as np
import pytest

from signpipe.commands.compare import show
from signpipe.errors import SignpipeError
from signpipe.evaluation import compare
from signpipe.evaluation.schema import Figures, Metrics, write_metrics
from signpipe.workspace import Workspace

SIGNS = ("drink", "house", "tree")


@pytest.fixture
def evaluated(tmp_path):
    """`evaluated(name, share)`: an evaluation of 240 clips of 12 signers, so many named rightly."""

    def make(name, share, *, split="test", protocol="finetuned", seed=0, clips=240, signer="s"):
        rng = np.random.default_rng(seed)
        text = io.StringIO()
        writer = csv.writer(text)
        writer.writerow(["clip_id", "signer", "label", "joint", "motion", "both"])
        for clip in range(clips):
            label = SIGNS[clip % 3]
            wrong = SIGNS[(clip + 1) % 3]
            named = [label if rng.random() < share else wrong for _ in range(3)]
            writer.writerow([f"c{clip}", f"{signer}{clip // 20}", label, *named])
        folder = tmp_path / "evaluate" / name
        folder.mkdir(parents=True)
        if protocol == "finetuned":
            (folder / "predictions.csv").write_text(text.getvalue())
        figures = Figures(top1=share, top5=(1 + share) / 2, mean_class=share, mean_class_top5=1)
        metrics = Metrics(
            protocol=protocol,
            split=split,
            stage="finetune",
            run=name,
            clips=clips,
            signers=[],
            streams=dict.fromkeys(("joint", "motion", "both"), figures),
            headline="",
            averages="",
            both="",
            joint_weight=0.5,
            selection="",
            signs=3,
            signs_scored=3,
            clips_of_unknown_signs=0,
            clips_seen_in_pretraining=0,
            split_from="",
            data="",
            scored_before=0,
            scored_by={},
            settings={},
            inputs={},
        )
        write_metrics(folder / "metrics.json", metrics)
        return name

    make.workspace = Workspace(tmp_path)
    return make


def test_equal_runs_do_not_differ(evaluated):
    names = [evaluated("one", 0.7), evaluated("same", 0.7)]
    result = compare.run(evaluated.workspace, names)
    assert len(result.differences) == 3 * 3
    for difference in result.differences:
        assert difference.difference == 0
        assert difference.value == result.values[difference.stream, difference.measure]
        over = [] if difference.measure == "top5" else ["clips", "signers"]
        assert [found.over for found in difference.intervals] == over
        for found in difference.intervals:
            assert found.low <= 0 <= found.high
            assert not found.beyond_chance
    assert result.alike == ("same",)


def test_a_run_beside_itself_is_one_line(evaluated, capsys):
    names = [evaluated("one-test", 0.7), evaluated("same", 0.7), evaluated("other", 0.7, seed=1)]
    for asked, said in [
        (["one-test", "one"], "one-test is compared with itself: nothing differs\n"),
        (["one", "same"], "same named every clip as one-test did: nothing differs\n"),
    ]:
        show(compare.run(evaluated.workspace, asked, split="test"))
        assert capsys.readouterr().out == said
    show(compare.run(evaluated.workspace, names))
    assert len(capsys.readouterr().out.splitlines()) > 9


def test_two_clips_prove_nothing(evaluated):
    names = [evaluated("wrong", 0.0, clips=2), evaluated("right", 1.0, clips=2)]
    for difference in compare.run(evaluated.workspace, names).differences:
        if difference.measure == "top5":
            continue
        assert difference.difference == 1
        for found in difference.intervals:
            assert not found.beyond_chance
            assert "only 2 clips" in found.note


def test_alike_runs_may_differ_by_chance(evaluated):
    names = [evaluated("one", 0.7), evaluated("other", 0.7, seed=1)]
    for difference in compare.run(evaluated.workspace, names).differences:
        assert (difference.difference != 0) == (difference.measure != "top5")  # which are alike
        for found in difference.intervals:
            assert found.low <= difference.difference <= found.high
            assert not found.beyond_chance


def test_very_different_runs_differ_by_more_than_chance(evaluated, capsys):
    names = [evaluated("poor-test", 0.4), evaluated("good-test", 0.9, seed=1), evaluated("x", 0.4)]
    result = compare.run(evaluated.workspace, ["poor", "good", "x"], split="test")
    assert result.runs == tuple(names)
    good = [one for one in result.differences if one.run == "good-test"]
    assert len(good) == 9
    for difference in good:
        if difference.measure == "top5":
            assert (difference.value, difference.difference) == pytest.approx((0.95, 0.25))
            continue
        assert 0.3 < difference.difference < 0.7
        assert all(found.low > 0.2 and found.beyond_chance for found in difference.intervals)
    show(result)
    said = capsys.readouterr().out
    assert said.count("more than chance") == 12
    assert said.count("may be chance") == 12  # x, which equals the first
    told = json.loads(json.dumps(compare.as_json(result)))
    assert told["first"]["both"]["top1"] == result.values["both", "top1"]
    assert told["first"]["both"]["top5"] == pytest.approx(0.7)
    assert said.count("95.0%  +25.0 points") == 3
    assert len(told["differences"]) == 18


def test_without_signers_there_are_only_clips(evaluated):
    names = [evaluated("one", 0.5, clips=20), evaluated("two", 0.9, clips=20, seed=1)]
    for difference in compare.run(evaluated.workspace, names).differences:
        if difference.measure == "top5":
            continue
        assert [found.over for found in difference.intervals] == ["clips"]
        assert "one signer only" in difference.intervals[0].note


def test_what_cannot_be_compared_is_named(evaluated):
    evaluated("one", 0.5)
    evaluated("val", 0.5, split="val", clips=200)
    evaluated("fewer", 0.5, clips=200)
    evaluated("renamed", 0.5, signer="p")
    evaluated("many", 0.5, protocol="fractions")
    for name, said in [
        ("val", r"one and val were scored on different splits \(test and val\)"),
        ("fewer", r"one and fewer .* \(40 only in the first and 0 only in the second\)"),
        ("renamed", r"one and renamed .*labels or signers have changed"),
        ("many", "many cannot be compared: the protocol fractions"),
        ("none", "neither none nor none-test"),
    ]:
        with pytest.raises(SignpipeError, match=said):
            compare.run(evaluated.workspace, ["one", name], split="test")
    with pytest.raises(SignpipeError, match="at least two"):
        compare.run(evaluated.workspace, ["one"])
