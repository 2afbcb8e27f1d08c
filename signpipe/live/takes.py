"""What a taught recogniser was shown: takes of signs, and of a person who does not sign."""

import json
import secrets
import unicodedata
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, TypeAdapter, ValidationError, field_validator
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from signpipe.answers import NO_SIGN, NOT_SIGNING
from signpipe.errors import SignpipeError, first_fault
from signpipe.model.class_means import Labels, Rows
from signpipe.vocabulary import is_name
from signpipe.workspace import atomic, parse_json

FORMAT = "signpipe-takes"
LARGEST = 2 << 30  # bytes
LONGEST_NAME = 200


class Take(BaseModel):
    """One example. `source` tells where it came from: a file, a clip id; for people."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    take_id: str = Field(pattern=r"^[0-9a-z]{1,32}$")
    sign: str  # NOT_SIGNING: it shows a person who does not sign
    source: str = ""

    @field_validator("sign")
    @classmethod
    def _sign_is_a_name(cls, sign: str) -> str:
        return sign if sign == NOT_SIGNING else sign_name(sign)


_TAKES = TypeAdapter(tuple[Take, ...])


def sign_name(text: str) -> str:
    """The name of a sign, without blanks around it and in one spelling of its letters.

    Raises ValueError for what is no name.
    """
    name = unicodedata.normalize("NFC", text).strip()
    if not is_name(name):
        raise ValueError(f"{text!r} cannot name a sign: it needs letters, and no line breaks")
    if len(name) > LONGEST_NAME:
        raise ValueError(f"a sign's name has {LONGEST_NAME} letters at most, this has {len(name)}")
    if name in NO_SIGN:
        raise ValueError(f"{name!r} is an answer of its own; name the sign otherwise")
    return name


@dataclass(frozen=True)
class Takes:
    """N takes in the order in which they were taught, and their features (N, D), never changed.

    `encoder` is the SHA-256 of the encoder that made the features.
    """

    encoder: str
    features: Rows
    takes: tuple[Take, ...] = ()

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs, in the order in which they were taught first."""
        return tuple(dict.fromkeys(t.sign for t in self.takes if t.sign != NOT_SIGNING))

    @property
    def labels(self) -> Labels:
        """(N,): which of the signs each take shows; -1 for none."""
        places = {sign: place for place, sign in enumerate(self.signs)}
        return np.array([places.get(take.sign, -1) for take in self.takes], np.int64)

    def of(self, sign: str) -> tuple[Take, ...]:
        """The takes of a sign."""
        return tuple(take for take in self.takes if take.sign == sign)

    def new_ids(self, count: int) -> list[str]:
        """So many that no take has; by chance, so that what is taught elsewhere has others."""
        taken = {take.take_id for take in self.takes}
        found: list[str] = []
        while len(found) < count:
            if (one := secrets.token_hex(3)) not in taken:
                taken.add(one)
                found.append(one)
        return found

    def named(self, word: str) -> tuple[Take, ...]:
        """The takes that a word names: a sign's, or the one with that id, or from that source."""
        try:
            sign = word if word == NOT_SIGNING else sign_name(word)
        except ValueError:
            sign = ""
        return self.of(sign) or tuple(t for t in self.takes if word in (t.take_id, t.source))

    def added(self, takes: Sequence[Take], features: Rows) -> "Takes":
        """These and more, whose features are (M, D)."""
        both = np.concatenate([self.features, features.astype(np.float32)])
        return replace(self, features=both, takes=(*self.takes, *takes))

    def without(self, ids: Collection[str]) -> "Takes":
        """These but for those with the ids."""
        kept = [i for i, take in enumerate(self.takes) if take.take_id not in ids]
        takes = tuple(self.takes[i] for i in kept)
        return replace(self, features=self.features[kept], takes=takes)


def save_takes(path: Path, takes: Takes) -> None:
    """Write them atomically."""
    listed = json.dumps([take.model_dump() for take in takes.takes], ensure_ascii=False)
    about = {"format": FORMAT, "encoder": takes.encoder, "takes": listed}
    with atomic(path) as temporary:
        save_file({"features": np.ascontiguousarray(takes.features)}, temporary, about)


def read_takes(path: Path) -> Takes:
    """Raises SignpipeError if the file is missing or damaged, or no such file."""
    try:
        return _read(path)
    except ValidationError as error:
        raise SignpipeError(f"cannot read {path}: {first_fault(error)}") from error
    except (OSError, SafetensorError, ValueError) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error


def _read(path: Path) -> Takes:
    if path.stat().st_size > LARGEST:
        raise ValueError(f"it is larger than {LARGEST >> 30} GB")
    with safe_open(path, "np") as file:
        about = file.metadata() or {}
        if about.get("format") != FORMAT or set(file.keys()) != {"features"}:
            raise ValueError("it holds no takes")
        features = file.get_tensor("features")
    takes = _TAKES.validate_python(parse_json(about.get("takes", "[]")))
    if features.dtype != np.float32 or features.ndim != 2 or len(features) != len(takes):
        raise ValueError(f"its features are not a row for each of {len(takes)} takes")
    if not np.isfinite(features).all():
        raise ValueError("its features hold NaN or infinity")
    if len({take.take_id for take in takes}) != len(takes):
        raise ValueError("two takes have one name")
    return Takes(about.get("encoder", ""), features, takes)
