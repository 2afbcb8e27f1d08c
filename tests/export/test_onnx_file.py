import builtins
import json
import os

import numpy as np
import onnx
import pytest

from signpipe.errors import SignpipeError
from signpipe.export import onnx_file
from signpipe.export.landmark_graph import LandmarkGraph
from signpipe.export.onnx_file import write_onnx
from signpipe.model.onnx_graph import OnnxGraph
from signpipe.model.rejection import Rejection


def sizes(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "form",
    [
        {"rejection": Rejection(temperature=2.0, threshold=0.75)},
        {"streams": "joint"},
        {"streams": "motion", "frames": 11},
        {"signs": tuple(f"sign {i}" for i in range(2000)), "classifier": "parts"},
    ],
    ids=["arabic-and-quotes", "one-stream", "other-frames", "many-signs"],
)
def test_the_file_gives_torchs_numbers_for_any_number_of_clips_and_frames(
    form, recognizers, tmp_path
):
    folder, path = recognizers(**form), tmp_path / "model.onnx"
    write_onnx(folder, path)
    assert sizes(tmp_path) == ["model.onnx"]
    graph, written = LandmarkGraph.load(folder), OnnxGraph(path)
    assert written.card == graph.card
    for seed, (batch, frames) in enumerate(((1, 1), (2, 9), (3, 70))):
        clips = onnx_file._clips(seed, batch, frames)
        found = written(*(value.numpy() for value in clips))
        expected = [value.detach().numpy() for value in graph(*clips)]
        for name, value in zip(onnx_file.OUTPUTS, expected, strict=True):
            np.testing.assert_allclose(getattr(found, name), value, atol=1e-4)
        assert found.logits.shape == (batch, len(graph.card.signs))
        assert np.isfinite(found.logits).all()
    told = {entry.key: entry.value for entry in onnx.load(path).metadata_props}
    assert json.loads(told["signs"]) == list(graph.card.signs)
    assert told["threshold"] == ("0.75" if "rejection" in form else "")
    assert told["landmarks"].startswith("33 of the pose")


def test_fewer_bits_make_a_smaller_file_and_nearly_the_same_numbers(recognizers, tmp_path):
    folder = recognizers()
    found, sizes = {}, {}
    clips = [value.numpy() for value in onnx_file._clips(5, 4, 30)]
    for form in ("float", "half", "int8"):
        path = tmp_path / f"{form}.onnx"
        write_onnx(folder, path, form)
        found[form], sizes[form] = OnnxGraph(path)(*clips).logits, path.stat().st_size
    assert sizes["int8"] < sizes["half"] < sizes["float"]
    apart = {form: np.abs(found[form] - found["float"]).max() for form in found}
    assert 0 < apart["half"] < 2e-3
    assert apart["half"] < apart["int8"] < 0.05


def test_nothing_is_replaced(recognizers, tmp_path):
    folder = recognizers()
    (tmp_path / "model.onnx").mkdir()
    (tmp_path / "old.onnx").write_text("mine")
    for name, said in (("model.onnx", "there already"), ("old.onnx", "there already")):
        with pytest.raises(SignpipeError, match=said):
            write_onnx(folder, tmp_path / name)
    with pytest.raises(SignpipeError, match=r"ends in \.onnx"):
        write_onnx(folder, tmp_path / "model.pb")
    with pytest.raises(SignpipeError, match="no recogniser"):
        write_onnx(tmp_path, tmp_path / "new.onnx")
    assert sizes(tmp_path) == ["model.onnx", "old.onnx"]
    assert (tmp_path / "old.onnx").read_text() == "mine"


def test_without_the_extra_a_sentence_tells_how_to_get_it(recognizers, tmp_path, monkeypatch):
    there = builtins.__import__

    def without(name, *rest):
        if name.split(".")[0] == "onnx":
            raise ImportError(name)
        return there(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SignpipeError, match=r"pip install 'signpipe\[export\]'"):
        write_onnx(recognizers(), tmp_path / "model.onnx")
    assert sizes(tmp_path) == []


def test_a_full_disk_leaves_nothing_behind(recognizers, tmp_path, monkeypatch):
    folder = recognizers()

    def full(*_):
        raise OSError(28, os.strerror(28))

    monkeypatch.setattr(onnx_file, "OnnxGraph", full)
    with pytest.raises(SignpipeError, match="no space is left"):
        write_onnx(folder, tmp_path / "model.onnx")
    assert sizes(tmp_path) == []


def test_a_graph_that_gives_other_numbers_is_not_kept(recognizers, tmp_path, monkeypatch):
    folder = recognizers()
    other = onnx_file.onnx_model(LandmarkGraph.load(recognizers(streams="joint")))
    monkeypatch.setattr(onnx_file, "onnx_model", lambda *_: other)
    with pytest.raises(SignpipeError, match="would not give torch's numbers"):
        write_onnx(folder, tmp_path / "model.onnx")
    assert sizes(tmp_path) == []
