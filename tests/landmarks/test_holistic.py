import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import extract_clip
from signpipe.extraction.clip_worker import ClipJob, finish_clip
from signpipe.landmarks import holistic as module
from signpipe.landmarks.holistic import Holistic, quiet_stderr
from signpipe.landmarks.pack import Landmarks
from signpipe.settings import ExtractSettings

PARTS = ("pose", "left_hand", "right_hand")


@pytest.fixture(scope="module")
def holistic() -> Iterator[Holistic]:
    with Holistic() as made:
        yield made


def assert_same(one: Landmarks, other: Landmarks) -> None:
    for part in PARTS:
        np.testing.assert_array_equal(getattr(one, part), getattr(other, part), part)


def frames(person: np.ndarray, count: int = 5) -> list[tuple[float, np.ndarray]]:
    return [(n / 25, np.roll(person, 3 * n, axis=1)) for n in range(count)]


def test_lean_graph_is_used(holistic: Holistic) -> None:
    assert holistic.fallback == "" and holistic.graph == "lean"


def test_same_as_mediapipes_own_holistic(holistic: Holistic, person: np.ndarray) -> None:
    from mediapipe.python.solutions.holistic import Holistic as Original

    found = holistic.landmarks(frames(person))
    with quiet_stderr(), Original() as original:
        for index, (_, pixels) in enumerate(frames(person)):
            result = original.process(pixels)
            pose = [(p.x, p.y, p.z, p.visibility) for p in result.pose_landmarks.landmark]
            left = [(p.x, p.y, p.z) for p in result.left_hand_landmarks.landmark]
            right = [(p.x, p.y, p.z) for p in result.right_hand_landmarks.landmark]
            np.testing.assert_array_equal(found.pose[index], np.array(pose, np.float32))
            np.testing.assert_array_equal(found.left_hand[index], np.array(left, np.float32))
            np.testing.assert_array_equal(found.right_hand[index], np.array(right, np.float32))


def test_whatever_came_before(holistic: Holistic, person: np.ndarray) -> None:
    first = holistic.landmarks(frames(person))
    mirrored = [(time, np.ascontiguousarray(pixels[:, ::-1])) for time, pixels in frames(person)]
    assert not np.array_equal(holistic.landmarks(mirrored).pose, first.pose)
    assert_same(holistic.landmarks(frames(person)), first)
    assert holistic.landmarks([]).pose.shape == (0, 33, 4)
    assert_same(holistic.landmarks(frames(person)), first)
    with Holistic() as another:
        assert_same(another.landmarks(frames(person)), first)


def test_frame_by_frame_the_same_as_all_together(holistic: Holistic, person: np.ndarray) -> None:
    whole = holistic.landmarks(frames(person))
    holistic.landmarks([(0.0, np.ascontiguousarray(person[:, ::-1]))])
    for index, (time, pixels) in enumerate(frames(person)):
        one = holistic.next_frame(time, pixels, fresh=index == 0)
        assert len(one) == 1 and one.times is not None and one.times[0] == time
        for part in PARTS:
            np.testing.assert_array_equal(getattr(one, part)[0], getattr(whole, part)[index])


def test_after_an_error(holistic: Holistic, person: np.ndarray) -> None:
    first = holistic.landmarks(frames(person))

    def breaking() -> Iterator[tuple[float, np.ndarray]]:
        yield from frames(person, 2)
        raise RuntimeError("broken")

    with pytest.raises(RuntimeError, match="broken"):
        holistic.landmarks(breaking())
    assert_same(holistic.landmarks(frames(person)), first)


def test_nobody_is_nan(holistic: Holistic) -> None:
    found = holistic.landmarks([(0, np.zeros((64, 48, 3), np.uint8))] * 2)
    for part in PARTS:
        assert np.isnan(getattr(found, part)).all() and not found.seen(part).any()


