"""The keypoint pack: one HDF5 file with the landmarks of one or many clips.

    pose        (N, 33, 4) float32   x, y in [0, 1] of the picture, z, visibility
    left_hand   (N, 21, 3) float32   x, y, z
    right_hand  (N, 21, 3) float32
    face        (N, 478, 3) float32  only where the face was asked for (468 without irises)
    times       (N,)        float64  seconds since the clip's start (absent in packs without times)
    offsets     (C + 1,)    int64    clip i is frames offsets[i] to offsets[i + 1]
    clip_id     (C,)        str

Before the HDF5 data (in its user block, which other readers pass over) stands their SHA-256, for
HDF5 reads many a damaged file without a complaint, or never ends. Packs from elsewhere lack it.

A part that was not detected in a frame is NaN in that frame. Root attributes tell the format and
what made the pack: for one clip its source, size, SHA-256, fps, width, height and rotation.
"""

import hashlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.workspace import atomic

FORMAT = "signpipe-keypoints"
VERSION = 1
SEAL, SEAL_BYTES = b"signpipe pack, SHA-256 of what follows byte 512: ", 512
FACE_POINTS = (468, 478)  # without and with irises
BLOCK = 20_000  # frames read at a time: some 20 MB
LONGEST = 1_000_000  # frames of a clip, which are 1 GB: nine hours of 30 a second
DENSEST = 1100  # to what share of its size deflate, the densest filter here, can make an array
SHAPES = {"pose": (33, 4), "left_hand": (21, 3), "right_hand": (21, 3)}


@dataclass(frozen=True)
class Landmarks:
    """Landmarks of T consecutive frames, NaN where a part was not detected.

    pose (T, 33, 4), left_hand and right_hand (T, 21, 3), times (T,) in seconds or None,
    face (T, 468, 3) or None.
    """

    pose: NDArray[np.float32]
    left_hand: NDArray[np.float32]
    right_hand: NDArray[np.float32]
    times: NDArray[np.float64] | None = None
    face: NDArray[np.float32] | None = None

    def __len__(self) -> int:
        return len(self.pose)

    def seen(self, part: str) -> NDArray[np.bool_]:
        """(T,) bool: in which frames `pose`, `left_hand` or `right_hand` was detected."""
        # Any joint counts: files from elsewhere may be reduced, often by the nose.
        return ~np.isnan(getattr(self, part)[:, :, 0]).all(axis=1)

    def share_seen(self, part: str) -> float:
        """The share of frames, in [0, 1], in which a part was detected; 0 for no frames."""
        return float(self.seen(part).mean()) if len(self) else 0.0


def write_pack(
    path: Path, clips: Mapping[str, Landmarks], attributes: Mapping[str, Any] | None = None
) -> None:
    """Write clips, by clip id, as one pack, atomically.

    Either all clips have times or none is written with them; the same holds for the face.
    Raises OSError if the disk is full or the folder cannot be written.
    """
    # Made in memory: HDF5 itself does not recover from a disk that fills up under it.
    with h5py.File(str(path), "w", driver="core", backing_store=False) as file:
        _fill(file, clips, attributes or {})
        file.flush()
        image = file.id.get_file_image()
    seal = SEAL + hashlib.sha256(image).hexdigest().encode() + b"\n"
    with atomic(path) as temporary:
        temporary.write_bytes(seal.ljust(SEAL_BYTES, b"\0") + image)


def _fill(file: h5py.File, clips: Mapping[str, Landmarks], attributes: Mapping[str, Any]) -> None:
    items = list(clips.values())
    lengths = [len(item) for item in items]
    file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
    for name, value in attributes.items():
        file.attrs[name] = value
    file["clip_id"] = np.array(list(clips), dtype=h5py.string_dtype())
    file["offsets"] = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    for name in SHAPES:
        _write_array(file, name, [getattr(item, name) for item in items])
    if items and all(item.times is not None for item in items):
        file["times"] = np.concatenate([item.times for item in items if item.times is not None])
    if items and all(item.face is not None for item in items):
        _write_array(file, "face", [item.face for item in items if item.face is not None])


def _write_array(file: h5py.File, name: str, arrays: list[NDArray[np.float32]]) -> None:
    data = np.concatenate(arrays).astype(np.float32)
    # Undetected parts are long runs of NaN: compression is cheap and halves a typical clip.
    options = {"compression": "gzip", "compression_opts": 1, "shuffle": True} if len(data) else {}
    file.create_dataset(name, data=data, **options)


