"""`.pose` files, by pose-format's own reader and writer.

They hold pixels, and a confidence that is 0 where a point was not detected; here these are shares
of the picture and NaN. z is the same in both. A file that lacks points (a reduced one) has NaN for
these: points are placed by their names.
"""

import hashlib
import io
import math
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.formats.foreign import ForeignRecording, UnreadableClip, optional
from signpipe.landmarks.pack import SHAPES, Landmarks
from signpipe.skeleton import HAND_LANDMARKS, HAND_LINES, POSE_LANDMARKS

COMPONENTS = {
    "pose": "POSE_LANDMARKS",
    "left_hand": "LEFT_HAND_LANDMARKS",
    "right_hand": "RIGHT_HAND_LANDMARKS",
}
FINGERS = ("index", "middle", "ring")  # of which MediaPipe says INDEX_FINGER_TIP, but PINKY_TIP
POSE_POINTS = tuple(name.upper() for name in POSE_LANDMARKS)
HAND_POINTS = tuple(
    name.replace("_", "_finger_", 1).upper() if name.startswith(FINGERS) else name.upper()
    for name in HAND_LANDMARKS
)
POINTS = {"pose": POSE_POINTS, "left_hand": HAND_POINTS, "right_hand": HAND_POINTS}
# Pairs of pose landmarks that MediaPipe draws lines between.
POSE_LIMBS = (
    *((0, 1), (1, 2), (2, 3), (3, 7), (0, 4), (4, 5), (5, 6), (6, 8), (9, 10)),
    *((11, 12), (11, 13), (13, 15), (15, 17), (15, 19), (15, 21), (17, 19)),
    *((12, 14), (14, 16), (16, 18), (16, 20), (16, 22), (18, 20)),
    *((11, 23), (12, 24), (23, 24), (23, 25), (24, 26), (25, 27), (26, 28)),
    *((27, 29), (28, 30), (29, 31), (30, 32), (27, 31), (28, 32)),
)
# MediaPipe draws no lines from the wrist to the two middle fingers.
HAND_LIMBS = tuple((b, a) for a, b in HAND_LINES if (b, a) not in ((0, 9), (0, 13)))
# Confidence 0 means not detected; a point that was detected without being visible gets this.
LEAST_CONFIDENCE = 1e-6
MOST_PIXELS = 65_535  # of width or height


def read_pose(path: Path) -> ForeignRecording:
    """The clip of one `.pose` file; of several people the first.

    Raises UnreadableClip if it is damaged or not of MediaPipe Holistic, OSError if it cannot be
    read, SignpipeError without pose-format.
    """
    content = path.read_bytes()
    _format()
    from pose_format import Pose, PoseHeader
    from pose_format.pose_header import PoseHeaderCache
    from pose_format.utils.reader import BufferReader

    PoseHeaderCache.clear_cache()  # else it gives the header that others may have changed since
    try:
        header = PoseHeader.read(BufferReader(content))
        _check_header(header)
        body = Pose.read(content).body
        data, confidence = np.asarray(body.data.data), np.asarray(body.confidence)
        fps = float(body.fps)
    except UnreadableClip:
        raise
    except Exception as error:  # pose-format checks nothing: damage surfaces as anything
        text = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableClip(f"it is damaged or no .pose file: {text}") from error
    if data.ndim != 4 or not data.shape[1] or data.shape[3] < 2:
        raise UnreadableClip("it holds nobody's landmarks in two or three dimensions")
    size = header.dimensions.width, header.dimensions.height
    parts = _parts(header, data[:, 0], confidence[:, 0], size)
    rate = fps if math.isfinite(fps) and fps > 0 else None
    times = np.arange(len(data)) / rate if rate else None
    landmarks = Landmarks(**parts, times=times)
    return ForeignRecording(landmarks, hashlib.sha256(content).hexdigest(), rate, *size)


def _format() -> None:
    optional("pose_format", "pose-format", "reading and writing .pose files")


