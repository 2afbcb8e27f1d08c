import csv
from dataclasses import replace

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.commands.compare import show as show_compared
from signpipe.commands.evaluate import show
from signpipe.errors import SignpipeError
from signpipe.evaluation import compare, evaluate
from signpipe.evaluation.intervals import of_share
from signpipe.evaluation.protocols import cells
from signpipe.evaluation.schema import read_metrics
from signpipe.evaluation.staleness import stale
from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.model.rejection import auroc, false_answers
from signpipe.workspace import Workspace


@pytest.fixture
def with_idle(tmp_path, walk):
    """5 made-up signs, 4 signers and 3 clips of each, split by signer; and clips of idle people."""
    signs = ("drink", "house", "tree", "walk", "rain")
    clips = {
        f"s{signer}/{sign}/{repetition}": walk(number, signer, repetition)
        for signer in range(4)
        for number, sign in enumerate(signs)
        for repetition in range(3)
    }
    clips |= {f"s{signer}/_idle/{n}": walk(8, signer, n) for signer in range(4) for n in range(2)}
    write_pack(tmp_path / "made_up.h5", clips)
    split = {"s0": "train", "s1": "train", "s2": "val", "s3": "test"}
    rows = [f"{i},{i.split('/')[1]},{i[:2]},{split[i[:2]]}" for i in clips]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["clip_id,label,signer,split", *rows]) + "\n")
    workspace = Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, [tmp_path / "made_up.h5"], labels=labels)
    return workspace


def test_signs_are_held_out_in_turn(with_idle, brief, monkeypatch, capsys):
    learned = []
    learn = cells.learn

    def watched(job, *rest):
        learned.append({clip.label for clip in job.clips})
        return learn(job, *rest)

    monkeypatch.setattr(cells, "learn", watched)
    settings = brief(folds=3)
    given = {"protocol": "open-set", "split": "test", "from_scratch": True}
    result = evaluate.run(with_idle, settings, **given)
    metrics = read_metrics(result.folder / "metrics.json")
    signs = {"drink", "house", "tree", "walk", "rain"}
    held_out = [set(cell.of["signs"].split(", ")) for cell in metrics.cells]
    assert sorted(map(len, held_out)) == [1, 2, 2]
    assert set.union(*held_out) == signs
    assert learned == [signs - out for out in held_out]
    assert (metrics.clips, metrics.signs) == (15, 5)  # of test
    rows = list(csv.DictReader((result.folder / "open_set.csv").read_text().splitlines()))
    kinds = {
        kind: [row for row in rows if row["kind"] == kind]
        for kind in ("known", "other signs", "idle")
    }
    # Every clip of a sign was unknown to one fold; the idle ones, of any split, to all.
    assert [len(of) for of in kinds.values()] == [30, 15, 24]
    assert {row["signer"] for row in kinds["known"]} == {"s3"}
    for row in rows:
        unknown = row["label"] in held_out[int(row["fold"])] | {"_idle"}
        assert (row["kind"] != "known") == unknown
        assert row["named"] not in held_out[int(row["fold"])]
        assert float(row["unknownness"]) == pytest.approx(1 - float(row["probability"]), abs=1e-4)
    found = metrics.open_set
    right = [row["named"] == row["label"] for row in kinds["known"]]
    assert found.accuracy == pytest.approx(np.mean(right))
    assert metrics.streams["both"].top1 == pytest.approx(np.mean(right))
    by_sign = [
        [
            row["label"] == row["named"]
            for row in rows
            if row["label"] == s and row["kind"] == "known"
        ]
        for s in signs
    ]
    assert metrics.streams["both"].mean_class == pytest.approx(np.mean(list(map(np.mean, by_sign))))
    low, high = metrics.streams["both"].intervals["top1"]
    wide = of_share(found.accuracy, 15, 0.95)  # 15 clips, in however many folds
    assert low <= wide[0] and wide[1] <= high
    answered = [row["answered"] == "yes" for row in kinds["known"]]
    assert found.rejected == pytest.approx(1 - np.mean(answered))
    named = np.logical_and(right, answered)
    assert found.accuracy_with_rejection == pytest.approx(np.mean(named))
    for one in found.separations:
        if one.score != found.score:
            continue
        folds = [
            [
                [float(r["unknownness"]) for r in rows if (r["fold"], r["kind"]) == (fold, kind)]
                for kind in ("known", one.unknown)
            ]
            for fold in "012"
        ]
        assert one.auroc == pytest.approx(np.mean([auroc(*sides) for sides in folds]), abs=0.02)
        expected = np.mean([false_answers(*sides) for sides in folds])
        assert one.false_answers == pytest.approx(expected, abs=0.02)
        low, high = one.intervals["auroc"]
        assert low <= one.auroc <= high
    assert {one.unknown: one.clips for one in found.separations} == {"other signs": 15, "idle": 8}
    assert found.coverage[-1][0] == 1
    show(result)
    said = capsys.readouterr().out
    assert "other signs (15 clips): AUROC" in said and "idle (8 clips): AUROC" in said
    assert evaluate.run(with_idle, settings, **given).already
    assert stale(with_idle, result.folder) == ""
    table = read_clips(with_idle.clips).values()
    moved = [replace(c, label="_idle") if c.clip_id == "s3/rain/0" else c for c in table]
    write_clips(with_idle.clips, moved)
    assert "labels" in stale(with_idle, result.folder)


