import csv
import json
from dataclasses import replace

import numpy as np
import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.commands.evaluate import show
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.schema import read_metrics
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain, training_runs


@pytest.fixture
def trained(signs_workspace, small):
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 3})
    finetune.run(signs_workspace, settings, from_scratch=True)
    return signs_workspace


def test_metrics_agree_with_the_tables_beside_them(trained):
    result = evaluate.run(trained, split="test")
    metrics = json.loads((result.folder / "metrics.json").read_text())
    assert metrics == result.metrics
    assert metrics["split"] == "test"
    assert metrics["clips"] == 12
    assert len(metrics["signers"]) == 1
    assert set(metrics["streams"]) == {"joint", "motion", "both"}
    rows = list(csv.DictReader((result.folder / "predictions.csv").read_text().splitlines()))
    assert {row["signer"] for row in rows} == set(metrics["signers"])
    for stream, figures in metrics["streams"].items():
        hits = [row[stream] == row["label"] for row in rows]
        assert figures["top1"] == pytest.approx(np.mean(hits))
        assert figures["top5"] == 1.0  # of three signs
    header, *table = csv.reader((result.folder / "confusion.csv").read_text().splitlines())
    counts = np.array([[int(cell) for cell in row[1:]] for row in table])
    assert counts.sum() == 12
    signs = header[1:]
    right = sum(counts[i][signs.index(row[0])] for i, row in enumerate(table))
    assert right / 12 == pytest.approx(metrics["streams"]["both"]["top1"])
    assert metrics["calibration"] == {}  # of 12 clips
    assert not (result.folder / "calibration.png").exists()
    assert (result.folder / "confusion.png").stat().st_size > 1000


def test_the_calibration_of_enough_clips(trained):
    result = evaluate.run(trained, split="train")
    assert (result.folder / "calibration.png").stat().st_size > 1000
    calibration = result.metrics["calibration"]["both"]
    assert sum(b["clips"] for b in calibration["bins"]) == 36
    error = sum(b["clips"] * abs(b["confidence"] - b["accuracy"]) for b in calibration["bins"]) / 36
    assert calibration["expected_error"] == pytest.approx(error)


def test_a_few_clips_are_no_certainty(trained):
    clips = read_clips(trained.clips).values()
    kept = [c for c in clips if not (c.signer == "s0" and c.clip_id[-1] != "0")]
    of = {"s0": "test", "s1": "val"}
    write_clips(trained.clips, [replace(c, split=of.get(c.signer, "train")) for c in kept])
    (trained.run("finetune", "scratch") / "clips.csv").write_text("clip_id,split\n")
    metrics = evaluate.run(trained, split="test").metrics
    assert metrics["clips"] == 3
    assert "only 3 clips: a rough interval" in metrics["bootstrap"]["note"]
    for figures in metrics["streams"].values():
        for measure, (low, high) in figures["intervals"].items():
            assert low < figures[measure] + 1e-9
            assert high > figures[measure] - 1e-9
            assert high - low > 0.4


def by_hand(rows, stream):
    """Top-1, and its mean over the signs, of rows of predictions.csv."""
    of_sign = {}
    for row in rows:
        of_sign.setdefault(row["label"], []).append(row[stream] == row["label"])
    right = sum(sum(hits) for hits in of_sign.values())
    return right / len(rows), sum(sum(h) / len(h) for h in of_sign.values()) / len(of_sign)


def test_every_signer_alone(trained, capsys):
    clips = read_clips(trained.clips).values()
    # Of one signer few clips and not all signs; of another nobody knows the name.
    kept = [c for c in clips if c.signer != "s1" or c.label == "house" or c.clip_id[-1] == "0"]
    kept = [c for c in kept if (c.signer, c.label) != ("s1", "tree")]
    unknown = {"s4": ""}
    rows = [
        type(c)(**{**vars(c), "split": "all", "signer": unknown.get(c.signer, c.signer)})
        for c in kept
    ]
    write_clips(trained.clips, rows)
    (trained.run("finetune", "scratch") / "clips.csv").write_text("clip_id,split\n")
    result = evaluate.run(trained, split="all")
    metrics = read_metrics(result.folder / "metrics.json")
    table = list(csv.DictReader((result.folder / "predictions.csv").read_text().splitlines()))
    assert metrics.signers == ["", "s0", "s1", "s2", "s3"]
    assert [cell.of for cell in metrics.by_signer] == [{"signer": f"s{n}"} for n in range(4)]
    assert [(cell.clips, cell.signs) for cell in metrics.by_signer] == [
        (12, 3),
        (5, 2),
        (12, 3),
        (12, 3),
    ]
    for cell in metrics.by_signer:
        own = [row for row in table if row["signer"] == cell.of["signer"]]
        assert cell.clips == len(own)
        assert list(cell.streams) == ["joint", "motion", "both"]
        for stream, figures in cell.streams.items():
            assert (figures.top1, figures.mean_class) == pytest.approx(by_hand(own, stream))
            assert figures.top5 == figures.mean_class_top5 == 1  # of three signs
            assert figures.intervals == {}
    tops = sorted((cell.streams["both"].top1, str(cell.of["signer"])) for cell in metrics.by_signer)
    show(result)
    said = capsys.readouterr().out
    middle = (tops[1][0] + tops[2][0]) / 2
    assert f"4 signers, top-1 of both: {tops[0][0]:.1%} to {tops[3][0]:.1%}" in said
    assert f"median {middle:.1%}; the lowest:" in said
    of = {cell.of["signer"]: cell.clips for cell in metrics.by_signer}
    lowest = [f"  {signer}: {top:.1%} of {of[signer]} clips" for top, signer in tops[:3]]
    lines = said.splitlines()
    start = next(i for i, line in enumerate(lines) if line.endswith("the lowest:"))
    assert lines[start + 1 : start + 4] == lowest


