import hashlib
from pathlib import Path

import h5py
import numpy as np
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from signpipe.errors import SignpipeError
from signpipe.landmarks.pack import SEAL, SEAL_BYTES, SHAPES, Landmarks, open_pack, write_pack


def landmarks(frames: int, seed: int = 0, face: bool = False) -> Landmarks:
    numbers = np.random.default_rng(seed)
    pose = numbers.random((frames, 33, 4), np.float32)
    left = numbers.random((frames, 21, 3), np.float32)
    left[::2] = np.nan
    right = np.full((frames, 21, 3), np.nan, np.float32)
    more = numbers.random((frames, 468, 3), np.float32) if face else None
    return Landmarks(pose, left, right, np.arange(frames) / 25, more)


def assert_same(one: Landmarks, other: Landmarks) -> None:
    for part in (*SHAPES, "times", "face"):
        expected, found = getattr(one, part), getattr(other, part)
        assert (expected is None) == (found is None), part
        if expected is not None:
            np.testing.assert_array_equal(expected, found, part)


def write_unsealed(path: Path, clips: dict[str, Landmarks]) -> None:
    """A pack as other programs make it, which h5py may change."""
    write_pack(path, clips)
    path.write_bytes(path.read_bytes()[SEAL_BYTES:])


@pytest.mark.parametrize("face", [False, True])
def test_round_trip(tmp_path: Path, face: bool) -> None:
    clips = {f"clip/{n}": landmarks(n, n, face) for n in (3, 0, 1, 40)}
    write_pack(tmp_path / "a" / "b.h5", clips, {"fps": 25.0, "source": "a 'b'\n手話"})
    with open_pack(tmp_path / "a" / "b.h5") as pack:
        assert pack.clip_ids == list(clips)
        assert pack.attributes["source"] == "a 'b'\n手話"
        for found, expected in zip(pack.read_each(), clips.values(), strict=True):
            assert_same(expected, found)
        for index, expected in enumerate(clips.values()):
            assert_same(expected, pack.read(index))
    assert list(tmp_path.rglob("*.part")) == []


def test_blocks_join(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("signpipe.landmarks.pack.BLOCK", 7)
    clips = {str(n): landmarks(length, n) for n, length in enumerate((3, 3, 0, 8, 1, 6, 0))}
    write_pack(tmp_path / "a.h5", clips)
    with open_pack(tmp_path / "a.h5") as pack:
        for found, expected in zip(pack.read_each(), clips.values(), strict=True):
            assert_same(expected, found)


def test_reads_packs_without_a_seal(tmp_path: Path) -> None:
    write_unsealed(tmp_path / "a.h5", {"a": landmarks(3)})
    with open_pack(tmp_path / "a.h5") as pack:
        assert_same(landmarks(3), pack.read(0))


def test_no_clips(tmp_path: Path) -> None:
    write_pack(tmp_path / "a.h5", {"nothing": landmarks(0)})
    with open_pack(tmp_path / "a.h5") as pack:
        assert len(pack.read(0)) == 0


@pytest.mark.parametrize("name", [*SHAPES, "offsets", "clip_id"])
def test_missing_dataset(tmp_path: Path, name: str) -> None:
    write_unsealed(tmp_path / "a.h5", {"a": landmarks(3)})
    with h5py.File(tmp_path / "a.h5", "a") as file:
        del file[name]
    with pytest.raises(SignpipeError, match=name), open_pack(tmp_path / "a.h5"):
        pass


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("pose", np.zeros((3, 33, 3), np.float32)),
        ("pose", np.zeros((2, 33, 4), np.float32)),
        ("pose", np.zeros((3, 33, 4), np.int32)),
        ("left_hand", np.zeros((3, 21), np.float32)),
        ("right_hand", np.full((3, 21, 3), np.inf, np.float32)),
        ("offsets", np.array([0, 4])),
        ("offsets", np.array([1, 3])),
        ("offsets", np.array([0, 3, 2, 3])),
        ("offsets", np.array([0.0, 3.0])),
        ("offsets", np.array([], np.int64)),
        ("clip_id", np.array(["a", "b"], dtype=h5py.string_dtype())),
        ("clip_id", np.array([1])),
        ("times", np.zeros(2)),
        ("times", np.array(["a", "b", "c"], dtype=h5py.string_dtype())),
        ("face", np.zeros((2, 468, 3), np.float32)),
        ("face", np.zeros((3, 468, 2), np.float32)),
    ],
)
def test_impossible_dataset(tmp_path: Path, name: str, value: np.ndarray) -> None:
    path = tmp_path / "a.h5"
    write_unsealed(path, {"a": landmarks(3)})
    with h5py.File(path, "a") as file:
        if name in file:
            del file[name]
        file[name] = value
    with pytest.raises(SignpipeError, match="a.h5"), open_pack(path) as pack:
        list(pack.read_each())


