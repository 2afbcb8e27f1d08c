from pathlib import Path

import numpy as np
import pytest

from signpipe.landmarks import checked_model as module
from signpipe.landmarks import holistic
from signpipe.landmarks.checked_model import KEPT, checked_model, keep_checked_model
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings

PLAIN = ExtractSettings()


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("SIGNPIPE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "lean-pose"


def test_kept_for_the_same_settings_and_processor_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    assert checked_model(PLAIN) is None
    keep_checked_model(PLAIN, b"model")
    assert checked_model(PLAIN) == b"model"
    assert checked_model(ExtractSettings(face=True)) is None
    monkeypatch.setattr(module, "_processor", lambda: ["another"])
    assert checked_model(PLAIN) is None


def test_a_damaged_one_is_as_if_it_were_not_there(cache: Path) -> None:
    keep_checked_model(PLAIN, b"model")
    (file,) = cache.iterdir()
    file.write_bytes(file.read_bytes()[:-1])
    assert checked_model(PLAIN) is None
    file.write_bytes(b"")
    assert checked_model(PLAIN) is None


def test_old_ones_are_deleted(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(KEPT + 3):
        monkeypatch.setattr(module, "_processor", lambda number=number: [str(number)])
        keep_checked_model(PLAIN, b"model")
    assert len(list(cache.iterdir())) == KEPT and checked_model(PLAIN) == b"model"


def test_a_folder_that_cannot_be_written_is_no_error(cache: Path) -> None:
    cache.parent.write_text("a file")
    keep_checked_model(PLAIN, b"model")
    assert checked_model(PLAIN) is None


def test_the_second_start_checks_nothing_and_finds_the_same(
    person: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    frames = [(n / 30, person) for n in range(2)]
    with Holistic() as first:
        expected = first.landmarks(frames)

    def unexpected(_: int) -> bytes:
        raise AssertionError("the model was made again")

    monkeypatch.setattr(holistic, "lean_pose_model", unexpected)
    with Holistic() as second:
        assert second.graph == "lean" and second.fallback == ""
        np.testing.assert_array_equal(second.landmarks(frames).pose, expected.pose)


def test_a_model_that_failed_its_check_is_not_kept(
    cache: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Holistic, "_same", lambda *_: False)
    with Holistic() as plain:
        assert plain.fallback == "the self-check's landmarks differ"
    assert not cache.exists()