def test_face_is_mediapipes_own_and_leaves_the_rest_alone(
    holistic: Holistic, person: np.ndarray
) -> None:
    from mediapipe.python.solutions.holistic import Holistic as Original

    with Holistic(ExtractSettings(face=True)) as whole:
        found = whole.landmarks(frames(person, 3))
        assert whole.graph == "lean"
    assert found.face is not None and found.face.shape == (3, 468, 3)
    assert_same(found, holistic.landmarks(frames(person, 3)))
    with quiet_stderr(), Original() as original:
        for index, (_, pixels) in enumerate(frames(person, 3)):
            points = original.process(pixels).face_landmarks.landmark
            face = np.array([(p.x, p.y, p.z) for p in points], np.float32)
            np.testing.assert_array_equal(found.face[index], face)


def test_fallback_gives_the_same(
    holistic: Holistic, person: np.ndarray, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("SIGNPIPE_CACHE", str(tmp_path))  # no model that was checked before

    def unknown(_: int) -> bytes:
        raise KeyError("no such operator")

    monkeypatch.setattr(module, "lean_pose_model", unknown)
    with Holistic() as plain:
        assert "no such operator" in plain.fallback and "no such operator" in plain.graph
        assert_same(plain.landmarks(frames(person)), holistic.landmarks(frames(person)))
        outcome = finish_clip(ClipJob("a", "nowhere.mp4", Path("nowhere.h5")), plain)
        assert outcome.fallback == plain.fallback  # so that it can be told


def test_a_model_that_is_not_there_is_named() -> None:
    with pytest.raises(SignpipeError, match="model_complexity 2; use 1"):
        Holistic(ExtractSettings(model_complexity=2))


def test_missing_system_library_is_named() -> None:
    program = (
        "import sys\n"
        "class Finder:\n"
        "    def find_spec(self, name, path=None, target=None):\n"
        "        if name == 'cv2':\n"
        "            raise ImportError('libGL.so.1: cannot open shared object file')\n"
        "sys.meta_path.insert(0, Finder())\n"
        "from signpipe.landmarks.holistic import Holistic\n"
        "Holistic()\n"
    )
    done = _python(program)
    assert "SignpipeError: mediapipe cannot be loaded (libGL.so.1" in done.stderr
    assert "libgl1 and libglib2.0-0" in done.stderr


def test_stderr_is_pythons_alone(person: np.ndarray, tmp_path: Path) -> None:
    np.save(tmp_path / "person.npy", person)
    program = (
        "import sys, numpy as np\n"
        "from signpipe.landmarks.holistic import Holistic\n"
        f"pixels = np.load({str(tmp_path / 'person.npy')!r})\n"
        "def frames():\n"
        "    print('in between', file=sys.stderr)\n"
        "    yield 0.0, pixels\n"
        "with Holistic() as holistic:\n"
        "    holistic.landmarks(frames())\n"
        "    holistic.landmarks([])\n"
        "print('after', file=sys.stderr)\n"
    )
    assert _python(program).stderr == "in between\nafter\n"


def _python(program: str) -> "subprocess.CompletedProcess[str]":
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    return subprocess.run(
        [sys.executable, "-c", program], env=environment, capture_output=True, text=True
    )


def test_extract_clip(holistic: Holistic, tmp_path: Path, make_clip) -> None:  # type: ignore[no-untyped-def]
    found = extract_clip(make_clip(tmp_path / "a.mp4", 5), holistic)
    assert (found.status, found.reason, found.width, found.height) == ("ok", "", 320, 320)
    assert found.landmarks is not None and len(found.landmarks) == 5
    assert found.landmarks.share_seen("left_hand") == 1
    (tmp_path / "b.mp4").touch()
    assert extract_clip(tmp_path / "b.mp4", holistic).status == "empty"
    (tmp_path / "c.mp4").write_text("text")
    assert extract_clip(tmp_path / "c.mp4", holistic).status == "unreadable"
    gone = extract_clip(tmp_path / "d.mp4", holistic)
    assert gone.status == "failed" and gone.landmarks is None
