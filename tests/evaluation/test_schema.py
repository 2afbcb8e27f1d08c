import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

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


@pytest.mark.parametrize("change", [{"version": 1}, {"streams": 3}, {"streams": {}}, {"more": 1}])
def test_other_files_are_refused_by_name(metrics, tmp_path, change):
    path = tmp_path / "metrics.json"
    path.write_text(json.dumps(write_metrics(path, metrics) | change))
    with pytest.raises(SignpipeError, match=rf"metrics.json is no result .*{next(iter(change))}"):
        read_metrics(path)


ANY = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**80), 2**80) | st.floats() | st.text(max_size=3),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=3), inner, max_size=2)
    ),
    max_leaves=4,
)


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_value_in_any_field_is_refused_or_read(metrics, tmp_path, data):
    path = tmp_path / "metrics.json"
    written = write_metrics(path, metrics)
    place = data.draw(st.sampled_from([written, written["streams"], written["streams"]["joint"]]))
    place[data.draw(st.sampled_from(sorted(place)))] = data.draw(ANY)
    path.write_text(json.dumps(written))
    try:
        found = read_metrics(path)
    except SignpipeError as error:
        assert "metrics.json" in str(error)
        return
    assert all(f"{figures.top1:.1%}" for figures in found.streams.values())


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_bytes_are_refused_or_read(metrics, tmp_path, data):
    path = tmp_path / "metrics.json"
    write_metrics(path, metrics)
    content = bytearray(path.read_bytes())
    at = data.draw(st.integers(0, len(content) - 1))
    content[at : at + data.draw(st.integers(1, 9))] = data.draw(st.binary(max_size=3))
    path.write_bytes(content)
    try:
        assert read_metrics(path).streams
    except SignpipeError as error:
        assert "metrics.json" in str(error)