def test_of_one_signer_or_unknown_ones_there_is_no_list(trained, capsys):
    result = evaluate.run(trained, split="test")
    assert len(result.metrics["by_signer"]) == 1
    show(result)
    clips = read_clips(trained.clips).values()
    write_clips(trained.clips, [type(c)(**{**vars(c), "signer": ""}) for c in clips])
    result = evaluate.run(trained, split="test", redo=True)
    assert result.metrics["signers"] == [""]
    assert result.metrics["by_signer"] == []
    show(result)
    assert "the lowest" not in capsys.readouterr().out


def test_again_does_nothing_until_the_recogniser_or_the_labels_change(trained, small):
    assert not evaluate.run(trained).already
    assert evaluate.run(trained).already
    assert not evaluate.run(trained, split="test").already
    longer = resolve(FinetuneSettings, changes={**small, "epochs": 4})
    finetune.run(trained, longer, from_scratch=True, redo=True)
    assert not evaluate.run(trained).already


def test_every_scoring_of_test_is_counted(trained):
    first = evaluate.run(trained, split="test").metrics
    assert (first["scored_before"], first["scored_by"]) == (0, {})
    evaluate.run(trained)
    assert evaluate.run(trained, split="test").already  # not scored again
    second = evaluate.run(trained, split="test", redo=True).metrics
    assert (second["scored_before"], second["scored_by"]) == (1, {"scratch, finetuned": 1})
    assert second["streams"] == first["streams"]


def test_the_newest_run_is_scored_unless_one_is_named(trained, small):
    longer = resolve(FinetuneSettings, changes={**small, "epochs": 4})
    finetune.run(trained, longer, from_scratch=True, run="longer")
    assert evaluate.run(trained).metrics["run"] == "longer"
    assert evaluate.run(trained, run="scratch").metrics["run"] == "scratch"


def test_clips_the_encoder_has_seen_are_counted(signs_workspace, small):
    clips = read_clips(signs_workspace.clips)
    splits = {"s0": "train", "s1": "train", "s2": "val", "s3": "test", "s4": "test"}
    rows = [type(c)(**{**vars(c), "split": splits[c.signer]}) for c in clips.values()]
    write_clips(signs_workspace.clips, rows)
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, chosen, splits=["train", "val"])
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 1})
    finetune.run(signs_workspace, settings)
    val, test = (evaluate.run(signs_workspace, split=s).metrics for s in ("val", "test"))
    assert (val["clips_seen_in_pretraining"], val["signers_seen_in_pretraining"]) == (12, ["s2"])
    assert (test["clips_seen_in_pretraining"], test["signers_seen_in_pretraining"]) == (0, [])


def test_signers_are_seen_by_other_clips_than_those_that_are_scored(signs_workspace, small):
    clips = read_clips(signs_workspace.clips)
    rows = [
        type(c)(**{**vars(c), "split": {"/0": "train", "/1": "val"}.get(c.clip_id[-2:], "test")})
        for c in clips.values()
    ]
    write_clips(signs_workspace.clips, rows)
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, chosen)
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    test = evaluate.run(signs_workspace, split="test").metrics
    assert test["clips_seen_in_pretraining"] == 0
    assert test["signers_seen_in_pretraining"] == ["s0", "s1", "s2", "s3", "s4"]


def test_signs_it_never_learned_are_counted_apart(trained):
    clips = read_clips(trained.clips)
    drawn = training_runs.read_clip_list(trained.run("finetune", "scratch") / "clips.csv")
    tests = [clip_id for clip_id, split in drawn.items() if split == "test"]
    rows = [
        type(c)(**{**vars(c), "label": "new" if c.clip_id == tests[0] else c.label})
        for c in clips.values()
    ]
    write_clips(trained.clips, rows)
    metrics = evaluate.run(trained, split="test").metrics
    assert (metrics["clips"], metrics["clips_of_unknown_signs"]) == (11, 1)


def test_a_split_that_is_not_there_names_those_that_are(trained):
    with pytest.raises(SignpipeError, match="there are test, train, val"):
        evaluate.run(trained, split="holdout")


def test_without_a_recogniser(signs_workspace):
    with pytest.raises(SignpipeError, match="signpipe finetune"):
        evaluate.run(signs_workspace)


def test_a_split_has_its_usual_names(trained):
    assert evaluate.run(trained, split="dev").metrics["split"] == "val"
