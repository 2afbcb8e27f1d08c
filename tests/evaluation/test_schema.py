import json

import pytest

from signpipe.errors import SignpipeError
from signpipe.evaluation.schema import Cell, Figures, Metrics, read_metrics, write_metrics


@pytest.fixture
def metrics():
    figures = Figures(
        top1=0.5, top5=1, mean_class=0.25, mean_class_top5=1, intervals={"top1": (0.4, 0.6)}
    )
    return Metrics(
        protocol="knn",
        split="test",
        stage="pretrain",
        run="default",
        clips=4,
        signers=["a", "b"],
        streams={"joint": figures},
        headline="",
        averages="",
        both="",
        joint_weight=None,
        selection="",
        signs=3,
        signs_scored=2,
        clips_of_unknown_signs=0,
        clips_seen_in_pretraining=None,
        split_from="",
        data="",
        scored_before=0,
        scored_by={},
        settings={},
        inputs={},
    )


def test_what_is_written_is_read(metrics, tmp_path):
    path = tmp_path / "metrics.json"
    written = write_metrics(path, metrics)
    assert json.loads(path.read_text()) == written
    assert read_metrics(path) == metrics


def test_signers_come_back_and_a_file_from_before_them_is_read(metrics, tmp_path):
    path = tmp_path / "metrics.json"
    cell = Cell(of={"signer": "a"}, clips=2, streams=metrics.streams, signs=1)
    written = write_metrics(path, metrics.model_copy(update={"by_signer": [cell]}))
    assert read_metrics(path).by_signer == [cell]
    del written["by_signer"]
    path.write_text(json.dumps(written))
    assert read_metrics(path) == metrics


@pytest.mark.parametrize("change", [{"version": 1}, {"streams": 3}, {"more": 1}])
def test_other_files_are_refused_by_name(metrics, tmp_path, change):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(write_metrics(path, metrics) | change))
    with pytest.raises(SignpipeError, match=rf"metrics.json is no result .*{next(iter(change))}"):
        read_metrics(path)
