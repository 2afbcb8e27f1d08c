import json

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.export.browser_graph import FILES, browser_graph, packed_models
from signpipe.landmarks.graph import pose_model


def test_face_and_segmentation_are_left_out(packages):
    from mediapipe.framework import calculator_pb2

    whole = (packages / "@mediapipe/holistic/holistic.binarypb").read_bytes()
    graph = calculator_pb2.CalculatorGraphConfig()
    graph.ParseFromString(browser_graph(whole))
    assert b"Face" in whole
    assert not [node for node in graph.node if "face" in str(node).lower()]
    produced = {name.split(":")[-1] for node in graph.node for name in node.output_stream}
    assert produced >= {"pose_landmarks", "left_hand_landmarks", "right_hand_landmarks"}
    assert "segmentation_mask" not in produced
    with pytest.raises(SignpipeError, match="not known"):
        browser_graph(calculator_pb2.CalculatorGraphConfig().SerializeToString())


def test_models_that_remain_are_the_same_bytes(packages):
    holistic = packages / "@mediapipe/holistic"
    loader = (holistic / "holistic_solution_packed_assets_loader.js").read_text()
    data = (holistic / "holistic_solution_packed_assets.data").read_bytes()
    lean_loader, lean = packed_models(loader, data)
    assert len(lean) < 0.6 * len(data)

    def files(text, packed):
        found = FILES.search(text)
        assert int(found[2]) == len(packed)
        return {f["filename"]: packed[f["start"] : f["end"]] for f in json.loads(found[1])}

    before, after = files(loader, data), files(lean_loader, lean)
    assert {name: before[name] for name in after} == after
    assert sorted(name.split("/")[-1] for name in after) == [
        "hand_landmark_full.tflite",
        "hand_recrop.tflite",
        "handedness.txt",
        "pose_detection.tflite",
    ]
    with pytest.raises(SignpipeError, match="not known"):
        packed_models(loader, data[:-1])


def test_python_and_browsers_have_the_same_pose_model(packages):
    theirs = (packages / "@mediapipe/holistic/pose_landmark_full.tflite").read_bytes()
    assert np.array_equal(
        np.frombuffer(theirs, np.uint8), np.frombuffer(pose_model(1).read_bytes(), np.uint8)
    )
