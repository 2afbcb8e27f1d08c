"""The recogniser: an encoder and a linear classifier for each stream, and the folder that holds it.

recognizer/
├── model.safetensors   weights
└── recognizer.json     a `RecognizerCard`: the signs, the layout, and every setting predict needs
"""

from pathlib import Path
from typing import TypeVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from signpipe.errors import SignpipeError
from signpipe.model.encoder import Encoder, Features
from signpipe.model.momentum import STREAMS, StreamViews
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.model.weights import check_weights, load_weights, save_weights
from signpipe.settings import (
    STREAMS_OF,
    Classifier,
    EncoderSettings,
    Streams,
)
from signpipe.workspace import write_json

Array = TypeVar("Array", Tensor, NDArray[np.float32])
ANSWERS = (*STREAMS, "both")  # of a recogniser with both; one with a single stream has that


class StreamClassifiers(nn.Module):
    """Clips of both streams -> logits over `signs` for each stream it has.

    A linear `classifier` sees the sum of hand and trunk, the method's f = h + b, or both parts side
    by side, which leaves it to weigh them.
    """

    def __init__(
        self,
        settings: EncoderSettings,
        signs: int,
        streams: Streams = "both",
        classifier: Classifier = "sum",
    ) -> None:
        super().__init__()
        self.settings, names = settings, STREAMS_OF[streams]
        self.sum = classifier == "sum"
        width = settings.part_channels * (1 if self.sum else 2)
        self.encoders = nn.ModuleDict({m: Encoder(settings) for m in names})
        self.classifiers = nn.ModuleDict({m: nn.Linear(width, signs) for m in names})

    def forward(self, views: StreamViews) -> dict[str, Tensor]:
        """Logits (B, signs) by stream; points (B, T, 49, 2), valid (B, T, 49) by stream."""
        return self.classify({m: encoder(*views[m]) for m, encoder in self.encoders.items()})

    def classify(self, found: dict[str, Features]) -> dict[str, Tensor]:
        """The same of what the encoders have found, by stream."""
        return {
            m: self.classifiers[m](f.fused if self.sum else torch.cat([f.hand, f.trunk], dim=1))
            for m, f in found.items()
        }


def combine(logits: dict[str, Array], joint_weight: float = 0.5) -> dict[str, Array]:
    """Add `both`: the weighted mean of the two streams' logits (method page, "Downstream").

    With one stream alone nothing is added.
    """
    if len(logits) == 1:
        return logits
    both = joint_weight * logits["joint"] + (1 - joint_weight) * logits["motion"]
    return {**logits, "both": both}


def final(logits: dict[str, Array], joint_weight: float = 0.5) -> Array:
    """What a recogniser says in the end: `both`, or its only stream."""
    return list(combine(logits, joint_weight).values())[-1]


def save_recognizer(folder: Path, recognizer: StreamClassifiers, card: RecognizerCard) -> None:
    """Write the recogniser's folder; the card comes last, and without it there is none."""
    save_weights(folder / "model.safetensors", recognizer)
    write_json(folder / "recognizer.json", card.model_dump())


def load_recognizer(folder: Path) -> tuple[StreamClassifiers, RecognizerCard]:
    """The recogniser, in evaluation mode, and its card.

    Raises SignpipeError if the folder is missing, damaged, or of another layout or version.
    """
    card = read_card(folder)
    if card.kind != "finetuned":
        raise SignpipeError(
            f"{folder} is a {card.kind} recogniser, which has no classifiers; name a fine-tuned one"
        )

    def build() -> StreamClassifiers:
        return StreamClassifiers(card.encoder, len(card.signs), card.streams, card.classifier)

    check_weights(folder / "model.safetensors", build)
    recognizer = build()
    load_weights(recognizer, folder / "model.safetensors")
    return recognizer.eval(), card
