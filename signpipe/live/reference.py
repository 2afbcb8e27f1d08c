"""What labelled clips of other people say of an encoder's features, before anything is taught."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from safetensors import SafetensorError, safe_open
from safetensors.numpy import save_file

from signpipe.errors import SignpipeError, first_fault
from signpipe.live.taught_signs import Prior, fit_prior
from signpipe.model.class_means import Labels, Rows
from signpipe.model.whitening import Whitening
from signpipe.workspace import atomic, parse_json

FORMAT = "signpipe-reference"
WIDEST = 1 << 13  # features


@dataclass(frozen=True)
class Reference:
    """`prior` is None where there were no clips, and the whitening then changes nothing.

    `encoder` is the SHA-256 of the encoder, `clips` how many clips there were.
    """

    encoder: str
    whitening: Whitening
    prior: Prior | None = None
    clips: int = 0

    @classmethod
    def fit(cls, encoder: str, features: Rows, labels: Labels, signers: Labels) -> "Reference":
        """From features (B, D) of labelled clips, B > 1; labels and signers (B,) are numbers."""
        pairs = np.stack([labels, signers], axis=1)
        classes = np.unique(pairs, axis=0, return_inverse=True)[1].reshape(-1)
        whitening = Whitening.fit(features, classes)
        prior = fit_prior(whitening(features), labels, signers)
        return cls(encoder, whitening, prior, len(features))

    @classmethod
    def none(cls, encoder: str, width: int) -> "Reference":
        """For an encoder of which nothing is known; features have that width."""
        return cls(encoder, Whitening.none(width))


class _About(BaseModel):
    """The file's header."""

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)

    encoder: str
    clips: int = Field(ge=0)
    distance: float | None = Field(None, gt=0)
    temperature: float | None = Field(None, gt=0)


def save_reference(path: Path, reference: Reference) -> None:
    """Write it atomically, in half precision."""
    prior = reference.prior
    about = _About(
        encoder=reference.encoder,
        clips=reference.clips,
        distance=prior.distance if prior else None,
        temperature=prior.temperature if prior else None,
    )
    whitening = {"mean": reference.whitening.mean, "matrix": reference.whitening.matrix}
    arrays = {name: np.ascontiguousarray(a.astype(np.float16)) for name, a in whitening.items()}
    with atomic(path) as temporary:
        save_file(arrays, temporary, {"format": FORMAT, "about": about.model_dump_json()})


def load_reference(path: Path, encoder: str, width: int) -> Reference:
    """The reference of the encoder with that SHA-256, whose features have that width.

    Raises SignpipeError if the file is missing, damaged, or of another encoder.
    """
    try:
        found = _read(path, width)
    except ValidationError as error:
        raise SignpipeError(f"cannot read {path}: {first_fault(error)}") from error
    except (OSError, SafetensorError, ValueError, TypeError) as error:
        raise SignpipeError(f"cannot read {path}: {error}") from error
    if found.encoder != encoder:
        raise SignpipeError(
            f"{path} is of another encoder than the one beside it; use the files of one recogniser"
        )
    return found


def _read(path: Path, width: int) -> Reference:
    if path.stat().st_size > 4 * WIDEST * (WIDEST + 1):
        raise ValueError("it is too large")
    with safe_open(path, "np") as file:
        metadata = file.metadata() or {}
        if metadata.get("format") != FORMAT:
            raise ValueError("it is no reference of an encoder")
        shapes = {name: tuple(file.get_slice(name).get_shape()) for name in file.keys()}  # noqa: SIM118
        if shapes != {"mean": (width,), "matrix": (width, width)}:
            raise ValueError(f"it is not for features of width {width}")
        mean, matrix = (file.get_tensor(name).astype(np.float32) for name in ("mean", "matrix"))
    if not (np.isfinite(mean).all() and np.isfinite(matrix).all()):
        raise ValueError("it holds NaN or infinity")
    about = _About.model_validate(parse_json(metadata.get("about", "{}")))
    known = about.distance is not None and about.temperature is not None
    prior = Prior(about.distance or 0.0, about.temperature or 1.0) if known else None
    return Reference(about.encoder, Whitening(mean, matrix), prior, about.clips)
