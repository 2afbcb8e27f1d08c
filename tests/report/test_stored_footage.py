import os
from dataclasses import replace

import numpy as np
import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome
from signpipe.landmarks.pack import write_pack
from signpipe.pictures.footage import GROUND, Footage
from signpipe.report.stored_footage import LARGEST, stored_footage
from signpipe.workspace import Workspace, sha256_of_file


@pytest.fixture
def stored(tmp_path, make_clip, walk):
    """A workspace with one clip of six frames, and its outcome."""
    workspace = Workspace(tmp_path / "workspace")
    clip = make_clip(tmp_path / "clip.mp4")
    write_pack(workspace.pack("clip"), {"clip": walk(0, 0, 0, frames=6)})
    status = clip.stat()
    size = {"width": 320, "height": 320, "size": status.st_size, "mtime_ns": status.st_mtime_ns}
    return workspace, Outcome(
        "clip", str(clip), "ok", pack="clip", settings="s", sha256=sha256_of_file(clip), **size
    )


def test_the_video_gives_the_wanted_frames_in_order(stored):
    footage = stored_footage(*stored)
    assert footage.missing == ""
    every = list(footage.frames())
    assert len(every) == 6
    assert every[0].shape == (320, 320, 3)
    two = list(footage.frames([4, 1]))
    assert (two[0] == every[1]).all()
    assert (two[1] == every[4]).all()


def test_a_segment_gives_its_own_frames(stored):
    workspace, outcome = stored
    every = list(stored_footage(workspace, outcome).frames())
    part = stored_footage(workspace, replace(outcome, segment="2/25..5/25"))
    frames = list(part.frames([0, 2, 3]))
    assert (frames[0] == every[2]).all()
    assert (frames[1] == every[4]).all()
    assert (frames[2] == GROUND).all()  # the clip has ended


def test_a_copied_file_is_still_the_video(stored):
    workspace, outcome = stored
    os.utime(outcome.source, (1, 1))
    assert stored_footage(workspace, outcome).missing == ""


@pytest.mark.parametrize("what", ["gone", "changed", "imported"])
def test_without_the_video_the_ground_is_plain(stored, what):
    workspace, outcome = stored
    if what == "gone":
        os.remove(outcome.source)
    elif what == "changed":
        with open(outcome.source, "ab") as handle:
            handle.write(b"more")
    else:
        outcome = replace(outcome, settings="", width=None, height=None)
    footage = stored_footage(workspace, outcome)
    assert what in footage.missing
    assert footage.video is None
    frames = list(footage.frames())
    assert len(frames) == 6
    assert all((frame == GROUND).all() for frame in frames)
    assert frames[0].shape == ((480, 640, 3) if what == "imported" else (320, 320, 3))


def test_frames_that_the_video_lacks_are_plain(stored, walk):
    workspace, outcome = stored
    write_pack(workspace.pack("clip"), {"clip": walk(0, 0, 0, frames=8)})
    frames = list(stored_footage(workspace, outcome).frames([5, 7]))
    assert not (frames[0] == GROUND).all()
    assert (frames[1] == GROUND).all()


def test_a_huge_picture_is_not_needed_for_a_plain_ground(stored):
    workspace, outcome = stored
    footage = stored_footage(workspace, replace(outcome, source="/gone", width=8000, height=4000))
    assert (footage.width, footage.height) == (LARGEST, LARGEST // 2)


def test_what_has_no_landmarks_cannot_be_shown(stored):
    workspace, outcome = stored
    with pytest.raises(SignpipeError, match="no landmarks to show: unreadable, no video"):
        stored_footage(workspace, replace(outcome, pack="", status="unreadable", reason="no video"))
    with pytest.raises(SignpipeError, match="has changed"):
        stored_footage(workspace, replace(outcome, index=3))


def test_the_rate_is_that_of_the_times(stored, walk):
    assert stored_footage(*stored).fps == 25  # nothing is known
    landmarks = replace(walk(0, 0, 0, frames=4), times=np.array([0, 0.1, 0.15, 0.3]))
    assert Footage("a", landmarks, 64, 48).fps == pytest.approx(10)
