"""MediaPipe's Holistic graph for browsers, cut down as `landmarks.graph` cuts the one in Python.

Face and segmentation are left out, and the files that only they need.
"""

import json
import re

from signpipe.errors import SignpipeError

SCALER, CONSTANT = "GlScalerCalculator", "ConstantSidePacketCalculator"
POSE, HANDS = "PoseLandmarkGpu", "HandLandmarksLeftAndRightGpu"
CONSTANTS = ("model_complexity", "smooth_landmarks", "enable_segmentation", "smooth_segmentation")
PICTURE = "IMAGE:image_transformed"
KEPT = (
    "hand_landmark_full.tflite",
    "handedness.txt",
    "hand_recrop.tflite",
    "pose_detection.tflite",
)
FILES = re.compile(r'\{"files": (\[.*?\]), "remote_package_size": (\d+)')


def browser_graph(whole: bytes) -> bytes:
    """`graph.binarypb` from the package's `holistic.binarypb`.

    Raises SignpipeError for a graph that is not known.
    """
    from mediapipe.framework import calculator_pb2

    given, lean = calculator_pb2.CalculatorGraphConfig(), calculator_pb2.CalculatorGraphConfig()
    given.ParseFromString(whole)
    lean.CopyFrom(given)
    del lean.node[:]
    kept = {f"PACKET:{name}" for name in CONSTANTS}
    for node in given.node:
        if node.calculator == SCALER or kept & set(node.output_side_packet):
            lean.node.append(node)
    if len(lean.node) != 1 + len(CONSTANTS):
        raise SignpipeError(
            "this version of @mediapipe/holistic is not known; export fetches its own"
        )
    lean.node.add(
        calculator=POSE,
        input_stream=[PICTURE],
        input_side_packet=[f"{name.upper()}:{name}" for name in CONSTANTS],
        output_stream=["LANDMARKS:pose_landmarks"],
    )
    lean.node.add(
        calculator=HANDS,
        input_stream=[PICTURE, "POSE_LANDMARKS:pose_landmarks"],
        output_stream=[
            "LEFT_HAND_LANDMARKS:left_hand_landmarks",
            "RIGHT_HAND_LANDMARKS:right_hand_landmarks",
        ],
    )
    return bytes(lean.SerializeToString())


def packed_models(loader: str, data: bytes) -> tuple[str, bytes]:
    """The script that unpacks the models, and the models, with those of hands and pose alone."""
    found = FILES.search(loader)
    if found is None or int(found[2]) != len(data):
        raise SignpipeError(
            "this version of @mediapipe/holistic is not known; export fetches its own"
        )
    files, packed = [], b""
    for file in json.loads(found[1]):
        if file["filename"].endswith(KEPT):
            piece = data[file["start"] : file["end"]]
            end = len(packed) + len(piece)
            files.append({"filename": file["filename"], "start": len(packed), "end": end})
            packed += piece
    told = f'{{"files": {json.dumps(files)}, "remote_package_size": {len(packed)}'
    return loader[: found.start()] + told + loader[found.end() :], packed
