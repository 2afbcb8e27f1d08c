"""A recogniser in an ONNX file, run by onnxruntime: no torch, and nothing to rebuild around it.

What the file takes and gives, by name; B clips, T frames of the longest:

    landmarks      (B, T, 75, 3) float32  x, y as shares of the picture, and confidence; NaN where
                                          not detected. 33 of the pose, whose confidence is its
                                          visibility, 21 of the left hand, 21 of the right, in
                                          MediaPipe's order; a hand's confidence is not looked at
    size           (B, 2) float32         the picture's width and height in pixels; zeros: 4 to 3
    lengths        (B,) int64             how many of the T frames are the clip's own
    logits         (B, S) float32         of the S signs
    probabilities  (B, S) float32         calibrated
    unknownness    (B,) float32           above the threshold the answer is "none of these"
    idle           (B,) float32           above 0 the clip looks like idle hands that were taught
    feature        (B, D) float32         of length 1; the inner product of two is their likeness
    row            (B, D) float32         the feature, of taught recognisers whitened: the one to
                                          compare with those of takes

Its metadata are the texts `format`, `version`, `landmarks`, `weights`, `signs` (JSON), `threshold`
(a number, or empty) and `card` (JSON, a `RecognizerCard`).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from signpipe.errors import SignpipeError, first_fault, missing_extra
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.workspace import parse_json

SUFFIX = ".onnx"
FORMAT, VERSION = "signpipe-onnx", "1"
POSE, LEFT, RIGHT = slice(0, 33), slice(33, 54), slice(54, 75)
LANDMARKS = "33 of the pose, 21 of the left hand, 21 of the right; x, y, confidence"
INPUTS = ("landmarks", "size", "lengths")
OUTPUTS = ("logits", "probabilities", "unknownness", "idle", "feature", "row")
LARGEST = (2 << 30) - 1  # bytes, of any protocol buffer

Array = NDArray[np.float32]


@dataclass(frozen=True)
class GraphOutputs:
    """What the graph says of B clips; see the head of this module."""

    logits: Array
    probabilities: Array
    unknownness: Array
    idle: Array
    feature: Array
    row: Array


class OnnxGraph:
    """An ONNX file that `signpipe export` has written, ready to run. Safe to use from threads."""

    def __init__(self, path: Path) -> None:
        """Raises SignpipeError if onnxruntime or the file is missing, damaged or not of ours."""
        self._session = _session(path)
        self.card = _card(path, self._session.get_modelmeta().custom_metadata_map)
        names = [tuple(value.name for value in of()) for of in _interface(self._session)]
        if names != [INPUTS, OUTPUTS]:
            raise SignpipeError(f"{path} takes or gives something else; export it again")

    def __call__(self, landmarks: Array, size: Array, lengths: NDArray[np.int64]) -> GraphOutputs:
        given = dict(zip(INPUTS, (landmarks, size, lengths), strict=True))
        return GraphOutputs(*self._session.run(list(OUTPUTS), given))

    def one(
        self,
        pose: Array,
        left_hand: Array,
        right_hand: Array,
        width: int | None,
        height: int | None,
    ) -> GraphOutputs:
        """Of one clip of T > 0 frames, its parts as MediaPipe gives them: (T, joints, 3 or 4)."""
        landmarks = as_landmarks(pose, left_hand, right_hand)
        size = np.array([[width or 0, height or 0]], np.float32)
        return self(landmarks[None], size, np.array([len(landmarks)], np.int64))


def is_onnx(path: Path) -> bool:
    """Whether a recogniser is such a file, by its name, and no folder."""
    return path.suffix == SUFFIX and not path.is_dir()


def as_landmarks(pose: Array, left_hand: Array, right_hand: Array) -> Array:
    """(T, 75, 3): as the graph takes them."""
    hands = np.concatenate([left_hand, right_hand], axis=1)[..., :2]
    sure = np.ones_like(hands[..., :1])
    return np.concatenate(
        [pose[..., [0, 1, 3]], np.concatenate([hands, sure], axis=2)], axis=1, dtype=np.float32
    )


def _session(path: Path) -> Any:
    try:
        import onnxruntime
    except ImportError as error:
        raise missing_extra(str(path), "onnxruntime", "export") from error
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 4
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    try:
        if path.stat().st_size > LARGEST:
            raise SignpipeError(f"{path} is larger than any ONNX file; get it again")
        # As bytes: from there no file beside it is read.
        return onnxruntime.InferenceSession(
            path.read_bytes(), options, providers=["CPUExecutionProvider"]
        )
    except OSError as error:
        raise SignpipeError(f"cannot read {path}: {error.strerror or error}") from error
    except SignpipeError:
        raise
    except Exception as error:  # onnxruntime has many, and no parent of them
        raise SignpipeError(f"{path} is no ONNX file that can be run; export it again") from error


def _interface(session: Any) -> Any:
    return session.get_inputs, session.get_outputs


def _card(path: Path, metadata: dict[str, str]) -> RecognizerCard:
    if metadata.get("format") != FORMAT or "card" not in metadata:
        raise SignpipeError(f"{path} is no recogniser: signpipe has not written it")
    if metadata.get("version") != VERSION:
        raise SignpipeError(
            f"{path} is of version {metadata.get('version')}, not {VERSION}; export it again"
        )
    try:
        return RecognizerCard.model_validate(parse_json(metadata["card"]))
    except ValidationError as error:
        raise SignpipeError(f"{path}: {first_fault(error)}") from error
    except ValueError as error:
        raise SignpipeError(f"{path}: {error}") from error
