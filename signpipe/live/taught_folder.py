"""The folder of a taught recogniser.

taught/
├── recognizer.json         a `RecognizerCard`: signs, layout, settings, when it is none of them
├── encoder.safetensors     an encoder's file, as pretraining makes it
├── reference.safetensors   what is known of its features beforehand, see `signpipe.live.reference`
└── takes.safetensors       the takes and their features: the only file that teaching changes

The card is written after the takes, from which its signs are made again when the folder is loaded.
"""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signpipe.errors import SignpipeError
from signpipe.live.reference import Reference, load_reference, save_reference
from signpipe.live.takes import Takes, read_takes, save_takes
from signpipe.model.backbone import BackboneCard, read_backbone_card
from signpipe.model.recognizer_card import CARD_FILE, RecognizerCard, read_card
from signpipe.model.rejection import Rejection
from signpipe.settings import STREAMS_OF, ExtractSettings
from signpipe.workspace import (
    Workspace,
    atomic,
    remove_temporaries,
    sha256_of_file,
    write_json,
)

ENCODER_FILE, REFERENCE_FILE, TAKES_FILE = (
    f"{name}.safetensors" for name in ("encoder", "reference", "takes")
)
JOINT_WEIGHT = 0.8  # of the joint stream's features, chosen on signers of a training split
Version = tuple[int, int, int]


@dataclass(frozen=True)
class TaughtFolder:
    """What a folder holds; `version` tells when its takes have been changed by others."""

    path: Path
    encoder: Path
    encoder_card: BackboneCard
    joint_weight: float
    reference: Reference
    takes: Takes
    version: Version


def feature_width(card: BackboneCard) -> int:
    """Of the features of an encoder: hand and trunk of each stream, side by side."""
    return 2 * card.encoder.part_channels * len(STREAMS_OF[card.streams])


def create_folder(path: Path, encoder: Path, reference: Reference) -> None:
    """Make the folder of a recogniser that was taught nothing yet.

    Raises SignpipeError if it is there already, and holds anything.
    """
    if path.exists() and (not path.is_dir() or any(_visible(path))):
        raise SignpipeError(f"{path} is there already and no taught recogniser; name another place")
    card = read_backbone_card(encoder)
    with atomic(path / ENCODER_FILE) as temporary:
        shutil.copyfile(encoder, temporary)
    save_reference(path / REFERENCE_FILE, reference)
    nothing = np.empty((0, feature_width(card)), np.float32)
    takes = Takes(reference.encoder, nothing)
    write_folder(path, takes, taught_card(card, takes))


def taught_card(
    encoder: BackboneCard,
    takes: Takes,
    rejection: Rejection | None = None,
    joint_weight: float = JOINT_WEIGHT,
) -> RecognizerCard:
    """The card of a recogniser with an encoder and takes."""
    return RecognizerCard(
        kind="taught",
        signs=takes.signs,
        streams=encoder.streams,
        joint_weight=joint_weight,
        encoder=encoder.encoder,
        prepare=encoder.prepare,
        extract=ExtractSettings(),
        rejection=rejection,
        trained={"encoder": takes.encoder, "takes": {s: len(takes.of(s)) for s in takes.signs}},
    )


def read_folder(path: Path) -> TaughtFolder:
    """Raises SignpipeError if it is missing, damaged, no taught recogniser, or mixes encoders."""
    about = read_card(path)
    if about.kind != "taught":
        raise SignpipeError(f"{path} is no taught recogniser but a fine-tuned one")
    encoder = path / ENCODER_FILE
    card = read_backbone_card(encoder)
    sha256, width = sha256_of_file(encoder), feature_width(card)
    reference = load_reference(path / REFERENCE_FILE, sha256, width)
    takes, version = read_takes_of(path)
    if takes.encoder != sha256 or takes.features.shape[1] != width:
        raise SignpipeError(
            f"the takes in {path / TAKES_FILE} were made with another encoder than {encoder}; two "
            "encoders cannot be mixed: teach them again in a folder of its own"
        )
    return TaughtFolder(path, encoder, card, about.joint_weight, reference, takes, version)


def read_takes_of(path: Path) -> tuple[Takes, Version]:
    """The takes of a folder, and what tells whether they have changed. Raises SignpipeError."""
    file = path / TAKES_FILE
    try:
        version = takes_version(path)
    except OSError as error:
        raise SignpipeError(f"cannot read {file}: {error.strerror}") from error
    return read_takes(file), version


def takes_version(path: Path) -> Version:
    """Of the file with the takes as it is now. Raises OSError."""
    status = os.stat(path / TAKES_FILE)
    return status.st_ino, status.st_size, status.st_mtime_ns


def write_folder(path: Path, takes: Takes, card: RecognizerCard) -> None:
    """Write what teaching changes; only while `writing` the folder, if it is shared."""
    save_takes(path / TAKES_FILE, takes)
    write_json(path / CARD_FILE, card.model_dump())


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Hold the folder for one writer; others wait. Raises SignpipeError if it cannot be written."""
    with Workspace(path).lock("teach", wait=True):
        remove_temporaries(path)
        yield


def _visible(path: Path) -> list[Path]:
    return [inner for inner in path.iterdir() if not inner.name.startswith(".")]
