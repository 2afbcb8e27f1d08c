import io
import pickle
from pathlib import Path

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from signpipe.landmarks.formats.foreign import UnreadableClip
from signpipe.landmarks.formats.holistic_vectors import NUMBERS, read_vectors

finite = st.floats(-10, 10, width=32, allow_nan=False)


def vector(pose: np.ndarray, left: np.ndarray, right: np.ndarray) -> np.ndarray:
    """As others make it: all parts flat, one after the other, zeros where missing."""
    parts = (np.nan_to_num(pose), np.full((468, 3), 0.5), np.nan_to_num(left), np.nan_to_num(right))
    return np.concatenate([part.ravel() for part in parts])


def write(folder: Path, vectors: dict[str, np.ndarray]) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, values in vectors.items():
        np.save(folder / f"{name}.npy", values)
    return folder


@settings(max_examples=25, deadline=None)
@given(
    pose=arrays.arrays(np.float32, (3, 33, 4), elements=finite, fill=st.nothing()),
    hands=arrays.arrays(np.float32, (3, 2, 21, 3), elements=finite, fill=finite),
    missing=arrays.arrays(np.bool_, (3, 3)),
    dtype=st.sampled_from([np.float32, np.float64]),
)
def test_what_was_detected_comes_back_and_the_rest_is_nan(
    tmp_path_factory, pose, hands, missing, dtype
):
    pose[:, 0, 0], hands[..., 0, 0] = 0.5, 0.5  # no part that was detected is all zeros
    pose[missing[:, 0]] = hands[missing[:, 1], 0] = hands[missing[:, 2], 1] = np.nan
    folder = tmp_path_factory.mktemp("sequence")
    frames = {
        str(n): vector(pose[n], hands[n, 0], hands[n, 1]).astype(dtype) for n in range(len(pose))
    }
    found = read_vectors(write(folder, frames)).landmarks
    np.testing.assert_array_equal(found.pose, pose)
    np.testing.assert_array_equal(found.left_hand, hands[:, 0])
    np.testing.assert_array_equal(found.right_hand, hands[:, 1])


def test_frames_are_in_the_order_of_their_numbers(tmp_path: Path):
    frames = {str(n): np.full(NUMBERS, n + 1.0) for n in (10, 9, 1, 2, 3, 4, 5, 6, 7, 8, 0)}
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "._0.npy").write_bytes(b"of another system")
    recording = read_vectors(write(tmp_path / "a", frames))
    np.testing.assert_array_equal(recording.landmarks.pose[:, 5, 2], np.arange(1, 12))
    assert (recording.fps, recording.width, recording.landmarks.times) == (None, None, None)


good = np.ones(NUMBERS, np.float32)


@pytest.mark.parametrize(
    ("frames", "said"),
    [
        ({"0": good, "2": good}, "frame 1 is missing"),
        ({"5": good, "6": good}, "frame 1 and 3 more are missing"),
        ({"0": good, "00": good}, "0.npy and 00.npy are the same frame"),
        ({"0": good, "last": good}, "last.npy is not named by a frame's number"),
        ({"0": good, "1": good[:258]}, r"1.npy has the shape \(258,\), should be \(1662,\)"),
        ({"0": good[None]}, r"shape \(1, 1662\)"),
        ({"0": np.full(NUMBERS, "x")}, "0.npy is no numpy array of numbers"),
        ({"0": np.full(NUMBERS, np.inf)}, "infinite"),
        ({"0": np.full(NUMBERS, 1e300)}, "infinite"),
        ({"0": np.ones(100_000)}, "too large"),
    ],
)
def test_damage_is_told(tmp_path: Path, frames: dict[str, np.ndarray], said: str):
    with pytest.raises(UnreadableClip, match=said):
        read_vectors(write(tmp_path, frames))


class Trap:
    def __reduce__(self):
        return (Path.touch, (Path("sprung"),))


def test_nothing_is_unpickled(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    array = io.BytesIO()
    np.save(array, np.array([Trap()] * 3, dtype=object), allow_pickle=True)
    for content in (array.getvalue(), pickle.dumps(Trap())):
        (tmp_path / "0.npy").write_bytes(content)
        with pytest.raises(UnreadableClip, match="pickle"):
            read_vectors(tmp_path)
    assert not Path("sprung").exists()


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(data=st.data())
def test_any_damage_gives_an_error_or_numbers(tmp_path: Path, data: st.DataObject):
    buffer = io.BytesIO()
    np.save(buffer, good)
    content = bytearray(buffer.getvalue())
    content[data.draw(st.integers(0, 140))] = data.draw(st.integers(0, 255))
    (tmp_path / "0.npy").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        found = read_vectors(tmp_path).landmarks
    except UnreadableClip:
        return
    assert (found.pose.shape, found.left_hand.shape) == ((1, 33, 4), (1, 21, 3))
