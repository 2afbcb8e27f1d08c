"""The pretrained encoders in one safetensors file that describes itself.

The weights are named `<stream>.<parameter of Encoder>`; the metadata holds a `BackboneCard`.
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import nn

from signpipe import __version__
from signpipe.errors import SignpipeError
from signpipe.model.recognizer_card import LAYOUT
from signpipe.model.stream_classifiers import load_weights
from signpipe.settings import EncoderSettings, PrepareSettings, Streams
from signpipe.workspace import atomic


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
    trained: dict[str, Any] = {}  # settings, clips, epochs, seed, what it began from; for people


def save_backbone(path: Path, encoders: nn.ModuleDict, card: BackboneCard) -> None:
    """Write the encoders of the card's streams atomically."""
    weights = {k: v.detach().cpu().contiguous() for k, v in encoders.state_dict().items()}
    with atomic(path) as temporary:
        save_file(weights, temporary, metadata={"card": card.model_dump_json()})


def read_backbone_card(path: Path) -> BackboneCard:
    """The card of an encoder file. Raises SignpipeError if it is none, or of another layout."""
    try:
        with safe_open(path, "pt") as file:
            card = BackboneCard.model_validate_json((file.metadata() or {}).get("card", ""))
    except (OSError, SafetensorError) as error:
        raise SignpipeError(f"cannot read the encoder {path}: {error}") from error
    except ValidationError as error:
        first = error.errors()[0]
        field = ".".join(str(part) for part in first["loc"])
        raise SignpipeError(f"{path} is no signpipe encoder: {field} {first['msg']}") from error
    if card.layout != LAYOUT:
        raise SignpipeError(
            f"the encoder {path} was made differently: layout was {card.layout!r}, is {LAYOUT!r}; "
            f"use one that signpipe {__version__} has made"
        )
    return card


def load_backbone(path: Path, encoders: nn.ModuleDict) -> None:
    """Fill `encoders`, by stream; those of other streams in the file are passed over.

    Raises SignpipeError naming a mismatch.
    """
    load_weights(encoders, path, tuple(f"{stream}." for stream in encoders))
