import json

import pytest
from pages import words

from signpipe.report.results.ablation import (
    SCRATCH,
    Trial,
    Variant,
    add_ablation,
    by_nearest,
    groups,
    reference,
    trials,
)
from signpipe.report.results.run_histories import Run
from signpipe.settings import FinetuneSettings, PretrainSettings
from signpipe.workspace import sha256_of_file


@pytest.fixture
def made(tmp_path, evaluation):
    """`made.add(name, top1, change)`: a pretraining of changed settings (None: none), fine-tuned
    and scored; `made.found()` what is made of all."""

    class Made:
        def __init__(self):
            self.evaluations, self.pretrained, self.finetuned = [], [], []

        def add(self, name, top1, change, finetune=None, **metrics):
            sha = None
            if change is not None:
                folder = tmp_path / "pretrain" / name
                folder.mkdir(parents=True)
                (folder / "encoder.safetensors").write_bytes(name.encode())
                sha = sha256_of_file(folder / "encoder.safetensors")
                settings = PretrainSettings(**change).model_dump(mode="json")
                self.pretrained.append(Run("pretrain", folder, settings, {"pool": "p"}, []))
            folder = tmp_path / "finetune" / name
            (folder / "recognizer").mkdir(parents=True)
            card = folder / "recognizer" / "recognizer.json"
            card.write_text(name)
            settings = FinetuneSettings(**finetune or {}).model_dump(mode="json")
            inputs = {"labels": "l", "encoder": sha, "unlabelled": "u" if sha else "none"}
            self.finetuned.append(Run("finetune", folder, settings, inputs, []))
            scored = {"card": sha256_of_file(card), "encoder": sha}
            self.evaluations.append(evaluation(name, top1, inputs=scored, **metrics))

        def found(self):
            return trials(self.evaluations, self.pretrained, self.finetuned)

    return Made()


def whole(made) -> None:
    made.add("scratch", 0.125, None)
    made.add("plain", 0.25, {"consistency": "none", "transfer_nearest": 0})
    made.add("consistent", 0.375, {"transfer_nearest": 0})
    made.add("transfer", 0.5, {"consistency": "none"})
    made.add("both", 0.625, {})
    made.add("both-again", 0.875, {"seed": 1}, {"seed": 1})
    made.add("k16", 0.5, {"transfer_nearest": 16})


def test_runs_that_differ_in_just_the_ingredients_make_the_tables(made, report):
    whole(made)
    made.add("longer", 0.99, {"epochs": 40})
    made.add("on-test", 0.99, {"queue": 64}, split="test")
    (group,) = compared = groups(made.found())
    assert len(group) == 7
    assert reference(group) == 1024
    assert {k: len(own) for k, own in by_nearest(group).items()} == {0: 1, 16: 1, 1024: 2}
    add_ablation(report, compared)
    text = words(report.page.html())
    rows = (report.folder / "ablation-1.csv").read_text().splitlines()[1:]
    assert [[*row.split(",")[:4], row.split(",")[-1]] for row in rows] == [
        ["none", "", "", "0.125", "1"],
        ["both", "none", "none", "0.25", "1"],
        ["both", "queue", "none", "0.375", "1"],
        ["both", "none", "K 1024", "0.5", "1"],
        ["both", "queue", "K 1024", "0.75", "2"],
    ]
    assert "both queue K 1024 75.0 ± 17.7" in text
    assert "16 1 50.0 50.0 50.0" in text
    assert (report.folder / "neighbours-1.png").exists()
    assert report.missing == []


def test_a_run_made_again_since_it_was_scored_is_left_out(made, tmp_path):
    whole(made)
    (tmp_path / "finetune" / "plain" / "recognizer" / "recognizer.json").write_text("other")
    (tmp_path / "pretrain" / "k16" / "encoder.safetensors").unlink()
    names = [trial.evaluation.name for trial in made.found()]
    assert names == ["scratch", "consistent", "transfer", "both", "both-again"]


def test_without_such_runs_a_command_that_makes_one_is_named(made, report):
    made.add("both", 0.5, {})
    made.add("longer", 0.5, {"epochs": 40, "transfer_nearest": 0})
    add_ablation(report, groups(made.found()))
    commands = [command for _, command in report.missing]
    assert commands == [
        f"signpipe pretrain --run other --set {change} -w here"
        for change in ("consistency=none", "transfer_nearest=16")
    ]
    assert "<table" not in report.page.html()


def test_an_ingredient_without_weight_is_left_out():
    def variant(**change):
        return Variant.of(PretrainSettings(**change).model_dump(mode="json"))

    assert variant(consistency_weight=0) == variant(consistency="none")
    assert variant(transfer_weight=0) == variant(transfer_nearest=0)
    assert variant(streams="joint").nearest == 0
    assert variant() != variant(consistency="feature")


def test_single_streams_are_rows_of_their_own(evaluation, report):
    common = json.dumps([["same"], None])
    joint = evaluation("joint").metrics.streams["joint"]
    found = [
        Trial(Variant(True, "both", "queue", 8), evaluation("a"), common),
        Trial(
            Variant(True, "joint", "queue", 0), evaluation("b", streams={"joint": joint}), common
        ),
        Trial(SCRATCH, evaluation("c"), json.dumps([["other"], None])),
    ]
    add_ablation(report, groups(found))
    rows = (report.folder / "ablation-1.csv").read_text().splitlines()[1:]
    assert rows == ["joint,queue,none,0.5,,,0.5,1", "both,queue,K 8,0.5,0.5,0.5,0.5,1"]
