"""Clips of other tools' formats: what enters, what a second run does, what a kill costs."""

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.extraction import import_clips, limited
from signpipe.extraction.import_keypoints import ImportResult, run
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.landmarks.formats.foreign import ForeignClip, ForeignRecording
from signpipe.landmarks.formats.pose_files import pose_bytes, read_pose
from signpipe.landmarks.pack import Landmarks, open_pack
from signpipe.progress import track
from signpipe.workspace import Workspace


@pytest.fixture
def poses(tmp_path: Path, walk) -> Path:
    """Five .pose files below two folders, one of them no .pose at all."""
    folder = tmp_path / "poses"
    for number in range(4):
        path = folder / ("hi" if number < 2 else "bye") / f"{number}.pose"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(pose_bytes(walk(0, 0, number, frames=5 + number), 25, 320, 240))
    (folder / "bye" / "broken.pose").write_bytes(b"no pose")
    return folder


@pytest.fixture
def workspace(tmp_path: Path) -> Workspace:
    return Workspace(tmp_path / "workspace")


def check(workspace: Workspace, clip_id: str) -> None:
    """The clip's landmarks lie where the journal says and are those of its source."""
    outcome = read_outcomes(workspace.outcomes)[clip_id]
    with open_pack(workspace.pack(outcome.pack)) as pack:
        assert pack.clip_ids[outcome.index] == clip_id
        found, expected = pack.read(outcome.index), read_pose(Path(outcome.source)).landmarks
    np.testing.assert_array_equal(found.pose, expected.pose)
    np.testing.assert_array_equal(found.right_hand, expected.right_hand)
    np.testing.assert_array_equal(found.times, expected.times)


def packs(workspace: Workspace) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in workspace.keypoints.rglob("*.h5")}


def test_a_folder_and_the_same_again(poses: Path, workspace: Workspace):
    result = run(workspace, [poses])
    assert (result.clips, result.frames) == (5, 26)
    assert result.statuses == {"ok": 4, "unreadable": 1}
    assert [outcome.clip_id for outcome in result.failures] == ["bye/broken"]
    assert "no .pose file" in result.failures[0].reason
    assert result.labels == {"hi": 2, "bye": 3}
    first = read_clips(workspace.clips)["hi/1"]
    assert (first.frames, first.fps, first.width, first.height) == (6, 25, 320, 240)
    assert (first.label, first.pose, first.left_hand, first.right_hand) == ("hi", 1, 0, 1)
    before = packs(workspace)
    assert list(before) == ["poses-0001.h5"]
    journal = workspace.outcomes.read_bytes()
    for clip_id in ("hi/0", "hi/1", "bye/2", "bye/3"):
        check(workspace, clip_id)

    again = run(workspace, [poses, poses / "hi"])
    assert (again.done_before, again.clips, again.statuses) == (5, 5, result.statuses)
    assert packs(workspace) == before and workspace.outcomes.read_bytes() == journal


def test_new_changed_touched_moved_and_deleted(poses: Path, workspace: Workspace, walk):
    run(workspace, [poses])
    old = read_outcomes(workspace.outcomes)
    (poses / "hi" / "new.pose").write_bytes(pose_bytes(walk(1, 0, 0), 25, 320, 240))
    (poses / "hi" / "0.pose").write_bytes(pose_bytes(walk(2, 0, 0), 25, 320, 240))
    os.utime(poses / "hi" / "1.pose", (1, 1))
    (poses / "bye" / "broken.pose").write_bytes(pose_bytes(walk(3, 0, 0), 25, 320, 240))
    result = run(workspace, [poses])
    assert (result.done_before, result.statuses) == (2, {"ok": 6})
    new = read_outcomes(workspace.outcomes)
    assert {name for name in new if new[name].pack == "poses-0002"} == {
        *("hi/new", "hi/0", "bye/broken")
    }
    assert new["hi/1"].pack == old["hi/1"].pack and new["hi/1"].mtime_ns == 10**9
    for clip_id in new:
        check(workspace, clip_id)

    shutil.move(poses, poses.parent / "moved")
    result = run(workspace, [poses.parent / "moved"])
    assert (result.clips, result.statuses) == (6, {"ok": 6})
    assert len(packs(workspace)) == 2
    for clip_id in new:
        check(workspace, clip_id)

    workspace.pack("poses-0002").unlink()
    assert run(workspace, [poses.parent / "moved"]).done_before == 3
    for clip_id in new:
        check(workspace, clip_id)


