import sys

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.model.onnx_graph import OnnxGraph, as_landmarks

onnx = pytest.importorskip("onnx")


def graph_of(metadata: dict[str, str]) -> bytes:
    """An ONNX file that passes its input on."""
    value = [onnx.helper.make_tensor_value_info(n, 1, ["n"]) for n in ("x", "y")]
    nodes = [onnx.helper.make_node("Identity", ["x"], ["y"])]
    model = onnx.helper.make_model(
        onnx.helper.make_graph(nodes, "g", value[:1], value[1:]),
        opset_imports=[onnx.helper.make_opsetid("", 17)],
        ir_version=8,
    )
    onnx.helper.set_model_props(model, metadata)
    return model.SerializeToString()


CARD = '{"signs": ["a", "b"], "encoder": {}, "prepare": {}, "format": "signpipe-recognizer"}'
OURS = {"format": "signpipe-onnx", "version": "1"}


@pytest.mark.parametrize(
    ("contents", "said"),
    [
        (None, "No such file"),
        (b"", "no ONNX file that can be run"),
        (b"\x08\x08 no protocol buffer", "no ONNX file that can be run"),
        (graph_of({}), "signpipe has not written it"),
        (graph_of({**OURS, "version": "7", "card": CARD}), "is of version 7, not 1"),
        (graph_of({**OURS, "card": "{"}), "x.onnx: "),
        (graph_of({**OURS, "card": "{}"}), "signs: Field required"),
        (graph_of({**OURS, "card": CARD}), "takes or gives something else"),
    ],
)
def test_what_is_no_recogniser_is_told_in_a_sentence(contents, said, tmp_path):
    path = tmp_path / "x.onnx"
    if contents is not None:
        path.write_bytes(contents)
    with pytest.raises(SignpipeError) as raised:
        OnnxGraph(path)
    assert said in str(raised.value) and str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_landmarks_are_pose_left_hand_and_right_hand():
    pose = np.arange(2 * 33 * 4, dtype=np.float32).reshape(2, 33, 4)
    hands = np.full((2, 2, 21, 3), np.nan, np.float32)
    hands[0, :, 3], hands[1, :, 3] = (1, 2, 0), (3, 4, 0)
    found = as_landmarks(pose, hands[0], hands[1])
    assert found.shape == (2, 75, 3) and found.dtype == np.float32
    np.testing.assert_array_equal(found[:, :33], pose[..., [0, 1, 3]])
    np.testing.assert_array_equal(found[1, [33 + 3, 54 + 3]], [[1, 2, 1], [3, 4, 1]])
    assert np.isnan(found[0, 33, :2]).all()


def test_without_onnxruntime_a_sentence_tells_how_to_get_it(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "onnxruntime", None)
    (tmp_path / "x.onnx").write_bytes(b"x")
    with pytest.raises(SignpipeError, match=r"needs onnxruntime.*pip install 'signpipe\[export\]'"):
        OnnxGraph(tmp_path / "x.onnx")