def test_killed_it_goes_on_and_ends_alike(with_idle, brief, monkeypatch):
    given = {"protocol": "open-set", "split": "test", "from_scratch": True, "run": "one"}
    settings = brief(folds=2)
    whole = evaluate.run(with_idle, settings, **given).metrics["open_set"]
    learn, count = cells.learn, 0

    def killed(*rest):
        nonlocal count
        count += 1
        if count == 2:
            raise KeyboardInterrupt
        return learn(*rest)

    monkeypatch.setattr(cells, "learn", killed)
    with pytest.raises(KeyboardInterrupt):
        evaluate.run(with_idle, settings, **given | {"run": "other"})
    assert (
        evaluate.run(with_idle, settings, **given | {"run": "other"}).metrics["open_set"] == whole
    )
    assert count == 3  # the first fold was not learned again


def test_two_are_compared_by_what_they_tell_apart(with_idle, brief, capsys):
    given = {"protocol": "open-set", "split": "test", "from_scratch": True}
    brief_one, longer = brief(folds=2), brief(folds=2, **{"finetune.epochs": 8})
    evaluate.run(with_idle, brief_one, **given, run="one")
    better = evaluate.run(with_idle, longer, **given, run="longer").metrics["open_set"]
    names = ["one-open-set-test", "longer-open-set-test"]
    result = compare.run(with_idle, names)
    assert result.clips == 23  # 15 of signs, 8 idle
    found = {one.measure: one for one in result.differences}
    assert found["top1"].value == pytest.approx(better["accuracy"])
    assert found["top1_with_rejection"].value == pytest.approx(better["accuracy_with_rejection"])
    exact = {
        (one["unknown"], name): one[name]
        for one in better["separations"]
        if one["score"] == better["score"]
        for name in ("auroc", "false_answers")
    }
    assert found["auroc"].value == pytest.approx(exact["other signs", "auroc"])
    assert found["false_answers_idle"].value == pytest.approx(exact["idle", "false_answers"])
    for one in result.differences:
        (interval,) = one.intervals
        assert interval.over == "signers"
        assert interval.low <= one.difference + 1e-9 and one.difference - 1e-9 <= interval.high
    show_compared(result)
    assert "AUROC, other signs" in capsys.readouterr().out
    evaluate.run(with_idle, brief(folds=3), **given, run="folds")
    with pytest.raises(SignpipeError, match="different clips"):
        compare.run(with_idle, [*names, "folds-open-set-test"])
    same = compare.run(with_idle, names[:1] * 2)
    assert same.alike == (names[0],)


def test_two_signs_are_too_few(signs_workspace, brief):
    clips = read_clips(signs_workspace.clips).values()
    fewer = [replace(c, label="") if c.label == "tree" else c for c in clips]
    write_clips(signs_workspace.clips, fewer)
    with pytest.raises(SignpipeError, match="open-set needs 3 signs"):
        evaluate.run(signs_workspace, brief(), protocol="open-set", from_scratch=True)
