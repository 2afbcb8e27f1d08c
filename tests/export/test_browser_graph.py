import pytest

from signpipe.errors import SignpipeError
from signpipe.export import browser_graph as module
from signpipe.export.browser_graph import FOUND, TO_MEMORY, browser_graph
from signpipe.landmarks.graph import DETECTION, TRACKING, faceless_graph, lean_graph, pose_model
from signpipe.landmarks.holistic import quiet_stderr
from signpipe.settings import ExtractSettings

SETTINGS = ExtractSettings(min_detection_confidence=0.625, min_tracking_confidence=0.375)
OWN = 3 + 2  # what brings the picture, and the constants


def graph_of(settings):
    from mediapipe.framework import calculator_pb2

    graph = calculator_pb2.CalculatorGraphConfig()
    graph.ParseFromString(browser_graph(settings))
    return graph


@pytest.fixture(scope="module")
def graph():
    return graph_of(SETTINGS)


def test_nodes_and_options_are_those_of_extraction(graph):
    with quiet_stderr():
        lean = {node.name: node for node in lean_graph(faceless_graph()).node}
    changed = 0
    for node in graph.node[OWN:]:
        other = lean[node.name]
        if node.calculator == "InferenceCalculator" or node.name in (DETECTION, TRACKING):
            changed += 1
            continue
        assert node.calculator == other.calculator
        assert str(node) == str(other), node.name
    assert changed == 6 + 2  # two hands' models of landmarks and crops, and two of the pose
    text = str(graph)
    assert "min_score_thresh: 0.625" in text and "threshold: 0.375" in text
    assert "kernel_size" not in text  # Python loses it


def test_it_needs_no_more_than_what_is_asked_for(graph):
    made = {
        name.split(":")[-1]
        for node in graph.node
        for name in (*node.output_stream, *node.output_side_packet)
    }
    used = {
        name.split(":")[-1]
        for node in graph.node
        for name in (*node.input_stream, *node.input_side_packet)
    }
    assert used - made == {"input_frames_gpu"}
    assert made >= set(FOUND)
    calculators = {node.calculator for node in graph.node}
    assert not calculators & {
        "TensorsToSegmentationCalculator",
        "TensorsToClassificationCalculator",
    }
    assert "face" not in str(graph).lower()


def test_browsers_know_every_calculator(graph, packages):
    code = (packages / "@mediapipe/holistic/holistic_solution_simd_wasm_bin.wasm").read_bytes()
    calculators = {node.calculator for node in graph.node}
    assert len(calculators) > 20 and {name for name, *_ in TO_MEMORY} < calculators
    assert [name for name in calculators if name.encode() not in code] == []


def test_another_mediapipe_is_refused(monkeypatch):
    monkeypatch.setattr(module, "DETECTION", "renamed")
    with pytest.raises(SignpipeError, match=r"not known; install mediapipe 0\.10\.21"):
        browser_graph(SETTINGS)


def test_python_and_browsers_have_the_same_pose_model(packages):
    theirs = (packages / "@mediapipe/holistic/pose_landmark_full.tflite").read_bytes()
    assert theirs == pose_model(1).read_bytes()
