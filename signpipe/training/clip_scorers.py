"""What a recogniser's model says of one clip: torch's model, or the same in an ONNX file."""

from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts

# An ONNX file is run without torch.
if TYPE_CHECKING:
    from signpipe.model.onnx_graph import GraphOutputs, OnnxGraph
    from signpipe.model.stream_classifiers import StreamClassifiers

Size = tuple[int | None, int | None]  # the picture's width and height in pixels, where known


class ClipScorer(Protocol):
    """Safe to use from several threads."""

    def logits(self, landmarks: Landmarks, size: Size) -> NDArray[np.float64]:
        """(1, S) of T > 0 frames."""
        ...

    def feature(self, landmarks: Landmarks, size: Size) -> NDArray[np.float32]:
        """(D,) of length 1, of T > 0 frames."""
        ...


class TorchScorer:
    """A `ClipScorer` of a recogniser's folder."""

    def __init__(self, model: "StreamClassifiers", card: RecognizerCard) -> None:
        self._model, self._card = model.eval(), card

    def logits(self, landmarks: Landmarks, size: Size) -> NDArray[np.float64]:
        from signpipe.model.stream_classifiers import final
        from signpipe.training.scoring import score

        parts = self._parts(landmarks, size)
        found = score(self._model, parts, np.zeros(1, np.int64), self._card.encoder.frames)
        return final(found, self._card.joint_weight).astype(np.float64)

    def feature(self, landmarks: Landmarks, size: Size) -> NDArray[np.float32]:
        from signpipe.training.features import joined

        parts = self._parts(landmarks, size)
        encoders, settings = self._model.encoders, self._card.encoder
        return joined(encoders, parts, np.zeros(1, np.int64), settings, self._card.joint_weight)[0]

    def _parts(self, landmarks: Landmarks, size: Size) -> Parts:
        return Parts.of({"clip": to_keypoints(landmarks, self._card.prepare, *size)})


class OnnxScorer:
    """A `ClipScorer` of an ONNX file."""

    def __init__(self, graph: "OnnxGraph") -> None:
        self._graph = graph

    def logits(self, landmarks: Landmarks, size: Size) -> NDArray[np.float64]:
        return self.outputs(landmarks, size).logits.astype(np.float64)

    def feature(self, landmarks: Landmarks, size: Size) -> NDArray[np.float32]:
        return self.outputs(landmarks, size).feature[0]

    def outputs(self, landmarks: Landmarks, size: Size) -> "GraphOutputs":
        """All that the file says of T > 0 frames."""
        hands = landmarks.left_hand, landmarks.right_hand
        return self._graph.one(landmarks.pose, *hands, *size)
