"""Which keypoints there are in the paths that were given: packs and clips of every format."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.foreign_pack import SIGNATURE
from signpipe.extraction.outcomes import printable
from signpipe.landmarks.formats.asl_signs import TABLE, find_sequences, is_table, read_sequence
from signpipe.landmarks.formats.foreign import ForeignClip
from signpipe.landmarks.formats.holistic_vectors import read_vectors
from signpipe.landmarks.formats.pose_files import read_pose
from signpipe.landmarks.pack import SEAL
from signpipe.progress import note

PACKS, POSES, VECTORS, PARQUET = (".h5", ".hdf5"), ".pose", ".npy", ".parquet"
FOLDER_FORMATS = (read_pose, read_vectors)  # whose clips are labelled by the folders they lie in
KNOWN = (
    "keypoint packs (.h5), .pose files, folders of Holistic vectors (label/sequence/frame.npy) and "
    f"the layout of asl-signs ({TABLE} and .parquet files)"
)


@dataclass
class Found:
    """Keypoint packs with the names they are to have, and clips; both by path, in order."""

    packs: dict[Path, str] = field(default_factory=dict)
    clips: dict[Path, ForeignClip] = field(default_factory=dict)

    def add(self, *clips: ForeignClip) -> None:
        for clip in clips:
            self.clips.setdefault(clip.path, clip)


def detect_format(paths: Sequence[Path]) -> Found:
    """Find the keypoints in files and, recursively, in folders.

    Linked folders are followed, each real folder once; hidden files are passed over. Raises
    SignpipeError for a path that does not exist or has no keypoints that are known.
    """
    found = Found()
    for path in paths:
        before = len(found.packs), len(found.clips)
        if path.is_dir():
            _search(path.resolve(), found)
            nothing = before == (len(found.packs), len(found.clips))
            if nothing and not any(p.is_relative_to(path.resolve()) for p in _all(found)):
                raise SignpipeError(f"there are no keypoints in {path}; import reads {KNOWN}")
        elif path.exists():
            _add_file(path, found)
        else:
            raise SignpipeError(f"there is no file or folder {str(path)!r}; check the path")
    return found


def _all(found: Found) -> tuple[Path, ...]:
    return (*found.packs, *found.clips)


def _add_file(path: Path, found: Found) -> None:
    suffix, real = path.suffix.lower(), path.resolve()
    if suffix in PACKS or _begins_as_pack(path):
        found.packs.setdefault(real, path.stem)
    elif suffix == POSES:
        found.add(ForeignClip(real, real.parent.name, real.stem, read_pose))
    elif suffix == PARQUET:
        found.add(ForeignClip(real, real.parent.name, real.stem, read_sequence))
    elif is_table(path):
        found.add(*find_sequences(real))
    elif suffix == VECTORS:
        raise SignpipeError(f"{path} is a single frame; import its folder {path.parent}")
    else:
        raise SignpipeError(f"{path} is of no known format; import reads {KNOWN}")


def _begins_as_pack(path: Path) -> bool:
    with open(path, "rb") as file:
        return file.read(len(SEAL)).startswith((SEAL, SIGNATURE))


def _search(root: Path, found: Found) -> None:
    seen: set[tuple[int, int]] = set()
    strays = 0
    for folder, subfolders, files in os.walk(root, followlinks=True, onerror=_tell):
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            subfolders.clear()
            continue
        seen.add((status.st_dev, status.st_ino))
        subfolders[:] = sorted(name for name in subfolders if not name.startswith("."))
        files = sorted(name for name in files if not name.startswith("."))
        place = Path(folder)
        if TABLE in files and is_table(place / TABLE):
            found.add(*find_sequences((place / TABLE).resolve()))
            subfolders.clear()
            continue
        for name in files:
            if name.lower().endswith(PACKS):
                inner = (place / name).relative_to(root).with_suffix("").as_posix()
                found.packs.setdefault((place / name).resolve(), inner)
        found.add(*_poses(root, place, files))
        if any(name.lower().endswith(VECTORS) for name in files):
            found.add(_sequence(root, place))
        strays += sum(name.lower().endswith(PARQUET) for name in files)
    if strays:
        note(
            f"{strays} .parquet files in {root} are passed over: there is no {TABLE} with the "
            "columns path, participant_id, sequence_id and sign above them"
        )


def _tell(error: OSError) -> None:
    note(f"{error.filename} cannot be searched: {error.strerror}")


def _poses(root: Path, folder: Path, files: Sequence[str]) -> Iterator[ForeignClip]:
    inner = folder.relative_to(root)
    label = printable(inner.name)
    for name in files:
        if name.lower().endswith(POSES):
            clip = (inner / name[: -len(POSES)]).as_posix()
            yield ForeignClip((folder / name).resolve(), root.name, clip, read_pose, label)


def _sequence(root: Path, folder: Path) -> ForeignClip:
    inner = folder.relative_to(root).as_posix()
    label = folder.parent.name
    name = inner if "/" in inner else f"{label}/{folder.name}"
    return ForeignClip(folder.resolve(), root.name, name, read_vectors, printable(label))