class Pack:
    """An open pack, checked: the arrays' shapes, numbers and offsets are what the format says."""

    def __init__(self, file: h5py.File, path: Path) -> None:
        self._file, self._path = file, path
        self.attributes: dict[str, Any] = dict(file.attrs)
        self.offsets: NDArray[np.int64] = self._offsets()
        self.clip_ids = self._clip_ids()

    def _dataset(self, name: str) -> h5py.Dataset:
        dataset = self._file.get(name)
        if not isinstance(dataset, h5py.Dataset):
            raise SignpipeError(f"{self._path} is not a keypoint pack: it has no {name}")
        if dataset.file != self._file or dataset.is_virtual or dataset.external:
            raise SignpipeError(f"{self._path}: {name} lies in another file")
        # Before any of it is read: HDF5 takes memory for what the shape says.
        size, stored = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
        if size > DENSEST * stored:
            raise SignpipeError(
                f"{self._path}: {name} is said to be {dataset.shape}, of which {stored} bytes are "
                "in the file; get it again"
            )
        return dataset

    def _offsets(self) -> NDArray[np.int64]:
        dataset = self._dataset("offsets")
        if dataset.ndim != 1 or dataset.dtype.kind not in "iu" or not len(dataset):
            raise SignpipeError(f"{self._path}: offsets is not a list of whole numbers")
        offsets = dataset[:].astype(np.int64)
        frames = int(offsets[-1])
        if offsets[0] != 0 or (np.diff(offsets) < 0).any():
            raise SignpipeError(f"{self._path}: offsets do not start at 0 and grow")
        if (np.diff(offsets) > LONGEST).any():
            raise SignpipeError(
                f"{self._path}: a clip is said to have more than {LONGEST:,} frames"
            )
        expected: dict[str, list[tuple[int, ...]]] = {
            name: [(frames, *shape)] for name, shape in SHAPES.items()
        }
        if "times" in self._file:
            expected["times"] = [(frames,)]
        if "face" in self._file:
            expected["face"] = [(frames, points, 3) for points in FACE_POINTS]
        for name, shapes in expected.items():
            part = self._dataset(name)
            if part.shape not in shapes or part.dtype.kind != "f":
                raise SignpipeError(
                    f"{self._path}: {name} is {part.dtype} {part.shape}, "
                    f"should be floating point {shapes[0]}"
                )
        return offsets

    def _clip_ids(self) -> list[str]:
        dataset = self._dataset("clip_id")
        is_text = h5py.check_string_dtype(dataset.dtype) is not None
        if dataset.shape != (len(self.offsets) - 1,) or not is_text:
            raise SignpipeError(f"{self._path}: clip_id does not have one text a clip")
        clip_ids = [str(value) for value in dataset.asstr()[:]]
        if len(set(clip_ids)) != len(clip_ids):
            raise SignpipeError(f"{self._path}: a clip_id occurs twice")
        return clip_ids

    def __len__(self) -> int:
        return len(self.clip_ids)

    def read(self, index: int) -> Landmarks:
        """Landmarks of clip `index`, as float32 (packs from elsewhere may hold float16)."""
        return self._read(int(self.offsets[index]), int(self.offsets[index + 1]))

    @property
    def lengths(self) -> list[int]:
        """The number of frames of every clip."""
        return [int(length) for length in np.diff(self.offsets)]

    def read_each(self) -> Iterator[Landmarks]:
        """Landmarks of one clip after the other, read from disk many at a time, which is faster."""
        first = 0
        while first < len(self):
            start = self.offsets[first]
            last = int(np.searchsorted(self.offsets, start + BLOCK, side="right")) - 1
            last = max(last, first + 1)
            block = self._read(int(start), int(self.offsets[last]))
            for index in range(first, last):
                yield _cut(block, *(self.offsets[index : index + 2] - start))
            first = last

    def _read(self, start: int, end: int) -> Landmarks:
        with _reading(self._path):
            return self._read_frames(start, end)

    def _read_frames(self, start: int, end: int) -> Landmarks:
        arrays = {name: self._file[name][start:end].astype(np.float32) for name in SHAPES}
        for name, array in arrays.items():
            if np.isinf(array).any():
                raise SignpipeError(f"{self._path}: {name} holds infinite numbers")
        times = self._file["times"][start:end] if "times" in self._file else None
        face = self._file["face"][start:end] if "face" in self._file else None
        return Landmarks(arrays["pose"], arrays["left_hand"], arrays["right_hand"], times, face)


def _check_seal(path: Path) -> None:
    with open(path, "rb") as handle:
        head = handle.read(SEAL_BYTES)
        if not head.startswith(SEAL):
            return
        digest = hashlib.file_digest(handle, "sha256").hexdigest().encode()
    if head.removeprefix(SEAL).rstrip(b"\0\n") != digest:
        raise SignpipeError(f"the pack {path} is damaged; delete it and make it again")


def _cut(block: Landmarks, start: int, end: int) -> Landmarks:
    return Landmarks(
        block.pose[start:end],
        block.left_hand[start:end],
        block.right_hand[start:end],
        None if block.times is None else block.times[start:end],
        None if block.face is None else block.face[start:end],
    )


@contextmanager
def open_pack(path: Path) -> Iterator[Pack]:
    """Open a pack for reading.

    Raises SignpipeError, naming the file, if it is missing, damaged or no keypoint pack, now or
    while it is read. What goes wrong in the block for another reason is left as it is.
    """
    with _reading(path):
        _check_seal(path)
        file = h5py.File(path, "r")
    with file:
        with _reading(path):
            pack = Pack(file, path)
        yield pack


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise SignpipeError(f"there is no pack {path}") from error
    except (OSError, RuntimeError, KeyError, ValueError, TypeError, MemoryError) as error:
        # h5py has no exception of its own: damage surfaces as any of these.
        raise SignpipeError(f"cannot read the pack {path}: {error}") from error
