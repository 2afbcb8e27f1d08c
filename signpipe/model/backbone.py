"""The pretrained encoders in one safetensors file that describes itself.

The weights are named `<stream>.<parameter of Encoder>`; the metadata holds a `BackboneCard`.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import nn

from signpipe import __version__
from signpipe.errors import SignpipeError, first_fault
from signpipe.model.encoder import Encoder
from signpipe.model.recognizer_card import LAYOUT
from signpipe.model.weights import check_weights, load_weights, read_metadata, save_weights
from signpipe.settings import STREAMS_OF, EncoderSettings, PrepareSettings, Streams
from signpipe.workspace import parse_json


class BackboneCard(BaseModel):
    """What a pretrained encoder says of itself."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field("signpipe-encoder", pattern="^signpipe-encoder$")
    version: int = Field(1, ge=1, le=1)
    layout: str = LAYOUT
    signpipe: str = "unknown"  # the version that wrote it
    streams: Streams = "both"
    encoder: EncoderSettings
    prepare: PrepareSettings
    # Settings, clips, epochs, seed, what it began from; of one that is passed on also `sources` and
    # `figures`. For people.
    trained: dict[str, Any] = {}


def save_backbone(
    path: Path, encoders: nn.ModuleDict, card: BackboneCard, *, half: bool = False
) -> None:
    """Write the encoders of the card's streams atomically, on request in half precision."""
    save_weights(path, encoders, {"card": card.model_dump_json()}, half=half)


def read_backbone_card(path: Path) -> BackboneCard:
    """The card of an encoder file, which its weights bear out.

    Raises SignpipeError if it is none, damaged, or of another layout.
    """
    text = read_metadata(path).get("card")
    try:
        if text is None:
            raise ValueError("it has no card")
        card = BackboneCard.model_validate(parse_json(text))
    except ValidationError as error:
        raise SignpipeError(f"{path} is no signpipe encoder: {first_fault(error)}") from error
    except ValueError as error:
        raise SignpipeError(f"{path} is no signpipe encoder: {error}") from error
    if card.layout != LAYOUT:
        raise SignpipeError(
            f"the encoder {path} was made differently: layout was {card.layout!r}, is {LAYOUT!r}; "
            f"use one that signpipe {__version__} has made"
        )
    check_weights(path, lambda: new_encoders(card))
    return card


def new_encoders(card: BackboneCard) -> nn.ModuleDict:
    """Encoders of the card's streams and sizes, with random weights."""
    return nn.ModuleDict({m: Encoder(card.encoder) for m in STREAMS_OF[card.streams]})


def load_backbone(path: Path, encoders: nn.ModuleDict) -> None:
    """Fill `encoders`, by stream; those of other streams in the file are passed over.

    Raises SignpipeError naming a mismatch.
    """
    load_weights(encoders, path, tuple(f"{stream}." for stream in encoders))
