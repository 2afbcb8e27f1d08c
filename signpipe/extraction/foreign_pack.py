"""Keypoint packs from elsewhere, looked through in a process of their own.

HDF5 reads many a damaged file without end, or dies of it. Packs that bear a seal were made by
signpipe and are whole; every other is read once by a child with limited time and memory.
"""

import hashlib
import shutil
from contextlib import closing
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np

from signpipe.errors import SignpipeError
from signpipe.extraction.limited import limited, seconds_for
from signpipe.extraction.outcomes import Outcome, with_landmarks
from signpipe.extraction.pool import Lost, run_jobs
from signpipe.landmarks.formats.foreign import judge
from signpipe.landmarks.pack import SEAL, SEAL_BYTES, Pack, open_pack
from signpipe.workspace import sha256_of_file

SIGNATURE = b"\x89HDF\r\n\x1a\n"


@dataclass(frozen=True)
class PackJob:
    """A pack to look through, the name it is to have, and its SHA-256."""

    path: Path
    name: str
    sha256: str


def examine(job: PackJob) -> dict[str, Outcome]:
    """The outcome of every clip of a pack, by clip id; all of it was read.

    Raises SignpipeError, naming the file, if it is missing, damaged or no keypoint pack.
    """
    if is_sealed(job.path):
        return _outcomes(job)
    limit = seconds_for(job.path.stat().st_size)
    with closing(run_jobs([job], partial(limited, _outcomes), 1, timeout=limit)) as results:
        for _, result in results:
            if not isinstance(result, Lost):
                return result
            raise SignpipeError(
                f"cannot read the pack {job.path}: {result.reason}; the file is damaged, get it "
                "again from where it was made"
            )
    raise AssertionError("a job gives a result")


def is_sealed(path: Path) -> bool:
    """Whether a file begins as the packs that signpipe writes. Raises OSError."""
    with open(path, "rb") as file:
        return file.read(len(SEAL)) == SEAL


def copy_sealed(source: Path, target: Path, sha256: str) -> None:
    """Copy a pack and put a seal before it, by which later damage is noticed.

    Raises SignpipeError if its SHA-256 is not the given one any more, OSError.
    """
    with open(source, "rb") as file, open(target, "wb") as copy:
        # What bears a seal, or begins with another program's own block, is copied as it is.
        if file.read(len(SIGNATURE)) == SIGNATURE:
            copy.write((SEAL + sha256.encode() + b"\n").ljust(SEAL_BYTES, b"\0"))
        start = copy.tell()
        file.seek(0)
        shutil.copyfileobj(file, copy)
    with open(target, "rb") as copy:
        copy.seek(start)
        if hashlib.file_digest(copy, "sha256").hexdigest() != sha256:
            raise SignpipeError(f"{source} changed while it was read; import it again")


def is_copy(target: Path, sha256: str) -> bool:
    """Whether a file is what `copy_sealed` makes of the pack with this SHA-256. Raises OSError."""
    with open(target, "rb") as file:
        head = file.read(SEAL_BYTES)
    sealed_as = head.removeprefix(SEAL).rstrip(b"\0\n") if head.startswith(SEAL) else b""
    return sealed_as == sha256.encode() or sha256_of_file(target) == sha256


def _outcomes(job: PackJob) -> dict[str, Outcome]:
    size, source = job.path.stat().st_size, str(job.path.resolve())
    outcomes = {}
    with open_pack(job.path) as pack:
        width, height, fps = (_number(pack, name) for name in ("width", "height", "fps"))
        for index, landmarks in enumerate(pack.read_each()):
            clip_id = pack.clip_ids[index]
            status, reason = judge(landmarks)
            if status == "ok" and len(pack) == 1 and pack.attributes.get("status") == "truncated":
                status, reason = "truncated", str(pack.attributes.get("reason", ""))
            outcome = Outcome(
                clip_id, source, status, reason, job.name, index, size=size, sha256=job.sha256
            )
            outcome = replace(
                outcome,
                fps=fps,
                width=None if width is None else int(width),
                height=None if height is None else int(height),
            )
            outcomes[clip_id] = with_landmarks(outcome, landmarks)
    if not outcomes:
        raise SignpipeError(f"{job.path} holds no clips")
    return outcomes


def _number(pack: Pack, name: str) -> float | None:
    """A number that the pack says of all its clips, or None."""
    value = pack.attributes.get(name)
    if not isinstance(value, int | float | np.integer | np.floating):
        return None
    return float(value) if 0 < value < float("inf") else None
