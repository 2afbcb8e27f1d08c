import os
import shutil

import numpy as np

from signpipe.extraction import extract
from signpipe.extraction.clip import Extraction
from signpipe.extraction.given_clips import GivenClip, given_clips
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.outcomes import read_outcomes
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace


def found(known, path):
    return known.find(GivenClip(str(path), path))


def test_a_file_that_the_workspace_has_under_any_name(make_clip, tmp_path):
    clip = make_clip(tmp_path / "videos" / "one.mp4", frames=3)
    workspace = Workspace(tmp_path / "workspace")
    extract.run(workspace, [clip], workers=1)
    copy = shutil.copy(clip, tmp_path / "renamed.mp4")
    cache, settings = LandmarkCache(tmp_path / "cache"), ExtractSettings()
    (stored,) = given_clips(["one"], workspace)
    assert stored.stored is not None
    known = KnownLandmarks(settings, workspace, cache)
    by_id, by_content = known.find(stored), found(known, tmp_path / copy)
    for part in ("pose", "left_hand", "right_hand", "times"):
        arrays = (getattr(e.landmarks, part) for e in (by_id, by_content))
        assert np.array_equal(*arrays, equal_nan=True)
    assert (by_content.width, by_content.height) == (320, 320)

    # Not where they were made otherwise, are asked for anew, or the pack is damaged.
    other = KnownLandmarks(ExtractSettings(min_detection_confidence=0.4), workspace, cache)
    assert found(other, clip) is None
    assert found(KnownLandmarks(settings, workspace), clip) is None
    (outcome,) = read_outcomes(workspace.outcomes).values()
    pack = workspace.pack(outcome.pack)
    pack.write_bytes(pack.read_bytes()[:-10])
    assert found(known, clip) is None
    assert known.find(stored).status == "failed"


def test_what_changed_since_it_was_looked_up_is_not_kept(walk, tmp_path):
    path, cache = tmp_path / "clip.mp4", LandmarkCache(tmp_path / "cache")
    made = Extraction("ok", "", walk(1, 1, 1), 25.0, 64, 48, 0)
    known, clip = KnownLandmarks(ExtractSettings(), cache=cache), GivenClip("clip", path)
    path.write_bytes(b"one")
    assert known.find(clip) is None
    path.write_bytes(b"another")
    known.keep(clip, made)
    assert known.find(clip) is None
    known.keep(clip, made)
    assert known.find(clip).fps == 25.0
    os.utime(path, (5, 5))  # the same content
    assert known.find(clip).status == "ok"


def test_what_cannot_be_read_is_an_outcome(signs_workspace, tmp_path):
    known = KnownLandmarks(ExtractSettings(), signs_workspace)
    (tmp_path / "broken.pose").write_bytes(b"\0\0\0\0")
    assert found(known, tmp_path / "broken.pose").status == "unreadable"
    assert "no such clip in" in found(known, tmp_path / "s0/tree/1").reason
    assert "no such clip" not in found(KnownLandmarks(ExtractSettings()), tmp_path / "x").reason


def test_folders_are_searched_for_videos_and_poses(tmp_path):
    names = ("b.mp4", "a/z.POSE", "a/note.txt", "a/.hidden.pose", "c.mov")
    for name in names:
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    clips = given_clips([tmp_path, str(tmp_path / "a/note.txt"), "nowhere"])
    shown = [clip.name.removeprefix(f"{tmp_path}/") for clip in clips]
    assert shown == ["a/z.POSE", "b.mp4", "c.mov", "a/note.txt", "nowhere"]
    assert [clip.is_pose for clip in clips] == [True, False, False, False, False]
