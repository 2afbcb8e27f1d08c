"""The parts file `parts.h5`: all clips' keypoints one after the other.

    keypoints  (N, 49, 3) float32   x, y, confidence, see `signpipe.parts.normalise`
    offsets    (C + 1,)   int64     clip i is frames offsets[i] to offsets[i + 1]
    clip_id    (C,)       str
    made_from  (C,)       str       fingerprint of the landmarks that the clip was made from

The keypoints are stored contiguously and mapped into memory, not loaded: 100,000 clips cost
training no more memory than 1,000.
"""

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

import h5py
import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.settings import under_new_names
from signpipe.skeleton import KEYPOINTS
from signpipe.workspace import atomic, parse_json

FORMAT = "signpipe-parts"
VERSION = 1
# What h5py raises for a damaged file: it has no exception of its own.
DAMAGE = (OSError, KeyError, ValueError, TypeError, AttributeError, RuntimeError, MemoryError)
WRITTEN_AT_ONCE = 10_000  # frames: a write a clip would take longer than all the rest


def write_parts(
    path: Path,
    clips: Iterable[tuple[str, NDArray[np.float32]]],
    frames: int,
    record: Mapping[str, Any],
    made_from: Mapping[str, str] | None = None,
) -> None:
    """Write (clip id, (T, 49, 3) keypoints) pairs atomically; `frames` is the sum of all T.

    Clips are written as they come, so `clips` may be a generator over more than memory holds.
    `made_from` tells by clip id what each was made from, for `unchanged`.
    """
    clip_ids, offsets = [], [0]
    with atomic(path) as temporary, h5py.File(temporary, "w") as file:
        file.attrs["format"], file.attrs["version"] = FORMAT, VERSION
        file.attrs["record"] = json.dumps(record)
        dataset = file.create_dataset("keypoints", (frames, KEYPOINTS, 3), np.float32)
        waiting: list[NDArray[np.float32]] = []
        written = 0
        for clip_id, keypoints in clips:
            clip_ids.append(clip_id)
            offsets.append(offsets[-1] + len(keypoints))
            waiting.append(keypoints)
            if offsets[-1] - written >= WRITTEN_AT_ONCE:
                dataset[written : offsets[-1]] = np.concatenate(waiting)
                written, waiting = offsets[-1], []
        if waiting:
            dataset[written : offsets[-1]] = np.concatenate(waiting)
        file["offsets"] = np.array(offsets, dtype=np.int64)
        file["clip_id"] = np.array(clip_ids, dtype=h5py.string_dtype())
        if made_from is not None:
            known = [made_from[clip_id] for clip_id in clip_ids]
            file["made_from"] = np.array(known, dtype="S")


def read_parts_record(path: Path) -> dict[str, Any] | None:
    """The settings and inputs a parts file was made with; None if there is no such file.

    Raises SignpipeError if the file is damaged.
    """
    if not path.exists():
        return None
    try:
        with h5py.File(path, "r") as file:
            record = parse_json(file.attrs["record"])
        if not isinstance(record, dict) or not all(
            isinstance(record.get(name), dict) for name in ("settings", "inputs")
        ):
            raise ValueError("it has no record of settings and inputs")
    except DAMAGE as error:
        raise _damaged(path, error) from error
    return record | {"settings": under_new_names(record["settings"])}


@dataclass(frozen=True)
class Parts:
    """Keypoints of C clips.

    keypoints (N, 49, 3) float32, offsets (C + 1,) int64, clip_ids (C), and the record of what they
    were made with.
    """

    keypoints: NDArray[np.float32]
    offsets: NDArray[np.int64]
    clip_ids: list[str]
    record: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, clips: Mapping[str, NDArray[np.float32]]) -> "Parts":
        """Clips in memory, each (T, 49, 3)."""
        offsets = np.cumsum([0, *(len(clip) for clip in clips.values())])
        return cls(np.concatenate(list(clips.values())), offsets, list(clips))

    @cached_property
    def rows(self) -> dict[str, int]:
        """The place of each clip id."""
        return {clip_id: row for row, clip_id in enumerate(self.clip_ids)}

    def __len__(self) -> int:
        return len(self.clip_ids)

    def lengths(self, rows: NDArray[np.int64]) -> NDArray[np.int64]:
        """How many frames the clips `rows` have."""
        return self.offsets[rows + 1] - self.offsets[rows]


def open_parts(path: Path) -> Parts:
    """Open a parts file; its keypoints are mapped, not read. Raises SignpipeError if damaged."""
    record = read_parts_record(path)
    if record is None:
        raise SignpipeError(f"there is no {path}; run `signpipe prepare`")
    try:
        with h5py.File(path, "r") as file:
            keypoints, offsets, names = (file[n] for n in ("keypoints", "offsets", "clip_id"))
            _check_shapes(keypoints, offsets, names)
            parts = Parts(
                np.memmap(path, np.float32, "r", keypoints.id.get_offset(), keypoints.shape),
                offsets[:],
                [str(value) for value in names.asstr()[:]],
                record,
            )
        _check_clips(parts)
    except DAMAGE as error:
        raise _damaged(path, error) from error
    return parts


def _check_shapes(*datasets: h5py.Dataset) -> None:
    """Before anything is read: memory is taken for what the shapes say."""
    kinds = ((np.float32, 3), (np.int64, 1), (h5py.string_dtype(), 1))
    for dataset, (kind, dimensions) in zip(datasets, kinds, strict=True):
        if dataset.dtype != kind or dataset.ndim != dimensions:
            raise ValueError(f"{dataset.name} is {dataset.dtype} {dataset.shape}")
        size, stored = dataset.size * dataset.dtype.itemsize, dataset.id.get_storage_size()
        if stored < size or dataset.external:
            raise ValueError(f"{dataset.name} is {size} bytes, of which it has {stored}")
    if datasets[0].shape[1:] != (KEYPOINTS, 3):
        raise ValueError(f"the keypoints are {datasets[0].shape[1:]}")


def _check_clips(parts: Parts) -> None:
    offsets = parts.offsets
    if len(offsets) != len(parts) + 1 or len(parts.rows) != len(parts):
        raise ValueError("its clips are not one of each name")
    if offsets[0] != 0 or (np.diff(offsets) < 0).any() or offsets[-1] != len(parts.keypoints):
        raise ValueError("its offsets do not divide the keypoints into clips")


def unchanged(path: Path, made_from: Mapping[str, str]) -> dict[str, NDArray[np.float32]]:
    """The keypoints (T, 49, 3), by clip id, of clips that the file has made from just the same.

    They are mapped, not read. Empty if the file is damaged, or does not tell.
    """
    try:
        parts = open_parts(path)
        with h5py.File(path, "r") as file:
            then = file["made_from"].asstr()[:] if "made_from" in file else ()
    except (SignpipeError, *DAMAGE):
        return {}
    return {
        clip_id: parts.keypoints[start:end]
        for clip_id, start, end, before in zip(
            parts.clip_ids, parts.offsets[:-1], parts.offsets[1:], then, strict=False
        )
        if made_from.get(clip_id) == before
    }


def _damaged(path: Path, error: Exception) -> SignpipeError:
    return SignpipeError(f"cannot read {path}: {error}; delete it and prepare again")
