"""Pseudo-labels: few labels spread to other clips, along a graph of what an encoder finds alike."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import csr_matrix
from torch import nn

from signpipe.cliptable import Clip
from signpipe.model.backbone import load_backbone, read_backbone_card
from signpipe.model.encoder import Encoder
from signpipe.parts.store import Parts
from signpipe.progress import note
from signpipe.settings import STREAMS_OF, Streams
from signpipe.training.features import embed
from signpipe.training.label_propagation import agreement, neighbour_graph, spread
from signpipe.training.loop import pick_device

LEAST = 0.01  # of confidence; below, the labels say nothing
# Pseudo-labels that do not outnumber the labelled clips help if they are good: if so large a share
# of the labelled clips, hidden in turn, is named rightly by the others.
GOOD = 0.8


@dataclass(frozen=True)
class PseudoLabels:
    """Rows of unlabelled clips in the parts file, their likeliest signs' numbers, and how sure.

    All (N,); confidence is in (LEAST, 1].
    """

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    confidence: NDArray[np.float64]


@dataclass(frozen=True)
class NeighbourGraph:
    """Clips that may be learned from, by rows in the parts file, in order.

    They are seen by an encoder file that fits them, in the first of the wanted `streams`.
    """

    encoder: Path
    parts: Parts
    streams: Streams
    rows: NDArray[np.int64]

    @classmethod
    def of(
        cls, encoder: Path, parts: Parts, clips: list[Clip], streams: Streams
    ) -> "NeighbourGraph":
        """Of `clips`, each once."""
        rows = sorted({parts.rows[clip.clip_id] for clip in clips})
        return cls(encoder, parts, streams, np.array(rows, np.int64))

    @cached_property
    def weights(self) -> csr_matrix:
        """(N, N): those of the edges between the clips, where somebody asks for them."""
        note(f"looking which of {len(self.rows)} clips resemble each other")
        card = read_backbone_card(self.encoder)
        stream = STREAMS_OF[self.streams][0]
        encoders = nn.ModuleDict({stream: Encoder(card.encoder)})
        load_backbone(self.encoder, encoders)
        encoders.to(pick_device())
        return neighbour_graph(embed(encoders, self.parts, self.rows, card.encoder)[stream])

    def pseudo_label(
        self, rows: NDArray[np.int64], labels: NDArray[np.int64], signs: int
    ) -> PseudoLabels | None:
        """The signs of others, from those of `rows` (B,), which must be of here.

        None if no clip is reached, if no sign has two labelled clips, so that nobody can tell
        whether clips that resemble each other show one sign, or if few are reached and they do not.
        `labels` (B,) are below `signs`, and each number occurs.
        """
        known = np.full(len(self.rows), -1, np.int64)
        known[np.searchsorted(self.rows, rows)] = labels
        labels_found, confidence = spread(self.weights, known, signs)
        reached = (known < 0) & (confidence > LEAST)
        if not reached.any():
            return None
        if np.bincount(labels).max() < 2:
            note(
                "unlabelled clips are left out: with one labelled clip of each sign nothing tells "
                "whether similar clips show the same sign"
            )
            return None
        few = reached.sum() <= len(rows)
        if few and (agreement(self.weights, known, signs) or 0.0) < GOOD:
            note("unlabelled clips are left out: similar clips too often show different signs")
            return None
        return PseudoLabels(self.rows[reached], labels_found[reached], confidence[reached])
