"""The layout of Kaggle's asl-signs: `train.csv`, and one parquet file a clip.

`train.csv` has the columns path, participant_id, sequence_id and sign. A parquet file has one row a
landmark and frame: frame, row_id, type (face, left_hand, pose, right_hand), landmark_index and x,
y, z as shares of the picture, empty where not detected. There is no visibility: it is 1 for what
was detected. Neither the frame rate nor the picture's size is known; the face is passed over.
"""

import csv
import hashlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.formats.foreign import (
    ForeignClip,
    ForeignRecording,
    UnreadableClip,
    optional,
)
from signpipe.landmarks.pack import SHAPES, Landmarks
from signpipe.progress import note
from signpipe.tables import read_table

TABLE = "train.csv"
TABLE_COLUMNS = ("path", "participant_id", "sign")
COLUMNS = ("frame", "type", "landmark_index", "x", "y", "z")


def is_table(path: Path) -> bool:
    """Whether a file is a `train.csv` of this layout, by its first line."""
    try:
        with open(path, encoding="utf-8-sig", newline="") as file:
            return {*next(csv.reader(file), ())} >= {*TABLE_COLUMNS}
    except (OSError, ValueError, csv.Error):
        return False


def find_sequences(table: Path) -> Iterator[ForeignClip]:
    """The clips of a `train.csv` whose files are there; tells how many are not.

    Raises SignpipeError if the table cannot be read.
    """
    folder = table.parent.resolve()
    missing, total = [], 0
    for row in read_table(table).dicts(*TABLE_COLUMNS):
        total += 1
        written = row["path"]
        path = folder if "\0" in written else (folder / written).resolve()  # a folder is no clip
        if not path.is_relative_to(folder) or not path.is_file():
            missing.append(row["path"])
            continue
        name = f"{row['participant_id']}/{row.get('sequence_id') or path.stem}"
        label, signer = row["sign"].strip(), row["participant_id"].strip()
        yield ForeignClip(path, folder.name, name, read_sequence, label, signer)
    if missing:
        note(
            f"{len(missing)} of {total} clips of {table} are left out: their files, such as "
            f"{missing[0]}, are not below {folder}"
        )


def read_sequence(path: Path) -> ForeignRecording:
    """The clip of one parquet file, its frames in the order of their numbers.

    Raises UnreadableClip if the file is damaged or of another layout, OSError if it cannot be read,
    SignpipeError without pyarrow.
    """
    content = path.read_bytes()
    frame, kind, index, points = _columns(content)
    numbers, at = np.unique(frame, return_inverse=True)
    parts = {}
    for name, shape in SHAPES.items():
        part = np.full((len(numbers), shape[0], 3), np.nan, np.float32)
        rows = kind == name
        if rows.any():
            if index[rows].min() < 0 or index[rows].max() >= shape[0]:
                raise UnreadableClip(f"a landmark_index of type {name} is not in 0..{shape[0] - 1}")
            places = at[rows] * shape[0] + index[rows]
            if len(np.unique(places)) < len(places):
                raise UnreadableClip(f"a landmark of type {name} occurs twice in a frame")
            part.reshape(-1, 3)[places] = points[rows]
        parts[name] = part
    visibility = np.where(np.isnan(parts["pose"][..., :1]), np.float32(np.nan), np.float32(1))
    pose = np.concatenate([parts["pose"], visibility], axis=-1)
    landmarks = Landmarks(pose, parts["left_hand"], parts["right_hand"])
    return ForeignRecording(landmarks, hashlib.sha256(content).hexdigest())


def _columns(
    content: bytes,
) -> tuple[NDArray[np.int64], NDArray[Any], NDArray[np.int64], NDArray[np.float32]]:
    """frame (R,), type (R,), landmark_index (R,) and x, y, z (R, 3) of all rows."""
    arrow = optional("pyarrow", "pyarrow", "reading parquet files")
    parquet = optional("pyarrow.parquet", "pyarrow", "reading parquet files")
    try:
        file = parquet.ParquetFile(arrow.BufferReader(content))
        missing = [name for name in COLUMNS if name not in file.schema_arrow.names]
        if missing:
            raise UnreadableClip(f"it has no column {', '.join(missing)}")
        table = file.read(columns=list(COLUMNS), use_threads=False)
        if any(table[name].null_count for name in ("frame", "type", "landmark_index")):
            raise UnreadableClip("a row lacks its frame, type or landmark_index")
        frame, index = (
            table[name].cast(arrow.int64()).to_numpy() for name in ("frame", "landmark_index")
        )
        kinds = table["type"].cast(arrow.string()).combine_chunks().dictionary_encode()
        names = np.array(kinds.dictionary.to_pylist() or [""], dtype=object)
        kind = names[kinds.indices.to_numpy()] if len(kinds) else np.empty(0, object)
        xyz = [table[name].cast(arrow.float64()).to_numpy() for name in "xyz"]
    except UnreadableClip:
        raise
    except Exception as error:  # damage surfaces as pyarrow's errors and as many others
        text = " ".join(str(error).split()) or type(error).__name__
        raise UnreadableClip(f"it cannot be read as parquet: {text}") from error
    with np.errstate(over="ignore"):  # too large for float32 is infinite, which is refused
        return frame, kind, index, np.stack(xyz, axis=1).astype(np.float32)
