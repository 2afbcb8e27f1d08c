"""Clips as a dictionary compares them: an encoder's features, and frames for time warping."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.model.backbone import load_backbone, new_encoders, read_backbone_card
from signpipe.parts.store import Parts
from signpipe.training.features import joined
from signpipe.training.nearest_signs import JOINT_WEIGHT
from signpipe.training.warping import Sequences, sequences


class Embedder:
    """An encoder file, loaded. Safe to use from several threads."""

    def __init__(self, file: Path) -> None:
        """Raises SignpipeError if it is no encoder, damaged, or of another layout."""
        self.card = read_backbone_card(file)
        self._encoders = new_encoders(self.card)
        load_backbone(file, self._encoders)
        self._encoders.eval()

    @property
    def width(self) -> int:
        """The number of a clip's features."""
        return 2 * self.card.encoder.part_channels * len(self._encoders)

    def rows(self, clips: Sequence[NDArray[np.float32]]) -> tuple[NDArray[np.float32], Sequences]:
        """Features (B, D) of length 1, and sequences, of B > 0 clips.

        Clips are keypoints (T, 49, 3), prepared as the encoder's card says.
        """
        parts = Parts.of({str(number): clip for number, clip in enumerate(clips)})
        rows = np.arange(len(clips))
        features = joined(self._encoders, parts, rows, self.card.encoder, JOINT_WEIGHT)
        return features, sequences(parts, rows)