def test_clip_id_twice(tmp_path: Path) -> None:
    write_unsealed(tmp_path / "a.h5", {"a": landmarks(3), "b": landmarks(2)})
    with h5py.File(tmp_path / "a.h5", "a") as file:
        file["clip_id"][1] = "a"
    with pytest.raises(SignpipeError, match="twice"), open_pack(tmp_path / "a.h5"):
        pass


def test_missing_and_foreign_files(tmp_path: Path) -> None:
    (tmp_path / "text.h5").write_text("no pack")
    (tmp_path / "empty.h5").touch()
    for name in ("missing.h5", "text.h5", "empty.h5", "."):
        with pytest.raises(SignpipeError), open_pack(tmp_path / name):
            pass


def test_full_disk_leaves_the_old_pack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "a.h5", {"a": landmarks(3)})
    before = (tmp_path / "a.h5").read_bytes()

    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("os.fsync", full)
    with pytest.raises(SignpipeError, match="no space"):
        write_pack(tmp_path / "a.h5", {"a": landmarks(5)})
    assert [path.name for path in tmp_path.iterdir()] == ["a.h5"]
    assert (tmp_path / "a.h5").read_bytes() == before


ORIGINAL = {"hello": landmarks(5), "wörld": landmarks(4, 1)}


@pytest.fixture(scope="session")
def pack_bytes(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("pack") / "a.h5"
    write_pack(path, ORIGINAL, {"source": "x.mp4"})
    return path.read_bytes()


@settings(
    max_examples=400,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(data=st.data())
def test_damaged_bytes_give_an_error_or_what_the_file_says(
    tmp_path: Path, pack_bytes: bytes, data: st.DataObject
) -> None:
    """Shapes always hold; and where the file's structure is untouched, so do the numbers."""
    damaged = bytearray(pack_bytes)
    kind = data.draw(st.sampled_from(["cut", "flip", "zero", "swap"]))
    at = data.draw(st.integers(0, len(damaged) - 1))
    if kind == "cut":
        del damaged[at:]
    elif kind == "flip":
        damaged[at] ^= data.draw(st.integers(1, 255))
    elif kind == "zero":
        size = data.draw(st.integers(1, 64))
        damaged[at : at + size] = bytes(len(damaged[at : at + size]))
    else:
        other = data.draw(st.integers(0, len(damaged) - 1))
        damaged[at], damaged[other] = damaged[other], damaged[at]
    # Without its seal a damaged file can hang HDF5, or kill it: test_foreign_pack.py has those.
    assume(damaged.startswith(SEAL) or damaged[SEAL_BYTES:] == pack_bytes[SEAL_BYTES:])
    path = tmp_path / "damaged.h5"
    path.write_bytes(damaged)
    try:
        with open_pack(path) as pack:
            found = dict(zip(pack.clip_ids, pack.read_each(), strict=True))
    except SignpipeError as error:
        assert "damaged.h5" in str(error)
        return
    for clip in found.values():
        for part, shape in SHAPES.items():
            array = getattr(clip, part)
            assert array.shape == (len(clip), *shape) and array.dtype == np.float32
            assert not np.isinf(array).any()
    for clip_id in found.keys() & ORIGINAL.keys():
        assert_same(ORIGINAL[clip_id], found[clip_id])


def test_reads_the_packs_in_use(shared_data: Path) -> None:
    with open_pack(shared_data / "keypoints" / "personal.h5") as pack:
        assert len(pack) == 1032
        first = pack.read(0)
        assert first.pose.dtype == np.float32 and first.times is None


@pytest.mark.parametrize(
    "error", [OSError("full"), ValueError("x"), KeyError("x"), TypeError("x"), RuntimeError("x")]
)
def test_what_its_user_does_wrong_is_not_the_packs_fault(tmp_path: Path, error: Exception) -> None:
    write_pack(tmp_path / "a.h5", {"a": landmarks(3)})
    with pytest.raises(type(error)) as caught, open_pack(tmp_path / "a.h5") as pack:
        for _ in pack.read_each():
            raise error
    assert caught.value is error


def seal(path: Path) -> None:
    """Give an HDF5 file the seal that signpipe's own packs have."""
    content = path.read_bytes()
    head = SEAL + hashlib.sha256(content).hexdigest().encode() + b"\n"
    path.write_bytes(head.ljust(SEAL_BYTES, b"\0") + content)


def write_claiming(path: Path, frames: int, clips: int = 1, **options: object) -> None:
    """A small sealed pack whose arrays are said to be of `frames` frames."""
    with h5py.File(path, "w") as file:
        for name, shape in SHAPES.items():
            file.create_dataset(name, (frames, *shape), np.float32, **options)
        file["offsets"] = np.linspace(0, frames, clips + 1).astype(np.int64)
        file["clip_id"] = np.array([str(n) for n in range(clips)], dtype=h5py.string_dtype())
    seal(path)


@pytest.mark.parametrize("frames", [20_000_000, 2_000_000_000])
@pytest.mark.parametrize("options", [{}, {"chunks": True}, {"chunks": True, "compression": "gzip"}])
@pytest.mark.parametrize("clips", [1, 3000])
def test_frames_that_a_header_names_and_the_file_lacks(
    tmp_path: Path, frames: int, options: dict[str, object], clips: int
) -> None:
    write_claiming(tmp_path / "a.h5", frames, clips, **options)
    assert (tmp_path / "a.h5").stat().st_size < 1 << 20
    with (
        pytest.raises(SignpipeError, match=r"(pose is said to be .* 0 bytes|a clip is said)"),
        open_pack(tmp_path / "a.h5"),
    ):
        pass


@pytest.mark.parametrize("name", ["offsets", "clip_id"])
def test_clips_that_a_header_names_and_the_file_lacks(tmp_path: Path, name: str) -> None:
    path = tmp_path / "a.h5"
    write_unsealed(path, {"a": landmarks(3)})
    with h5py.File(path, "a") as file:
        kind = file[name].dtype
        del file[name]
        file.create_dataset(name, (2_000_000_000,), kind, chunks=True)
    seal(path)
    with pytest.raises(SignpipeError, match=f"{name} is said to be"), open_pack(path):
        pass


def test_a_clip_longer_than_any_recording(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_pack(tmp_path / "a.h5", {"a": landmarks(12)})
    monkeypatch.setattr("signpipe.landmarks.pack.LONGEST", 11)
    with pytest.raises(SignpipeError, match="more than 11 frames"), open_pack(tmp_path / "a.h5"):
        pass


def test_numbers_that_compress_as_well_as_any_are_read(tmp_path: Path) -> None:
    clip = Landmarks(*(np.full((50_000, *shape), np.nan, np.float32) for shape in SHAPES.values()))
    write_pack(tmp_path / "a.h5", {"a": clip})
    with open_pack(tmp_path / "a.h5") as pack:
        assert len(pack.read(0)) == 50_000


def test_a_part_that_lies_in_another_file(tmp_path: Path) -> None:
    write_unsealed(tmp_path / "other.h5", {"a": landmarks(3)})
    path = tmp_path / "a.h5"
    for link in (
        lambda file: file.__setitem__("pose", h5py.ExternalLink("other.h5", "pose")),
        lambda file: file.create_dataset(
            "pose", (3, 33, 4), "f4", external=[(str(tmp_path / "other.h5"), 0, 3 * 33 * 4 * 4)]
        ),
        lambda file: file.create_virtual_dataset(
            "pose", h5py.VirtualLayout((3, 33, 4), "f4"), fillvalue=0
        ),
    ):
        write_unsealed(path, {"a": landmarks(3)})
        with h5py.File(path, "a") as file:
            del file["pose"]
            link(file)
        with pytest.raises(SignpipeError, match="pose (lies in another|is said)"), open_pack(path):
            pass


NAMES = st.sampled_from([*SHAPES, "times", "offsets", "clip_id"])
ARRAYS = st.one_of(
    st.tuples(
        st.lists(st.integers(0, 7), max_size=3).map(tuple),
        st.sampled_from(["f2", "f4", "f8", "i4", "u8", "S3", "?", "c8"]),
    ).map(lambda of: np.zeros(*of)),
    st.lists(st.integers(-(2**63), 2**63 - 1), max_size=4).map(lambda of: np.array(of, np.int64)),
)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(changes=st.dictionaries(NAMES, ARRAYS, min_size=1, max_size=2))
def test_any_array_in_any_place_is_refused_or_read(
    tmp_path: Path, pack_bytes: bytes, changes: dict[str, np.ndarray]
) -> None:
    path = tmp_path / "changed.h5"
    path.write_bytes(pack_bytes[SEAL_BYTES:])
    with h5py.File(path, "a") as file:
        for name, value in changes.items():
            del file[name]
            file[name] = value
    seal(path)
    try:
        with open_pack(path) as pack:
            found = list(pack.read_each())
    except SignpipeError as error:
        assert "changed.h5" in str(error)
        return
    assert [len(clip) for clip in found] == pack.lengths
