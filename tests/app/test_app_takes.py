"""Takes are clips of the workspace like any other."""

import errno
import os
from dataclasses import replace
from threading import Thread

import numpy as np
import pytest

from signpipe import workspace_status
from signpipe.app import takes as module
from signpipe.app.landmark_worker import TakeLandmarks
from signpipe.app.takes import NewTake, is_left_handed, keep_take, named
from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.extraction.forgotten import forget, restore
from signpipe.extraction.plan import find_packs
from signpipe.landmarks.pack import Landmarks
from signpipe.parts import prepare
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace


@pytest.fixture
def new_take(walk):
    """`new_take(sign, signer, repetition)`: a made-up take of a second."""

    def make(sign: str, signer: str = "ada", repetition: int = 0) -> NewTake:
        made = walk(len(sign) % 3, 0, repetition)
        timed = Landmarks(made.pose, made.left_hand, made.right_hand, np.arange(len(made)) / 20)
        return NewTake(sign, signer, TakeLandmarks(timed, 640, 480), ExtractSettings())

    return make


def test_takes_are_clips_that_the_stages_take(new_take, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    ids = [
        keep_take(workspace, new_take(sign, repetition=n))
        for sign in ("tree", "a/b c")
        for n in (0, 1)
    ]
    assert len(set(ids)) == 4
    clips = read_clips(workspace.clips)
    assert [clips[i].label for i in ids] == ["tree", "tree", "a/b c", "a/b c"]
    first = clips[ids[0]]
    assert (first.signer, first.status, first.frames, first.width) == ("ada", "ok", 20, 640)
    assert first.fps == pytest.approx(20) and first.source == "camera"
    status = workspace_status.run(workspace)
    assert "4 clips: 4 ok; 4 labelled with 2 signs, 1 signer" in status.stages[0].detail
    assert prepare.run(workspace).clips == 4
    assert not list(workspace.root.rglob("*.mkv"))  # no video unless it is asked for


def test_a_take_among_clips_of_elsewhere_and_while_an_extraction_runs(new_take, signs_workspace):
    before = len(read_clips(signs_workspace.clips))
    with signs_workspace.lock("extract"):
        clip_id = keep_take(signs_workspace, new_take("tree"))
    assert len(read_clips(signs_workspace.clips)) == before + 1
    forget(signs_workspace, [clip_id])
    assert clip_id not in read_clips(signs_workspace.clips)
    restore(signs_workspace, [clip_id])
    assert read_clips(signs_workspace.clips)[clip_id].label == "tree"


@pytest.mark.parametrize("stage", ["extract", "import"])
def test_who_sweeps_up_leaves_a_take_that_is_being_written(
    stage, new_take, signs_workspace, tmp_path, monkeypatch
):
    def sweep():
        if stage == "extract":
            find_packs(signs_workspace, delete_temporaries=True)
        else:
            import_keypoints.run(signs_workspace, [tmp_path / "made_up.h5"])

    sweeping = Thread(target=sweep)
    flush = os.fsync

    def flush_while_sweeping(handle):
        if not sweeping.ident:
            sweeping.start()
            sweeping.join(0.5)
        flush(handle)

    (signs_workspace.keypoints / ".0123456789abcdef.part").touch()
    monkeypatch.setattr(os, "fsync", flush_while_sweeping)
    clip_id = keep_take(signs_workspace, new_take("tree"))
    sweeping.join()
    assert signs_workspace.pack(clip_id).exists()
    assert not list(signs_workspace.keypoints.rglob(".*.part"))


def test_left_handed_takes_say_so_in_a_column_of_their_own(new_take, tmp_path):
    workspace = Workspace(tmp_path)
    right = keep_take(workspace, new_take("tree"))
    assert "hand" not in workspace.clips.read_text().splitlines()[0].split(",")
    left = keep_take(workspace, replace(new_take("tree"), left_handed=True))
    clips = read_clips(workspace.clips)
    assert is_left_handed(clips[left]) and not is_left_handed(clips[right])


def test_seconds_of_no_sign_have_no_label(new_take, tmp_path):
    workspace = Workspace(tmp_path)
    clip_id = keep_take(workspace, new_take("", signer=""))
    assert clip_id.startswith("takes/idle/")
    assert read_clips(workspace.clips)[clip_id].label == ""


def test_a_take_of_nobody_is_not_kept(new_take, tmp_path):
    take = new_take("tree")
    nan = np.full_like
    found = take.landmarks.landmarks
    nobody = Landmarks(
        nan(found.pose, np.nan),
        nan(found.left_hand, np.nan),
        nan(found.right_hand, np.nan),
        found.times,
    )
    workspace = Workspace(tmp_path)
    with pytest.raises(SignpipeError, match="no person was found.*Record it again"):
        keep_take(workspace, NewTake("tree", "", TakeLandmarks(nobody, 4, 3), ExtractSettings()))
    assert not workspace.clips.exists()


def test_a_full_disk_is_told_and_nothing_is_kept(new_take, tmp_path, monkeypatch):
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    workspace = Workspace(tmp_path)
    with monkeypatch.context() as patched:
        patched.setattr(module, "write_pack", full)
        with pytest.raises(SignpipeError, match="The disk is full.*press “Keep” again"):
            keep_take(workspace, new_take("tree"))
    assert not workspace.clips.exists()
    keep_take(workspace, new_take("tree"))
    assert len(read_clips(workspace.clips)) == 1


def test_no_video_is_written_through_a_link_out_of_the_workspace(new_take, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    (tmp_path / "elsewhere").mkdir()
    workspace.root.mkdir()
    (workspace.root / "takes").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(SignpipeError, match="leads out of the workspace; remove the link"):
        keep_take(workspace, replace(new_take("tree"), frames=[(0.0, b"a picture")]))
    assert not workspace.clips.exists() and not [*(tmp_path / "elsewhere").iterdir()]


@pytest.mark.parametrize("text", ["", "  ", "x" * 101, "a\x00b", "a\u202eb", "none  of these"])
def test_what_is_no_name(text):
    with pytest.raises(SignpipeError, match="name"):
        named(text, "sign")


def test_a_name_is_spelt_in_one_way():
    assert named("  thank \n you ", "sign") == "thank you"
    assert named("cafe\u0301", "sign") == "caf\u00e9"
