import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.parts.store import Parts, open_parts, read_parts_record, write_parts


def clips():
    rng = np.random.default_rng(0)
    return {
        name: rng.random((frames, 49, 3)).astype(np.float32)
        for name, frames in (("a", 3), ("käse/b", 1), ("c", 7))
    }


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "parts.h5"
    write_parts(path, iter(clips().items()), 11, {"settings": {"trunk": "image"}})
    parts = open_parts(path)
    assert parts.clip_ids == ["a", "käse/b", "c"]
    assert parts.record == read_parts_record(path) == {"settings": {"trunk": "image"}}
    assert isinstance(parts.keypoints, np.memmap)
    for row, clip in enumerate(clips().values()):
        start, end = parts.offsets[row : row + 2]
        assert (parts.keypoints[start:end] == clip).all()
    in_memory = Parts.of(clips())
    assert (in_memory.keypoints == parts.keypoints).all()
    assert (in_memory.offsets == parts.offsets).all()
    assert parts.rows["c"] == 2
    assert (parts.lengths(np.array([2, 0])) == [7, 3]).all()


def test_a_failed_write_leaves_the_old_file(tmp_path):
    path = tmp_path / "parts.h5"
    write_parts(path, clips().items(), 11, {})

    def fails():
        yield "a", clips()["a"]
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        write_parts(path, fails(), 11, {})
    assert len(open_parts(path)) == 3
    assert [file.name for file in tmp_path.iterdir()] == ["parts.h5"]


def test_a_missing_or_damaged_file_is_named(tmp_path):
    path = tmp_path / "parts.h5"
    assert read_parts_record(path) is None
    with pytest.raises(SignpipeError, match="signpipe prepare"):
        open_parts(path)
    path.write_bytes(b"no HDF5")
    with pytest.raises(SignpipeError, match=r"parts\.h5"):
        open_parts(path)
