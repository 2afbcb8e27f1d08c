import os

import pytest

from signpipe.errors import SignpipeError
from signpipe.evaluation.schema import write_metrics
from signpipe.report.results.evaluations import main_evaluation, read_evaluations
from signpipe.workspace import Workspace

HEADER = "clip_id,signer,label,joint,motion,both,probability,second,third\n"


@pytest.fixture
def written(evaluation):
    """Writes an evaluation, with predictions unless told otherwise, so many seconds old."""

    def make(name, age, predictions=True, **changes):
        one = evaluation(name, **changes)
        write_metrics(one.folder / "metrics.json", one.metrics)
        os.utime(one.folder / "metrics.json", (1e9 - age, 1e9 - age))
        if predictions:
            rows = (f"{clip},ann,tree,house,tree,tree,0.9,house,sun\n" for clip in "abcd")
            text = HEADER + "".join(rows)
            (one.folder / "predictions.csv").write_text(text)
        return one

    return make


def test_newest_first_and_what_is_damaged_is_named(written, tmp_path):
    for name, age in (("old", 20), ("new", 10)):
        written(name, age)
    written("broken", 5).folder.joinpath("metrics.json").write_text("{}")
    written(".hidden.redo", 1)
    found, unread = read_evaluations(Workspace(tmp_path))
    assert [one.name for one in found] == ["new", "old"]
    assert len(unread) == 1
    assert "broken" in unread[0]
    clip = found[0].predictions[0]
    assert (clip.label, clip.final, clip.predicted["joint"]) == ("tree", "tree", "house")


def test_clips_are_looked_at_on_val_and_of_the_default_run(written, tmp_path):
    def chosen():
        main = main_evaluation(read_evaluations(Workspace(tmp_path))[0])
        return main.name if main else None

    assert chosen() is None
    written("many", 0, predictions=False, protocol="fractions")
    assert chosen() is None
    written("test", 1, split="test", run="default")
    assert chosen() == "test"
    written("knn-val", 2, protocol="knn", run="default")
    assert chosen() == "knn-val"
    written("older-val", 9)
    written("other-val", 8)
    assert chosen() == "other-val"
    written("default-val", 10, run="default")
    assert chosen() == "default-val"


def test_predictions_that_do_not_fit_are_one_sentence(written):
    one = written("one", 0)
    path = one.folder / "predictions.csv"
    whole = path.read_text()
    half = whole[: whole.index("c,ann")]
    for text in ("clip_id,label\na,tree\n", half, half[:-20], half + "c,an"):
        path.write_text(text)
        with pytest.raises(SignpipeError, match=r"predictions.csv.*--redo"):
            _ = one.predictions
