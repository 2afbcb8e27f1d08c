import json

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from signpipe.errors import SignpipeError
from signpipe.parts.store import Parts, open_parts, read_parts_record, write_parts

RECORD = {"settings": {"trunk": "image"}, "inputs": {"clips": 3}}


def clips():
    rng = np.random.default_rng(0)
    return {
        name: rng.random((frames, 49, 3)).astype(np.float32)
        for name, frames in (("a", 3), ("käse/b", 1), ("c", 7))
    }


def test_what_is_written_is_read(tmp_path):
    path = tmp_path / "parts.h5"
    write_parts(path, iter(clips().items()), 11, RECORD)
    parts = open_parts(path)
    assert parts.clip_ids == ["a", "käse/b", "c"]
    assert parts.record == read_parts_record(path) == RECORD
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
    write_parts(path, clips().items(), 11, RECORD)

    def fails():
        yield "a", clips()["a"]
        raise RuntimeError("in the middle")

    with pytest.raises(RuntimeError):
        write_parts(path, fails(), 11, RECORD)
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


@pytest.fixture
def parts_file(tmp_path):
    write_parts(tmp_path / "parts.h5", clips().items(), 11, RECORD)
    return tmp_path / "parts.h5"


@pytest.mark.parametrize(
    ("name", "options"),
    [
        ("keypoints", {"shape": (10**9, 49, 3), "dtype": "f4"}),
        ("keypoints", {"shape": (10**9, 49, 3), "dtype": "f4", "chunks": True}),
        ("keypoints", {"shape": (10, 49, 3), "dtype": "f4"}),
        ("keypoints", {"data": np.zeros((11, 48, 3), "f4")}),
        ("keypoints", {"data": np.zeros((11, 49, 3), "f8")}),
        ("keypoints", {"data": np.zeros((12, 49, 3), "f4")}),
        ("offsets", {"data": np.array([0, 3, 4])}),
        ("offsets", {"data": np.array([0, 4, 3, 11])}),
        ("offsets", {"data": np.array([1, 3, 4, 11])}),
        ("offsets", {"shape": (2 * 10**9,), "dtype": "i8", "chunks": True}),
        ("clip_id", {"data": np.array(["a", "a", "b"], h5py.string_dtype())}),
        ("clip_id", {"data": np.array([b"\xff", b"a", b"b"], h5py.string_dtype())}),
        ("clip_id", {"shape": (2 * 10**9,), "dtype": h5py.string_dtype(), "chunks": True}),
    ],
)
def test_arrays_that_do_not_fit_each_other_or_the_file(parts_file, name, options):
    with h5py.File(parts_file, "a") as file:
        del file[name]
        file.create_dataset(name, **options)
    with pytest.raises(SignpipeError, match=r"cannot read .*parts\.h5: .*prepare again"):
        open_parts(parts_file)


@pytest.mark.parametrize(
    "record", ["", "[]", "{}", "[" * 10_000, json.dumps(RECORD | {"inputs": 3}), 7]
)
def test_a_record_that_is_none(parts_file, record):
    with h5py.File(parts_file, "a") as file:
        file.attrs["record"] = record
    with pytest.raises(SignpipeError, match=r"cannot read .*parts\.h5: .*prepare again"):
        read_parts_record(parts_file)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    name=st.sampled_from(["keypoints", "offsets", "clip_id"]),
    shape=st.lists(st.sampled_from([0, 1, 3, 4, 11, 49]), max_size=3),
    kind=st.sampled_from(["f4", "f8", "i4", "i8", "u8", "S2", "?"]),
    value=st.integers(0, 12),
)
def test_any_array_in_any_place_is_refused_or_read(parts_file, name, shape, kind, value):
    write_parts(parts_file, clips().items(), 11, RECORD)
    with h5py.File(parts_file, "a") as file:
        del file[name]
        file[name] = np.full(shape, value).astype(kind)
    try:
        parts = open_parts(parts_file)
    except SignpipeError as error:
        assert "parts.h5" in str(error)
        return
    assert parts.lengths(np.arange(len(parts))).sum() == len(parts.keypoints)