def _check_header(header: Any) -> None:
    points = {component.name: component.points for component in header.components}
    if not {*points.get(COMPONENTS["pose"], ())} & {*POSE_POINTS}:
        found = ", ".join(points) or "none"
        raise UnreadableClip(
            f"it is not of MediaPipe Holistic: it has no points of POSE_LANDMARKS, its components "
            f"are {found}"
        )
    if not header.dimensions.width or not header.dimensions.height:
        raise UnreadableClip("it does not tell the picture's width and height")


def _parts(
    header: Any,
    data: NDArray[np.float32],
    confidence: NDArray[np.float32],
    size: tuple[int, int],
) -> dict[str, NDArray[np.float32]]:
    parts = {
        name: np.full((len(data), *shape), np.nan, np.float32) for name, shape in SHAPES.items()
    }
    names = {component: part for part, component in COMPONENTS.items()}
    start = 0
    for component in header.components:
        part = names.get(component.name)
        for column, point in enumerate(component.points, start):
            if part is None or point not in POINTS[part]:
                continue
            place = POINTS[part].index(point)
            seen = (confidence[:, column] > 0) & ~np.isnan(data[:, column, :2]).any(axis=1)
            target = parts[part][:, place]
            target[seen, :2] = data[seen, column, :2].astype(np.float64) / size
            if data.shape[2] > 2:
                target[seen, 2] = data[seen, column, 2]
            if part == "pose":
                target[seen, 3] = confidence[seen, column]
        start += len(component.points)
    return parts


def pose_bytes(landmarks: Landmarks, fps: float, width: int, height: int) -> bytes:
    """One clip as the content of a `.pose` file with the components of MediaPipe Holistic.

    FACE_LANDMARKS are there if the clip has the face. z is left out (format XYC) unless it is known
    of every point that was detected. Raises SignpipeError without pose-format.
    """
    _format()
    from pose_format import Pose, PoseHeader
    from pose_format.numpy import NumPyPoseBody
    from pose_format.pose_header import PoseHeaderDimensions

    arrays = [landmarks.pose[..., :3], landmarks.left_hand, landmarks.right_hand]
    if landmarks.face is not None:
        arrays.insert(1, landmarks.face)
    data = np.concatenate(arrays, axis=1).astype(np.float64)
    seen = ~np.isnan(data[..., :2]).any(axis=-1)
    confidence = seen.astype(np.float32)
    visibility = np.clip(np.nan_to_num(landmarks.pose[..., 3]), LEAST_CONFIDENCE, None)
    confidence[:, : len(POSE_POINTS)] *= visibility
    if np.isnan(data[seen, 2]).any():
        data = data[..., :2]
    data[..., :2] *= width, height
    data[~seen] = 0
    form = "XYZC" if data.shape[-1] == 3 else "XYC"
    faces = 0 if landmarks.face is None else landmarks.face.shape[1]
    dimensions = PoseHeaderDimensions(width, height, 0)
    header = PoseHeader(0.2, dimensions, _components(form, faces))
    body = NumPyPoseBody(fps, data[:, None].astype(np.float32), confidence[:, None])
    buffer = io.BytesIO()
    Pose(header, body).write(buffer)
    return buffer.getvalue()


def _components(form: str, faces: int) -> list[Any]:
    from pose_format.pose_header import PoseHeaderComponent

    def component(name: str, points: list[str], limbs: list[tuple[int, int]]) -> Any:
        return PoseHeaderComponent(name, points, limbs, [(255, 0, 0)], form)

    components = [
        component(COMPONENTS["pose"], list(POSE_POINTS), list(POSE_LIMBS)),
        component(COMPONENTS["left_hand"], list(HAND_POINTS), list(HAND_LIMBS)),
        component(COMPONENTS["right_hand"], list(HAND_POINTS), list(HAND_LIMBS)),
    ]
    if faces:
        components.insert(1, component("FACE_LANDMARKS", [str(i) for i in range(faces)], []))
    return components
