"""The graph of `landmarks.graph` for MediaPipe in browsers: the same nodes with the same options.

MediaPipe's npm package has a graph of its own. Its graphics card cuts and scales pictures half a
pixel aside from where OpenCV does so in Python, and it heeds options that are lost in Python: its
landmarks are 0.003 of the picture away.
"""

from typing import Any

from signpipe.errors import SignpipeError
from signpipe.landmarks.graph import (
    DETECTION,
    HAND_MODEL,
    LOADER,
    TRACKING,
    faceless_graph,
    lean_graph,
)
from signpipe.landmarks.holistic import quiet_stderr
from signpipe.settings import ExtractSettings

FOUND = ("pose_landmarks", "left_hand_landmarks", "right_hand_landmarks")
PICTURE, ON, IN = "image", ("smooth_landmarks", "use_prev_landmarks"), "input_frames_gpu"
# What brings a picture of the page to where nodes expect one: (calculator, input, output).
TO_MEMORY = (
    ("GlScalerCalculator", f"VIDEO:{IN}", "VIDEO:upright"),
    ("ToImageCalculator", "IMAGE_GPU:upright", "IMAGE:anywhere"),
    ("FromImageCalculator", "IMAGE:anywhere", f"IMAGE_CPU:{PICTURE}"),
)
POSE_LANDMARK, HAND_LANDMARK = "pose_landmark.tflite", "hand_landmark.tflite"


def browser_graph(settings: ExtractSettings) -> bytes:
    """`graph.binarypb` of these settings; its models are asked for by their files' bare names.

    Raises SignpipeError for a mediapipe that is not known.
    """
    from mediapipe.calculators.core import constant_side_packet_calculator_pb2 as constants
    from mediapipe.framework import calculator_pb2

    try:
        with quiet_stderr():
            lean = lean_graph(faceless_graph())
        lean.DiscardUnknownFields()  # these are what is lost in Python
        nodes = _needed([node for node in lean.node if LOADER not in node.name])
        _set_options(nodes, settings)
    except Exception as error:
        raise SignpipeError(
            "this version of mediapipe is not known; install mediapipe 0.10.21"
        ) from error
    graph = calculator_pb2.CalculatorGraphConfig(input_stream=[IN], max_queue_size=100)
    graph.executor.add(type="ApplicationThreadExecutor")  # a page has but one thread
    for calculator, given, made in TO_MEMORY:
        graph.node.add(calculator=calculator, input_stream=[given], output_stream=[made])
    for name in ON:
        node = graph.node.add(
            calculator="ConstantSidePacketCalculator", output_side_packet=[f"PACKET:{name}"]
        )
        node.options.Extensions[constants.ConstantSidePacketCalculatorOptions.ext].packet.add(
            bool_value=True
        )
    graph.node.extend(nodes)
    return bytes(graph.SerializeToString())


def _needed(nodes: list[Any]) -> list[Any]:
    """Those of the nodes that `FOUND` comes from: without world landmarks, handedness, masks."""
    makers = {
        _name(made): i
        for i, node in enumerate(nodes)
        for made in (*node.output_stream, *node.output_side_packet)
    }
    needed: set[int] = set()
    wanted = [*FOUND]
    while wanted:
        i = makers.get(wanted.pop())
        if i is not None and i not in needed:
            needed.add(i)
            node = nodes[i]
            wanted += map(_name, (*node.input_stream, *node.input_side_packet))
    return [nodes[i] for i in sorted(needed)]


def _set_options(nodes: list[Any], settings: ExtractSettings) -> None:
    """The two confidences, and a file for every model, which may run anywhere."""
    from mediapipe.calculators.tensor import inference_calculator_pb2 as inference
    from mediapipe.calculators.tensor import tensors_to_detections_calculator_pb2 as detections
    from mediapipe.calculators.util import thresholding_calculator_pb2 as thresholding

    by_name = {node.name: node.options.Extensions for node in nodes}
    found = by_name[DETECTION][detections.TensorsToDetectionsCalculatorOptions.ext]
    found.min_score_thresh = settings.min_detection_confidence
    tracked = by_name[TRACKING][thresholding.ThresholdingCalculatorOptions.ext]
    tracked.threshold = settings.min_tracking_confidence
    for node in nodes:
        if not node.calculator.startswith("InferenceCalculator"):
            continue
        node.calculator = "InferenceCalculator"
        options = node.options.Extensions[inference.InferenceCalculatorOptions.ext]
        options.ClearField("delegate")
        if node.input_side_packet:  # from a node that loads it
            options.model_path = HAND_LANDMARK if HAND_MODEL in node.name else POSE_LANDMARK
            del node.input_side_packet[:]
        options.model_path = options.model_path.split("/")[-1]


def _name(tagged: str) -> str:
    return tagged.split(":")[-1]