def test_clip_ids_that_would_be_shared(poses: Path, workspace: Workspace, walk):
    other = poses.parent / "other" / "hi" / "0.pose"
    other.parent.mkdir(parents=True)
    other.write_bytes(pose_bytes(walk(4, 0, 0), 25, 320, 240))
    run(workspace, [poses])
    assert run(workspace, [other.parents[1]]).clips == 1
    outcomes = read_outcomes(workspace.outcomes)
    (added,) = [name for name, outcome in outcomes.items() if outcome.source == str(other)]
    assert added.startswith("hi/0-") and outcomes["hi/0"].source == str(poses / "hi" / "0.pose")
    check(workspace, added)
    check(workspace, "hi/0")
    again = run(workspace, [other.parents[1], poses])
    assert (again.done_before, len(read_outcomes(workspace.outcomes))) == (6, 6)


def test_a_pack_takes_no_name_of_a_videos_clip(poses: Path, workspace: Workspace):
    failed = Outcome("poses-0001", "/a/poses-0001.mp4", "failed", "it hung", settings="s")
    append_outcomes(workspace.outcomes, [failed])
    run(workspace, [poses / "hi"])
    run(workspace, [poses])
    assert sorted(packs(workspace)) == ["hi-0001.h5", "poses-0002.h5"]


def test_folders_whose_names_are_no_text(tmp_path: Path, workspace: Workspace, walk):
    folder = Path(os.fsdecode(os.path.join(os.fsencode(tmp_path), b"caf\xe9")))
    inner = folder / folder.name
    inner.mkdir(parents=True)
    (inner / "1.pose").write_bytes(pose_bytes(walk(0, 0, 0), 25, 320, 240))
    vectors(folder, {f"{folder.name}/2": 2, f"{folder.name}/3": 1})
    (inner / "3" / "0.npy").rename(inner / "3" / f"{folder.name}.npy")
    result = run(workspace, [folder])
    assert result.statuses == {"ok": 2, "unreadable": 1}
    assert result.labels == {r"caf\udce9": 3}


def test_labels_of_a_file_override_the_folders(poses: Path, workspace: Workspace):
    labels = poses / "labels.csv"
    labels.write_text("path,label,signer\nhi/0.pose,hello,anna\nbye/2,ciao,\nnone.pose,x,\n")
    result = run(workspace, [poses], labels=labels)
    clips = read_clips(workspace.clips)
    assert (clips["hi/0"].label, clips["hi/0"].signer) == ("hello", "anna")
    assert (clips["bye/2"].label, clips["hi/1"].label) == ("ciao", "hi")
    assert result.unmatched_labels == ("none.pose",)


def test_chunks(poses: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch, walk):
    monkeypatch.setattr(import_clips, "CLIPS", 2)
    (poses / "a.pose").write_bytes(pose_bytes(walk(0, 0, 0), float("nan"), 320, 240))
    run(workspace, [poses])
    found = read_outcomes(workspace.outcomes)
    assert sorted(packs(workspace)) == [f"poses-000{n}.h5" for n in (1, 2, 3, 4)]
    # A clip without times does not take the others' times from them.
    with open_pack(workspace.pack(found["a"].pack)) as pack:
        assert pack.clip_ids == ["a"] and pack.read(0).times is None
    for clip_id in ("hi/0", "hi/1", "bye/2", "bye/3"):
        check(workspace, clip_id)


def vectors(folder: Path, clips: dict[str, int]) -> Path:
    rng = np.random.default_rng(0)
    for name, frames in clips.items():
        (folder / name).mkdir(parents=True)
        for number in range(frames):
            np.save(folder / name / f"{number}.npy", rng.random(1662))
    return folder


