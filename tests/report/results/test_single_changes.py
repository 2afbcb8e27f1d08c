import pytest
from pages import words

from signpipe.report.results.run_histories import Run
from signpipe.report.results.single_changes import add_single_changes, single_changes
from signpipe.settings import PretrainSettings
from signpipe.workspace import sha256_of_file


@pytest.fixture
def made(tmp_path, evaluation):
    """`made.add(name, top1, **change)`: a pretraining of changed settings, scored by k-NN."""

    class Made:
        def __init__(self):
            self.evaluations, self.pretrained = [], []

        def add(self, name, top1, pool="p", protocol="knn", **change):
            folder = tmp_path / "pretrain" / name
            folder.mkdir(parents=True)
            (folder / "encoder.safetensors").write_bytes(name.encode())
            sha = sha256_of_file(folder / "encoder.safetensors")
            settings = PretrainSettings(**change).model_dump(mode="json")
            self.pretrained.append(Run("pretrain", folder, settings, {"pool": pool}, []))
            inputs = {"encoder": sha}
            self.evaluations.append(evaluation(name, top1, inputs=inputs, protocol=protocol))

        def found(self):
            return single_changes(self.evaluations, self.pretrained)

    return Made()


def test_runs_beside_the_one_they_all_differ_least_from(made, report):
    made.add("sgd", 0.25, optimizer="sgd", learning_rate=0.01)
    made.add("plain", 0.5)
    made.add("plain-again", 0.75, seed=1)
    made.add("alone", 0.125, contrast=["fused"])
    made.add("small", 0.0, encoder={"frames": 8})
    made.add("far", 0.0, queue=64, positives=0, crop=0.1, temperature=0.1)
    made.add("others", 0.0, pool="q", queue=64)
    add_single_changes(report, made.found())
    rows = (report.folder / "changes-1.csv").read_text().splitlines()[1:]
    first = [row.rsplit('"', 1)[0].strip('"') if '"' in row else row.split(",")[0] for row in rows]
    assert first == [
        "as it is",
        "contrast fused",
        "encoder.frames 8",
        "learning_rate 0.01, optimizer sgd",
    ]
    assert "as it is 62.5 ± 17.7" in words(report.page.html())
    assert not (report.folder / "changes-2.csv").exists()


def test_what_the_ablation_has_is_not_shown_twice(made, report):
    made.add("plain", 0.5)
    made.add("none", 0.5, consistency="none")
    made.add("tuned", 0.5, protocol="finetuned", queue=64)
    assert made.found() == []
    add_single_changes(report, [])
    assert "<h2" not in report.page.html()
