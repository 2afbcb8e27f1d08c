"""Long recordings in pieces: the whole file, stopped and gone on with, damaged."""

from itertools import islice

import numpy as np
import pytest

from signpipe.extraction import recording_pieces
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.recording_pieces import RecordingPieces
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings
from signpipe.video.read import Video, VideoError

SETTINGS = ExtractSettings()


@pytest.fixture(scope="module")
def recording(tmp_path_factory, make_clip):
    """60 frames at 25 a second: two whole seconds and a part."""
    return make_clip(tmp_path_factory.mktemp("recording") / "long.mp4", frames=60, seed=3)


def pieces_of(path, cache, **options):
    with RecordingPieces(path, SETTINGS, workers=1, cache=cache, seconds=1, **options) as pieces:
        yield from pieces


def test_pieces_are_the_file_and_go_on_where_they_were_stopped(recording, tmp_path, monkeypatch):
    cache = LandmarkCache(tmp_path / "cache")
    stopped = list(islice(pieces_of(recording, cache), 2))
    kept = {path: path.stat().st_mtime_ns for path in cache.folder.glob("*.h5")}
    assert len(stopped) == 2 and len(kept) >= 2
    made = []
    finished = RecordingPieces._finished
    monkeypatch.setattr(RecordingPieces, "_finished", lambda *a: made.append(a[1]) or finished(*a))
    whole = list(pieces_of(recording, cache))
    assert [len(piece.landmarks) for piece in whole] == [25, 25, 10]
    assert 0 not in made and 1 not in made
    times = np.concatenate([piece.landmarks.times for piece in whole])
    np.testing.assert_allclose(times, np.arange(60) / 25, atol=1e-3)
    again = list(pieces_of(recording, cache))
    for one, other in zip(whole, again, strict=True):
        np.testing.assert_array_equal(one.landmarks.pose, other.landmarks.pose)
    with Holistic(SETTINGS) as holistic, Video(recording, 1, 2) as video:
        expected = holistic.landmarks(video)
    np.testing.assert_array_equal(whole[1].landmarks.right_hand, expected.right_hand)


def test_a_container_that_says_nothing_of_its_length_is_read_to_its_end(
    recording, tmp_path, monkeypatch
):
    monkeypatch.setattr(Video, "declared_seconds", property(lambda self: None))
    found = list(pieces_of(recording, LandmarkCache(tmp_path / "cache")))
    assert sum(len(piece.landmarks) for piece in found) == 60


def test_one_that_says_far_too_much_is_given_up(recording, tmp_path, monkeypatch):
    monkeypatch.setattr(Video, "declared_seconds", property(lambda self: 1e9))
    monkeypatch.setattr(recording_pieces, "GIVEN_UP", 2)
    found = list(pieces_of(recording, LandmarkCache(tmp_path / "cache")))
    assert sum(len(piece.landmarks) for piece in found if piece.landmarks) == 60


def test_what_is_no_video_is_told_by_opening_it(recording, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(recording.read_bytes()[:200])
    with pytest.raises(VideoError):
        list(pieces_of(broken, None))