def test_folders_of_vectors(tmp_path: Path, workspace: Workspace):
    folder = vectors(tmp_path / "MP_Data", {"hi/0": 3, "hi/1": 12, "bye/0": 2, "bye/1": 4})
    (folder / "bye" / "1" / "2.npy").unlink()
    (folder / "hi" / "0" / "2.npy").rename(folder / "hi" / "0" / "2.NPY")
    np.save(folder / "bye" / "0" / "1.npy", np.array([{}], dtype=object), allow_pickle=True)
    result: ImportResult = run(workspace, [folder])
    assert (result.statuses, result.frames) == ({"ok": 2, "unreadable": 2}, 15)
    assert {o.clip_id: o.reason for o in result.failures}["bye/1"] == "frame 2 is missing"
    assert result.labels == {"hi": 2, "bye": 2}
    assert list(packs(workspace)) == ["MP_Data-0001.h5"]
    assert run(workspace, [folder]).done_before == 4
    np.save(folder / "bye" / "1" / "2.npy", np.ones(1662))
    again = run(workspace, [folder])
    assert (again.done_before, again.statuses) == (3, {"ok": 3, "unreadable": 1})


def _endless(path: Path) -> ForeignRecording:
    while path:
        pass
    raise AssertionError


def _greedy(path: Path) -> ForeignRecording:
    return ForeignRecording(
        Landmarks(*[np.empty(5 << 30, np.uint8)] * 3), path.name
    )  # of the 4 there are


def _deadly(path: Path) -> ForeignRecording:
    os.kill(os.getpid(), signal.SIGSEGV)
    return _endless(path)


def test_files_that_hang_kill_or_swell_their_reader_cost_themselves_only(
    poses: Path, workspace: Workspace, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(limited, "SECONDS", 2)
    path, journal = poses / "hi" / "0.pose", read_outcomes(workspace.outcomes)
    readers = {"endless": _endless, "greedy": _greedy, "deadly": _deadly, "whole": read_pose}
    clips = {name: ForeignClip(path, "hi", name, read) for name, read in readers.items()}
    with track("import", len(clips)) as tracker:
        import_clips.import_clips(workspace, clips, journal, tracker)
    found = read_outcomes(workspace.outcomes)
    assert {name: outcome.status for name, outcome in found.items()} == {
        **{"endless": "failed", "greedy": "failed", "deadly": "failed", "whole": "ok"}
    }
    assert "took longer than 2 s" in found["endless"].reason
    assert "llocate" in found["greedy"].reason
    assert "SIGSEGV" in found["deadly"].reason


RUN = """
import sys, time
from pathlib import Path
from signpipe.extraction import import_clips, import_keypoints
from signpipe.workspace import Workspace
import_clips.CLIPS = 2
def slow(jobs, read_all=import_clips._read_all):
    for read in read_all(jobs):
        time.sleep(0.15)
        print(read[0].path.name, flush=True)
        yield read
import_clips._read_all = slow
import_keypoints.run(Workspace(Path(sys.argv[1])), [Path(sys.argv[2])])
"""


@pytest.mark.parametrize("kind", [signal.SIGINT, signal.SIGKILL])
def test_a_kill_costs_what_is_in_hand(poses: Path, workspace: Workspace, kind: signal.Signals):
    for number in range(12):
        shutil.copy(poses / "hi" / "0.pose", poses / "hi" / f"more{number}.pose")
    process = subprocess.Popen(
        [sys.executable, "-c", RUN, str(workspace.root), str(poses)],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert process.stdout is not None
    for _ in range(8):
        process.stdout.readline()
    process.send_signal(kind)
    process.wait()
    process.stdout.close()
    known = read_outcomes(workspace.outcomes)
    assert 6 <= len(known) < 17
    result = run(workspace, [poses])
    assert result.done_before == len(known)
    assert (result.clips, result.statuses) == (17, {"ok": 16, "unreadable": 1})
    assert len(read_clips(workspace.clips)) == 17
    for clip_id, outcome in read_outcomes(workspace.outcomes).items():
        if outcome.pack:
            check(workspace, clip_id)
    assert not list(workspace.root.rglob(".*.part"))
