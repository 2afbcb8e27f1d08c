"""The landmark process: camera pictures one by one, and takes as `extract` would see them."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from signpipe.app.landmark_worker import CameraFrame, LandmarkWorker
from signpipe.app.takes import NewTake, keep_take
from signpipe.errors import SignpipeError
from signpipe.extraction import extract
from signpipe.extraction.clip import extract_clip
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.stored import stored_extraction
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings
from signpipe.video.jpeg import write_jpegs
from signpipe.workspace import Workspace

PARTS = ("pose", "left_hand", "right_hand", "times")


@pytest.fixture(scope="module")
def worker() -> Iterator[LandmarkWorker]:
    made = LandmarkWorker(ExtractSettings())
    yield made
    made.close()


@pytest.fixture(scope="module")
def recording(person: np.ndarray) -> list[tuple[float, bytes]]:
    """(seconds, JPEG) of a moving person, by a clock of its own, unevenly as cameras are."""
    found = []
    for index, seconds in enumerate([71.0123, 71.0701, 71.1455, 71.1999, 71.29]):
        file = io.BytesIO()
        Image.fromarray(np.roll(person, 6 * index, axis=1)).save(file, "JPEG", quality=85)
        found.append((seconds, file.getvalue()))
    return found


def test_a_take_is_what_extract_makes_of_its_recording(worker, recording, tmp_path):
    write_jpegs(tmp_path / "recording.mkv", recording)
    with Holistic() as holistic:
        expected = extract_clip(tmp_path / "recording.mkv", holistic).landmarks
    # Whatever the camera has shown before.
    seen = [worker.see(CameraFrame(t, jpeg, fresh=i == 0)) for i, (t, jpeg) in enumerate(recording)]
    taken = worker.extract(recording)
    assert (taken.width, taken.height) == (320, 320)
    for part in PARTS:
        assert np.array_equal(getattr(taken.landmarks, part), getattr(expected, part), True), part
    # And the stream begins anew after it.
    again = [worker.see(CameraFrame(t, jpeg)) for t, jpeg in recording]
    for one, other in zip(seen, again, strict=True):
        assert np.array_equal(one.landmarks.pose, other.landmarks.pose)
        assert (one.width, one.height) == (320, 320)
        assert 0 < one.brightness < 1


def test_a_kept_video_needs_no_extraction(worker, recording, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    taken = worker.extract(recording)
    clip_id = keep_take(workspace, NewTake("tree", "ada", taken, worker.settings, frames=recording))
    stored = stored_extraction(workspace, read_outcomes(workspace.outcomes)[clip_id])
    result = extract.run(workspace, [workspace.root / "takes"], workers=1)
    assert (result.clips, result.done_before) == (1, 1)
    redone = extract.run(workspace, [workspace.root / "takes"], workers=1, redo=True)
    assert (redone.clips, redone.done_before) == (1, 0)
    again = stored_extraction(workspace, read_outcomes(workspace.outcomes)[clip_id])
    assert again.fps == pytest.approx(stored.fps) and again.width == stored.width
    for part in PARTS:
        one, other = getattr(stored.landmarks, part), getattr(again.landmarks, part)
        assert np.array_equal(one, other, True), part


def test_what_is_no_picture_costs_only_itself(worker, recording):
    with pytest.raises(SignpipeError, match="no JPEG"):
        worker.see(CameraFrame(1.0, b"nonsense"))
    assert worker.see(CameraFrame(2.0, recording[0][1])).landmarks.seen("pose").all()
    sideways = io.BytesIO()
    Image.new("RGB", (240, 320)).save(sideways, "JPEG")
    with pytest.raises(SignpipeError, match="changed its size"):
        worker.extract([recording[0], (99.0, sideways.getvalue())])
