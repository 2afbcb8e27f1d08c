"""A dictionary's folder, which holds all that a search needs.

    dictionary/
    ├── dictionary.json       a `DictionaryCard`: what it was made with, which files count
    ├── encoder-<hash>.safetensors
    ├── entries-<hash>.csv    one line a clip, see `signpipe.search.entries`
    ├── features-<hash>.npy   (C, D) float32 of length 1
    ├── sequences-<hash>.npy  (C, 16, 98) float16, see `signpipe.training.warping`
    ├── skeletons-<hash>.npy  (C, 32, 49, 2) float16, see `signpipe.search.skeletons`
    └── workspace/            where it was made from a folder: the landmarks of its clips

Line i of each is the same clip; lines are in the order of labels. A new version has files of other
names, and dictionary.json, which names them, comes last: who is reading goes on with the old ones.
"""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpipe.errors import SignpipeError, first_fault
from signpipe.model.rejection import Rejection
from signpipe.search.entries import Entry, read_entries
from signpipe.search.skeletons import SHAPE as SKELETON
from signpipe.settings import ExtractSettings
from signpipe.training.warping import SHAPE as SEQUENCE
from signpipe.workspace import read_json, sha256_of_file

CARD = "dictionary.json"
KINDS = ("entries", "features", "sequences", "skeletons")
FEATURES = 2  # to be raised where clips are described or compared otherwise than before
_MEND = "make it again with `signpipe index --redo`"


class DictionaryCard(BaseModel):
    """What a dictionary says of itself; everything but the clips."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    format: str = Field("signpipe-dictionary", pattern="^signpipe-dictionary$")
    version: int = Field(1, ge=1, le=1)
    signpipe: str = "unknown"  # the version that wrote it
    encoder: str = Field(pattern="^[0-9a-f]{64}$")  # SHA-256 of its file
    features: int = FEATURES
    extract: ExtractSettings | None = None  # how videos are watched; None: as usual
    clips: int = Field(ge=1)
    signs: int = Field(ge=1)
    files: str = Field(pattern="^[0-9a-f]{12}$")  # what is between - and . in the files' names
    # From which distance on no sign is close enough, and what that costs.
    rejection: Rejection = Rejection(score="distance")


@dataclass(frozen=True)
class Contents:
    """A dictionary's clips, see above; the arrays are mapped, not read."""

    card: DictionaryCard
    entries: list[Entry]
    features: NDArray[np.float32]
    sequences: NDArray[np.float16]
    skeletons: NDArray[np.float16]

    def check_width(self, folder: Path, width: int) -> None:
        """Raises SignpipeError if the features are not those of an encoder that makes so many."""
        if self.features.shape[1] != width:
            raise SignpipeError(
                f"{file_of(folder, 'features', self.card.files)} has {self.features.shape[1]} "
                f"numbers a clip, where its encoder makes {width}; {_MEND}"
            )


def file_of(folder: Path, kind: str, name: str) -> Path:
    """The file of one of KINDS."""
    return folder / f"{kind}-{name}.{'csv' if kind == 'entries' else 'npy'}"


def encoder_of(folder: Path, sha256: str) -> Path:
    """The file of the encoder with this SHA-256."""
    return folder / f"encoder-{sha256[:12]}.safetensors"


def read_dictionary_card(folder: Path) -> DictionaryCard:
    """Raises SignpipeError if there is none, or it is damaged or of another version."""
    path = folder / CARD
    if not path.exists():
        raise SignpipeError(
            f"{folder} is no dictionary: it has no {CARD}; make one with `signpipe index`"
        )
    try:
        card = DictionaryCard.model_validate(read_json(path))
    except ValidationError as error:
        raise SignpipeError(f"{path}: {first_fault(error)}; {_MEND}") from error
    if card.features != FEATURES:
        raise SignpipeError(
            f"{folder} was made by another version: features was {card.features}, is {FEATURES}; "
            f"{_MEND}"
        )
    return card


def check_encoder(folder: Path, card: DictionaryCard) -> Path:
    """The dictionary's encoder file. Raises SignpipeError if it is gone, or another one."""
    path = encoder_of(folder, card.encoder)
    try:
        found = sha256_of_file(path)
    except OSError as error:
        raise SignpipeError(f"cannot read {path}: {error.strerror}; {_MEND}") from error
    if found != card.encoder:
        raise SignpipeError(
            f"{path} is not the encoder that the dictionary was made with (its SHA-256 begins with "
            f"{found[:12]}, not {card.encoder[:12]}); put that back, or {_MEND}"
        )
    return path


def read_contents(folder: Path) -> Contents:
    """Raises SignpipeError if a file is missing, damaged, or does not fit the others."""
    card = read_dictionary_card(folder)
    try:
        return _contents(folder, card)
    except SignpipeError:
        # It may have been replaced meanwhile.
        again = read_dictionary_card(folder)
        if again.files == card.files:
            raise
        return _contents(folder, again)


def _contents(folder: Path, card: DictionaryCard) -> Contents:
    paths = {kind: file_of(folder, kind, card.files) for kind in KINDS}
    entries = read_entries(paths["entries"])
    labels = [entry.label for entry in entries]
    if len(entries) != card.clips or len(set(labels)) != card.signs or labels != sorted(labels):
        raise SignpipeError(f"{paths['entries']} does not fit {folder / CARD}; {_MEND}")
    return Contents(
        card,
        entries,
        _mapped(paths["features"], np.float32, (card.clips, -1)),
        _mapped(paths["sequences"], np.float16, (card.clips, *SEQUENCE)),
        _mapped(paths["skeletons"], np.float16, (card.clips, *SKELETON)),
    )


def _mapped(path: Path, kind: Any, shape: tuple[int, ...]) -> NDArray[Any]:
    """An array of this shape, -1 being any length."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        cause = getattr(error, "strerror", None) or error
        raise SignpipeError(f"cannot read {path}: {cause}; {_MEND}") from error
    fits = array.ndim == len(shape) and all(
        wanted in (-1, size) for wanted, size in zip(shape, array.shape, strict=True)
    )
    if array.dtype != kind or not fits or not array.flags.c_contiguous:
        raise SignpipeError(f"{path} is {array.dtype} {array.shape}, not {shape}; {_MEND}")
    return array


def remove_others(folder: Path, card: DictionaryCard) -> None:
    """Delete the files of earlier versions."""
    kept = {encoder_of(folder, card.encoder), *(file_of(folder, k, card.files) for k in KINDS)}
    for kind in ("encoder", *KINDS):
        for path in folder.glob(f"{kind}-*"):
            if path not in kept:
                with suppress(OSError):
                    path.unlink()
