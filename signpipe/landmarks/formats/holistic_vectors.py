"""Folders of Holistic vectors: `label/sequence/<frame>.npy`, 1,662 numbers a frame.

33 x 4 of the pose (x, y, z, visibility), 468 x 3 of the face, 21 x 3 of the left and 21 x 3 of the
right hand, as shares of the picture; a part that was not detected is all zeros. The face is passed
over.
"""

import hashlib
import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.formats.foreign import ForeignRecording, UnreadableClip
from signpipe.landmarks.pack import Landmarks

NUMBERS = 33 * 4 + 468 * 3 + 21 * 3 + 21 * 3
POSE, LEFT_HAND, RIGHT_HAND = slice(0, 132), slice(1536, 1599), slice(1599, 1662)
MOST_BYTES = 100_000  # of one frame's file; 1,662 float64 are 13 KB


def read_vectors(folder: Path) -> ForeignRecording:
    """The clip of one folder, its frames in the order of their numbers, which start at 0 or 1.

    Raises UnreadableClip for a frame that is missing, damaged, pickled or of another size, OSError
    if the folder cannot be read.
    """
    digest = hashlib.sha256()
    frames = []
    named = (path for path in folder.iterdir() if not path.name.startswith("."))
    for path in _in_order(sorted(path for path in named if path.suffix.lower() == ".npy")):
        if path.stat().st_size > MOST_BYTES:
            raise UnreadableClip(f"{path.name} is too large for {NUMBERS} numbers")
        content = path.read_bytes()
        digest.update(content)
        frames.append(_vector(path.name, content))
    vectors = np.array(frames, np.float32).reshape(-1, NUMBERS)
    pose, left, right = (_part(vectors[:, place]) for place in (POSE, LEFT_HAND, RIGHT_HAND))
    landmarks = Landmarks(
        pose.reshape(-1, 33, 4), left.reshape(-1, 21, 3), right.reshape(-1, 21, 3)
    )
    return ForeignRecording(landmarks, digest.hexdigest())


def _in_order(paths: Sequence[Path]) -> list[Path]:
    frames: dict[int, Path] = {}
    for path in paths:
        if not (path.stem.isascii() and path.stem.isdecimal() and len(path.stem) < 10):
            raise UnreadableClip(f"{path.name} is not named by a frame's number, such as 12.npy")
        number = int(path.stem)
        if number in frames:
            raise UnreadableClip(f"{frames[number].name} and {path.name} are the same frame")
        frames[number] = path
    if frames:
        first = min(1, min(frames))
        missing = max(frames) + 1 - first - len(frames)
        if missing:
            gap = next(number for number in range(first, max(frames)) if number not in frames)
            more = f" and {missing - 1} more are" if missing > 1 else " is"
            raise UnreadableClip(f"frame {gap}{more} missing")
    return [frames[number] for number in sorted(frames)]


def _vector(name: str, content: bytes) -> NDArray[np.float32]:
    try:
        vector = np.load(io.BytesIO(content), allow_pickle=False)
    except Exception as error:  # damage surfaces as what numpy, ast or tokenize happen to raise
        raise UnreadableClip(f"{name} is no numpy array of numbers: {_line(error)}") from error
    if not isinstance(vector, np.ndarray) or vector.dtype.kind not in "fiu":
        raise UnreadableClip(f"{name} is no numpy array of numbers")
    if vector.shape != (NUMBERS,):
        raise UnreadableClip(f"{name} has the shape {vector.shape}, should be ({NUMBERS},)")
    with np.errstate(over="ignore"):  # too large for float32 is infinite, which is refused
        return vector.astype(np.float32)


def _line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__


def _part(numbers: NDArray[np.float32]) -> NDArray[np.float32]:
    missing = (numbers == 0).all(axis=1, keepdims=True)
    return np.where(missing, np.float32(np.nan), numbers)
