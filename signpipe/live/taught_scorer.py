"""The encoder of a taught recogniser: clips to features."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from torch import nn

from signpipe.landmarks.pack import Landmarks
from signpipe.live.taught import Taught
from signpipe.live.taught_folder import JOINT_WEIGHT, TaughtFolder
from signpipe.model.backbone import load_backbone, new_encoders
from signpipe.model.class_means import Rows, unit_rows
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings
from signpipe.training.clip_scorers import Size
from signpipe.training.features import embed, join, unit

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
        return ambidextrous(self._encoders, parts, rows, self._card.encoder, self._weight)


def ambidextrous(
    encoders: nn.ModuleDict,
    parts: Parts,
    rows: NDArray[np.int64],
    settings: EncoderSettings,
    joint_weight: float = JOINT_WEIGHT,
) -> Rows:
    """(B, D) of length 1: what a taught recogniser keeps of the clips `rows`.

    The mean of a clip and its mirror image: a sign shown with the other hand is the same sign.
    """

    def seen(mirrored: bool) -> Rows:
        by_stream = unit(embed(encoders, parts, rows, settings, mirrored=mirrored))
        return list(join(by_stream, joint_weight).values())[-1]

    return unit_rows(seen(False) + seen(True))
