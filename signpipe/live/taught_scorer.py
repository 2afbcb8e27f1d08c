"""The encoder of a taught recogniser: clips to features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks
from signpipe.live.taught import Taught
from signpipe.live.taught_folder import TaughtFolder
from signpipe.model.backbone import load_backbone, new_encoders
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.training.clip_scorers import Size
from signpipe.training.features import joined

Seen = tuple[Landmarks, Size]  # a clip of T > 0 frames


class TaughtScorer:
    """A `ClipScorer` of a taught recogniser's folder. `taught` is what it knows."""

    def __init__(self, folder: TaughtFolder) -> None:
        self.taught = Taught(folder)
        self._card, self._weight = folder.encoder_card, folder.joint_weight
        self._encoders = new_encoders(self._card)
        load_backbone(folder.encoder, self._encoders)
        self._encoders.eval()

    def logits(self, landmarks: Landmarks, size: Size) -> NDArray[np.float64]:
        return self.taught.logits(self.feature(landmarks, size))

    def feature(self, landmarks: Landmarks, size: Size) -> NDArray[np.float32]:
        return self.features([(landmarks, size)])[0]

    def features(self, clips: Sequence[Seen]) -> NDArray[np.float32]:
        """(B, D) of length 1, of B > 0 clips."""
        prepare = self._card.prepare
        parts = Parts.of(
            {str(i): to_keypoints(clip, prepare, *size) for i, (clip, size) in enumerate(clips)}
        )
        rows = np.arange(len(clips), dtype=np.int64)
        settings, weight = self._card.encoder, self._weight
        return joined(self._encoders, parts, rows, settings, weight, ambidextrous=True)
