"""MediaPipe's Holistic graph, cut down to what is asked of it.

Forms with identical numbers, from slow to fast: `whole_graph` as MediaPipe ships it,
`faceless_graph`, and `lean_graph` of either, without the branch of the pose model that paints a
segmentation mask, which nothing here reads.
"""

from importlib.metadata import version
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError

GRAPH = "modules/holistic_landmark/holistic_landmark_cpu.binarypb"
POSE_MODELS = ("lite", "full", "heavy")  # by model_complexity
POSE, HANDS = "PoseLandmarkCpu", "HandLandmarksLeftAndRightCpu"
FACE_NAMES = ("face", "refine")  # how names of streams begin that only the face needs
LOADER = "modelloader"  # in the names of the nodes that load a model of landmarks
POSE_LOADER = f"poselandmark{LOADER}"
HAND_MODEL = "handlandmarkcpu"  # in the names of the nodes around the hands' model of landmarks
# The nodes that take a person as found, and as still there.
DETECTION = "poselandmarkcpu__posedetectioncpu__TensorsToDetectionsCalculator"
TRACKING = (
    "poselandmarkcpu__poselandmarkbyroicpu__tensorstoposelandmarksandsegmentation"
    "__ThresholdingCalculator"
)
MODEL_INPUT = "pose_model"
# The pose model's outputs: landmarks, score, segmentation, heat map, world landmarks.
SEGMENTATION, SCORE = 2, 1


def mediapipe_version() -> str:
    """The installed version of mediapipe."""
    return version("mediapipe")


def mediapipe_folder() -> Path:
    """Where mediapipe is installed."""
    import mediapipe

    return Path(mediapipe.__file__).parent


def pose_model(complexity: int) -> Path:
    """The file of a pose model. Raises SignpipeError if this mediapipe does not bring it."""
    folder = mediapipe_folder() / "modules/pose_landmark"
    path = folder / f"pose_landmark_{POSE_MODELS[complexity]}.tflite"
    if not path.exists():  # mediapipe itself would download it
        raise SignpipeError(
            f"mediapipe comes without the pose model of model_complexity {complexity}; use 1, or "
            f"put {path.name} into {folder}"
        )
    return path


def whole_graph() -> Any:
    """The graph's configuration (CalculatorGraphConfig) with everything in it, the face too."""
    from mediapipe.framework import calculator_pb2

    config = calculator_pb2.CalculatorGraphConfig()
    config.ParseFromString((mediapipe_folder() / GRAPH).read_bytes())
    config.ClearField("type")  # the name stands for the graph as it is
    return config


def faceless_graph() -> Any:
    """The graph without its face branch. Raises SignpipeError for an unknown mediapipe."""
    config = whole_graph()
    nodes = [node for node in config.node if node.calculator in (POSE, HANDS)]
    if len(nodes) != 2:
        raise SignpipeError("this version of mediapipe is not known; install mediapipe 0.10.21")
    _keep(config.node, nodes)
    for names in (config.output_stream, config.input_side_packet):
        _keep(names, [name for name in names if not name.lower().startswith(FACE_NAMES)])
    return config


def lean_graph(config: Any) -> Any:
    """One of the graphs above, taking its pose model from the side input `pose_model`.

    Whatever of this fails on another mediapipe does so with any exception.
    """
    from mediapipe.framework import calculator_pb2
    from mediapipe.python._framework_bindings import resource_util, validated_graph_config

    # Unfolded, its nodes can be changed one by one.
    resource_util.set_resource_dir(str(mediapipe_folder().parent))
    unfolded = validated_graph_config.ValidatedGraphConfig()
    unfolded.initialize(graph_config=config)
    config = calculator_pb2.CalculatorGraphConfig()
    config.ParseFromString(unfolded.binary_config)
    nodes = []
    for node in config.node:
        if POSE_LOADER not in node.name:
            nodes.append(node)
        elif node.calculator == "TfLiteModelCalculator":
            _keep(node.input_side_packet, [f"MODEL_BLOB:{MODEL_INPUT}"])
            nodes.append(node)
    _keep(config.node, nodes)
    config.input_side_packet.remove("MODEL_COMPLEXITY:model_complexity")
    config.input_side_packet.append(MODEL_INPUT)
    return config


def lean_pose_model(complexity: int) -> bytes:
    """A pose model (TFLite) without the operators that only its segmentation needs."""
    return without_segmentation(pose_model(complexity).read_bytes())


def without_segmentation(data: bytes) -> bytes:
    """The same of the bytes of a pose model.

    The output's place is kept, for the graph counts outputs, and given the score again.
    """
    import flatbuffers
    from mediapipe.tasks.metadata import schema_py_generated as schema

    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(data, 0))
    net = model.subgraphs[0]
    makers = {tensor: i for i, op in enumerate(net.operators) for tensor in op.outputs}
    outputs = [int(tensor) for tensor in net.outputs]
    outputs[SEGMENTATION] = outputs[SCORE]
    needed: set[int] = set()
    tensors = [*outputs]
    while tensors:
        maker = makers.get(tensors.pop())
        if maker is not None and maker not in needed:
            needed.add(maker)
            tensors += [int(tensor) for tensor in net.operators[maker].inputs]
    net.operators = [op for i, op in enumerate(net.operators) if i in needed]
    net.outputs = outputs
    builder = flatbuffers.Builder(len(data))
    builder.Finish(model.Pack(builder), file_identifier=b"TFL3")
    return bytes(builder.Output())


def _keep(field: Any, values: list[Any]) -> None:
    del field[:]
    field.extend(values)
