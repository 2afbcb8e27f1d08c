"""What a recogniser says of itself, `recognizer.json`; read without loading torch."""

from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from signpipe.errors import SignpipeError, first_fault
from signpipe.model.rejection import Rejection
from signpipe.settings import (
    Classifier,
    EncoderSettings,
    ExtractSettings,
    PrepareSettings,
    Streams,
)
from signpipe.workspace import read_json

CARD_FILE = "recognizer.json"
Kind = Literal["finetuned", "taught"]
LAYOUT = "right hand 0-20, left hand 21-41 (mirrored), trunk 42-48"


class RecognizerCard(BaseModel):
    """What a recogniser says of itself; everything but the weights."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field("signpipe-recognizer", pattern="^signpipe-recognizer$")
    version: int = Field(1, ge=1, le=1)
    layout: str = Field(LAYOUT, pattern="^" + LAYOUT.replace("(", r"\(").replace(")", r"\)") + "$")
    kind: Kind = "finetuned"
    signs: tuple[str, ...]
    streams: Streams = "both"
    classifier: Classifier = "sum"
    joint_weight: float = Field(0.5, ge=0, le=1)  # of the logits; motion has the rest
    encoder: EncoderSettings
    prepare: PrepareSettings
    extract: ExtractSettings | None = None  # None: trained on imported keypoints
    rejection: Rejection | None = None  # None: made before there was one; it always answers
    trained: dict[str, Any] = {}  # how: run, clips, splits, seed, validation; for people

    @model_validator(mode="after")
    def _signs_differ(self) -> "RecognizerCard":
        if len(set(self.signs)) != len(self.signs):
            raise ValueError("signs must differ from each other")
        if self.kind == "finetuned" and len(self.signs) < 2:
            raise ValueError("a fine-tuned recogniser has two signs at least")
        return self


def read_card(folder: Path) -> RecognizerCard:
    """The card of a recogniser's folder.

    Raises SignpipeError if the folder is missing, damaged, or of another layout or version.
    """
    if not (folder / CARD_FILE).exists():
        raise SignpipeError(f"{folder} is no recogniser: it has no {CARD_FILE}")
    try:
        return RecognizerCard.model_validate(read_json(folder / CARD_FILE))
    except ValidationError as error:
        raise SignpipeError(f"{folder}/recognizer.json: {first_fault(error)}") from error
