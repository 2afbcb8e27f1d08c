from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from signpipe.landmarks.formats.asl_signs import find_sequences, is_table, read_sequence
from signpipe.landmarks.formats.foreign import UnreadableClip

POINTS = {"face": 468, "left_hand": 21, "pose": 33, "right_hand": 21}


def rows(frames: list[int], seed: int = 0) -> dict[str, list]:
    """Columns of a made-up sequence whose left hand is never seen."""
    rng = np.random.default_rng(seed)
    columns: dict[str, list] = {name: [] for name in ("frame", "row_id", "type", "landmark_index")}
    columns |= {"x": [], "y": [], "z": []}
    for frame in frames:
        for kind, count in POINTS.items():
            for index in range(count):
                xyz = [None] * 3 if kind == "left_hand" else rng.random(3).tolist()
                values = (frame, f"{frame}-{kind}-{index}", kind, index, *xyz)
                for column, value in zip(columns.values(), values, strict=True):
                    column.append(value)
    return columns


def write(path: Path, columns: dict[str, list]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    table = pa.table(columns)
    if "frame" in columns and "landmark_index" in columns:  # as in the original
        for name in ("frame", "landmark_index"):
            at = table.column_names.index(name)
            table = table.set_column(at, name, table[name].cast(pa.int16()))
    pq.write_table(table, path)
    return path


def test_a_sequence(tmp_path: Path):
    columns = rows([22, 20, 21])
    recording = read_sequence(write(tmp_path / "a.parquet", columns))
    found = recording.landmarks
    table = {
        key: xyz
        for key, *xyz in zip(
            columns["row_id"], columns["x"], columns["y"], columns["z"], strict=True
        )
    }
    for at, frame in enumerate((20, 21, 22)):
        for index in range(33):
            expected = np.array(table[f"{frame}-pose-{index}"], np.float32)
            np.testing.assert_array_equal(found.pose[at, index, :3], expected)
        expected = np.array([table[f"{frame}-right_hand-{i}"] for i in range(21)], np.float32)
        np.testing.assert_array_equal(found.right_hand[at], expected)
    assert (found.pose[..., 3] == 1).all() and np.isnan(found.left_hand).all()
    assert (recording.fps, recording.width, found.times) == (None, None, None)


def test_unusual_tables(tmp_path: Path):
    columns = rows([3])
    shuffled = np.random.default_rng(0).permutation(len(columns["x"]))
    mixed = {name: [values[i] for i in shuffled] for name, values in columns.items()}
    plain = read_sequence(write(tmp_path / "a.parquet", columns)).landmarks
    found = read_sequence(write(tmp_path / "b.parquet", mixed)).landmarks
    np.testing.assert_array_equal(plain.pose, found.pose)
    np.testing.assert_array_equal(plain.right_hand, found.right_hand)
    empty = {
        name: pa.array(values[:0], pa.string() if name in ("row_id", "type") else pa.float64())
        for name, values in columns.items()
    }
    pq.write_table(pa.table(empty), tmp_path / "c.parquet")
    assert len(read_sequence(tmp_path / "c.parquet").landmarks) == 0


def spoil(columns: dict[str, list], name: str, value: object) -> dict[str, list]:
    at = columns["row_id"].index("1-pose-4")
    columns[name][at] = value
    return columns


@pytest.mark.parametrize(
    ("columns", "said"),
    [
        ({k: v for k, v in rows([1]).items() if k not in ("x", "type")}, "no column type, x"),
        (spoil(rows([1]), "landmark_index", 33), "landmark_index of type pose is not in 0..32"),
        (spoil(rows([1]), "landmark_index", -1), "landmark_index of type pose is not in 0..32"),
        (spoil(rows([1]), "landmark_index", 5), "a landmark of type pose occurs twice"),
        (spoil(rows([1]), "frame", None), "lacks its frame"),
        (spoil(rows([1]), "y", float("inf")), "infinite"),
        ({**rows([1]), "z": ["a"] * 543}, "cannot be read as parquet"),
    ],
)
def test_damage_is_told(tmp_path: Path, columns: dict[str, list], said: str):
    with pytest.raises(UnreadableClip, match=said):
        read_sequence(write(tmp_path / "a.parquet", columns))


def test_files_that_are_no_parquet(tmp_path: Path):
    whole = write(tmp_path / "a.parquet", rows([1])).read_bytes()
    for content in (b"", b"text", whole[:-100], whole[50:]):
        (tmp_path / "b.parquet").write_bytes(content)
        with pytest.raises(UnreadableClip, match="cannot be read as parquet"):
            read_sequence(tmp_path / "b.parquet")


def test_the_table(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    write(tmp_path / "asl" / "files" / "7" / "11.parquet", rows([1]))
    write(tmp_path / "outside.parquet", rows([1]))
    table = tmp_path / "asl" / "train.csv"
    table.write_text(
        "path,participant_id,sequence_id,sign\nfiles/7/11.parquet,7,11,blow\n"
        "files/7/12.parquet,7,12,wait\n../outside.parquet,7,13,wait\n"
        "a\0b,7,14,wait\n"
    )
    assert is_table(table) and not is_table(tmp_path / "asl")
    (clip,) = find_sequences(table)
    assert (clip.name, clip.label, clip.signer) == ("7/11", "blow", "7")
    assert clip.path == tmp_path / "asl" / "files" / "7" / "11.parquet"
    assert "3 of 4 clips" in capsys.readouterr().err
    table.write_text("path,label\nx,y\n")
    assert not is_table(table)
