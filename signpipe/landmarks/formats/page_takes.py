"""Takes of signs that the page of `signpipe export` has saved in a browser: one JSON file.

{"format": "signpipe-page-takes", "version": 1, "takes": [{"id", "sign" ("" of a person who does not
sign), "signer", "width", "height" (pixels), "times" (seconds), "landmarks"}]}, where landmarks are
base64 of float32, little endian, (T, 75, 3): x, y and confidence of pose, left and right hand.
"""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from signpipe.errors import SignpipeError, first_fault
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import parse_json

LARGEST = 256 << 20  # bytes
POSE, LEFT, RIGHT = 33, 21, 21


@dataclass(frozen=True)
class PageTake:
    """One take; `sign` is "" where the person does not sign, `width` and `height` are in pixels."""

    take_id: str
    sign: str
    signer: str
    landmarks: Landmarks
    width: int
    height: int


class _Row(BaseModel):
    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)

    id: str = Field(pattern=r"^[0-9a-z]{1,32}$")
    sign: str = Field(max_length=200)
    signer: str = Field(max_length=200)
    width: int = Field(gt=0, lt=100_000)
    height: int = Field(gt=0, lt=100_000)
    times: list[float] = Field(min_length=1)
    landmarks: str


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    format: Literal["signpipe-page-takes"]
    version: Annotated[int, Field(ge=1, le=1)]
    takes: list[_Row]


_FILE = TypeAdapter(_File)


def read_page_takes(path: Path) -> list[PageTake]:
    """The takes of a file, in its order. Raises SignpipeError if it is missing or damaged."""
    try:
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it is larger than {LARGEST >> 20} MB")
        found = _FILE.validate_python(parse_json(path.read_bytes()))
        return [_take(row) for row in found.takes]
    except ValidationError as error:
        raise SignpipeError(f"cannot read {path}: {first_fault(error)}") from error
    except (OSError, ValueError, binascii.Error) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error


def _take(row: _Row) -> PageTake:
    values = np.frombuffer(base64.b64decode(row.landmarks, validate=True), "<f4")
    if values.size != len(row.times) * (POSE + LEFT + RIGHT) * 3 or np.isinf(values).any():
        raise ValueError(f"the landmarks of the take {row.id} are damaged")
    points = values.reshape(len(row.times), -1, 3).astype(np.float32)
    pose = np.full((len(points), POSE, 4), np.nan, np.float32)
    pose[..., [0, 1, 3]] = points[:, :POSE]
    hands = np.full((len(points), LEFT + RIGHT, 3), np.nan, np.float32)
    hands[..., :2] = points[:, POSE:, :2]
    times = np.array(row.times, np.float64)
    landmarks = Landmarks(pose, hands[:, :LEFT], hands[:, LEFT:], times)
    return PageTake(row.id, row.sign, row.signer, landmarks, row.width, row.height)
