"""mediapipe without what its `import` brings along: its Tasks, its drawing, and so matplotlib."""

import sys
from importlib import import_module
from importlib.util import find_spec, module_from_spec

# The options of calculators that mediapipe's own `import` makes known. What a graph says in any
# other is lost without a word: here too, for Holistic's landmarks are those without it.
OPTIONS = {
    "core": "constant_side_packet flow_limiter gate split_vector",
    "image": "image_transformation warp_affine",
    "tensor": "image_to_tensor inference tensors_to_classification tensors_to_detections "
    "tensors_to_floats tensors_to_landmarks tensors_to_segmentation",
    "tflite": "ssd_anchors",
    "util": "association collection_has_min_size detection_label_id_to_text detections_to_rects "
    "landmark_projection landmarks_refinement landmarks_smoothing local_file_contents logic "
    "non_max_suppression rect_transformation thresholding visibility_smoothing",
}
ELSEWHERE = (
    "framework.tool.switch_container_pb2",
    "modules.holistic_landmark.calculators.roi_tracking_calculator_pb2",
)


def bare_mediapipe() -> None:
    """Make `import mediapipe` bring only what is asked for, in this process from now on.

    For processes of our own, in which nobody else uses mediapipe, and before it is imported: that
    is a third of the start of a worker.
    """
    spec = find_spec("mediapipe")
    if spec is None or "mediapipe" in sys.modules:
        return
    sys.modules["mediapipe"] = module_from_spec(spec)  # the package; its own code does not run
    for folder, names in OPTIONS.items():
        for name in names.split():
            import_module(f"mediapipe.calculators.{folder}.{name}_calculator_pb2")
    for name in ELSEWHERE:
        import_module(f"mediapipe.{name}")
