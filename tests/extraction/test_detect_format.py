from pathlib import Path

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction.detect_format import detect_format


def touch(folder: Path, *names: str) -> Path:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def names(folder: Path, *paths: Path) -> dict[str, str]:
    found = detect_format(paths or [folder])
    return {clip.name: clip.label for clip in found.clips.values()}


def test_every_format_in_one_folder(tmp_path: Path):
    root = touch(
        tmp_path / "all",
        *("packs/a.h5", "packs/deep/b.hdf5", "hi/x.pose", "y.POSE", ".hidden/z.pose", ".z.pose"),
        *("vectors/bye/0/0.npy", "vectors/bye/0/1.npy", "vectors/bye/1/0.npy", "notes.txt"),
        *("asl/f/1.parquet", "asl/f/1.npy", "readme.csv"),
    )
    (root / "asl" / "train.csv").write_text(
        "path,participant_id,sequence_id,sign\nf/1.parquet,7,1,blow\n"
    )
    found = detect_format([root])
    assert list(found.packs.values()) == ["packs/a", "packs/deep/b"]
    assert names(root) == {
        **{"7/1": "blow", "hi/x": "hi", "y": ""},
        **{"vectors/bye/0": "bye", "vectors/bye/1": "bye"},
    }
    assert {clip.collection for clip in found.clips.values()} == {"all", "asl"}


def test_single_files(tmp_path: Path):
    touch(tmp_path / "a", "x.pose", "1.parquet", "pack.h5")
    (tmp_path / "a" / "odd name").write_bytes(b"\x89HDF\r\n\x1a\n and more")
    found = detect_format([tmp_path / "a" / name for name in ("x.pose", "1.parquet", "odd name")])
    assert [clip.name for clip in found.clips.values()] == ["x", "1"]
    assert list(found.packs.values()) == ["odd name"]
    (tmp_path / "a" / "train.csv").write_text("path,participant_id,sign\n1.parquet,7,blow\n")
    assert names(tmp_path, tmp_path / "a" / "train.csv") == {"7/1": "blow"}


def test_a_sequence_has_its_label_however_it_is_given(tmp_path: Path):
    root = touch(tmp_path / "data", "hi/0/0.npy", "hi/1/0.npy")
    for given in (root, root / "hi", root / "hi" / "0"):
        found = names(given)
        assert found["hi/0"] == "hi"


def test_the_same_file_twice_and_links(tmp_path: Path):
    root = touch(tmp_path / "data", "hi/x.pose", "p.h5")
    (root / "loop").symlink_to(root)
    (root / "hi" / "self").symlink_to("self")
    (tmp_path / "link").symlink_to(root / "hi")
    found = detect_format([root, root / "hi" / "x.pose", tmp_path / "link", root / "p.h5"])
    assert list(found.clips) == [root / "hi" / "x.pose"]
    assert list(found.packs) == [root / "p.h5"]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("nowhere", "there is no file or folder"),
        ("empty", "there are no keypoints in .*empty; import reads"),
        ("a.txt", "a.txt is of no known format; import reads"),
        ("0.npy", "a single frame; import its folder"),
    ],
)
def test_what_is_none_is_told(tmp_path: Path, name: str, said: str):
    touch(tmp_path, "a.txt", "0.npy", "empty/notes.txt")
    with pytest.raises(SignpipeError, match=said):
        detect_format([tmp_path / name])


def test_parquet_without_its_table_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    touch(tmp_path, "1.parquet", "x.pose")
    assert list(names(tmp_path)) == ["x"]
    assert "1 .parquet files" in capsys.readouterr().err


def test_many_frames_are_one_clip(tmp_path: Path):
    folder = touch(tmp_path, *(f"hi/0/{n}.npy" for n in range(50)))
    np.save(folder / "hi" / "0" / "0.npy", np.zeros(1662))
    assert names(folder) == {"hi/0": "hi"}
