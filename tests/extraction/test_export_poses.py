import os
from pathlib import Path

import numpy as np
import pytest
from pose_format import Pose

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.extraction.export_poses import run
from signpipe.extraction.outcomes import append_outcomes, read_outcomes
from signpipe.landmarks.pack import SHAPES, Landmarks, open_pack, write_pack
from signpipe.workspace import Workspace


def all_landmarks(workspace: Workspace) -> dict[str, Landmarks]:
    found = {}
    for clip_id, outcome in read_outcomes(workspace.outcomes).items():
        with open_pack(workspace.pack(outcome.pack)) as pack:
            found[clip_id] = pack.read(outcome.index)
    return found


def ages(folder: Path) -> dict[str, int]:
    return {str(p.relative_to(folder)): p.stat().st_mtime_ns for p in folder.rglob("*.*")}


def test_round_trip_through_the_workspace(signs_workspace: Workspace, tmp_path: Path):
    out = tmp_path / "out"
    result = run(signs_workspace, out)
    assert (result.folder, result.written, result.already) == (out, 60, 0)
    assert (result.frames, result.assumed, result.failures) == (1200, 60, ())
    pose = Pose.read((out / "s1/drink/0.pose").read_bytes())
    assert pose.body.data.shape == (20, 1, 75, 2) and pose.body.fps == 30
    before = ages(out)
    again = run(signs_workspace, out)
    assert (again.written, again.already) == (0, 60)
    assert ages(out) == before

    other = Workspace(tmp_path / "other")
    imported = import_keypoints.run(other, [out], labels=out / "labels.csv")
    assert (imported.clips, imported.statuses) == (60, {"ok": 60})
    assert imported.labels == {"drink": 20, "house": 20, "tree": 20}
    one, two = read_clips(signs_workspace.clips), read_clips(other.clips)
    assert {k: (c.label, c.signer) for k, c in one.items()} == {
        k: (c.label, c.signer) for k, c in two.items()
    }
    expected, found = all_landmarks(signs_workspace), all_landmarks(other)
    assert expected.keys() == found.keys()
    for clip_id, clip in expected.items():
        for part in SHAPES:
            a, b = getattr(clip, part), getattr(found[clip_id], part)
            np.testing.assert_allclose(a, b, rtol=2**-22, atol=1e-9, err_msg=clip_id)


def test_named_clips_and_splits(signs_workspace: Workspace, tmp_path: Path):
    out = tmp_path / "out"
    text = signs_workspace.clips.read_text().replace(",tree,s4,", ",tree,s4,test")
    signs_workspace.clips.write_text(text)
    assert run(signs_workspace, out, split="test").written == 4
    assert run(signs_workspace, out, clips=["s0/tree/1", "s0/tree/1"]).written == 1
    assert len((out / "labels.csv").read_text().splitlines()) == 6
    assert run(signs_workspace).folder == signs_workspace.root / "poses"
    for options, said in (
        ({"clips": ["nobody"]}, "no clip 'nobody'"),
        ({"split": "val"}, "no usable clip of split val"),
    ):
        with pytest.raises(SignpipeError, match=said):
            run(signs_workspace, out, **options)


def test_clips_without_landmarks(signs_workspace: Workspace, tmp_path: Path):
    outcomes = read_outcomes(signs_workspace.outcomes)
    bad = {**outcomes["s0/tree/0"].__dict__, "clip_id": "bad", "status": "nobody"}
    append_outcomes(signs_workspace.outcomes, [type(outcomes["s0/tree/0"])(**bad)])
    assert run(signs_workspace, tmp_path / "out").written == 60
    with pytest.raises(SignpipeError, match="bad has no landmarks to export: nobody"):
        run(signs_workspace, tmp_path / "out", clips=["bad"])
    with pytest.raises(SignpipeError, match="no usable clip"):
        run(Workspace(tmp_path / "nothing"), tmp_path / "out")


def test_no_path_leaves_the_folder(tmp_path: Path, walk):
    names = ["../../outside", "/outside", "a//b", "a/b", "..", "", "x.pose/y", "x", "linked/z"]
    write_pack(tmp_path / "p.h5", {name: walk(0, 0, i, 4) for i, name in enumerate(names)})
    workspace, out = Workspace(tmp_path / "w" / "w"), tmp_path / "o" / "o"
    import_keypoints.run(workspace, [tmp_path / "p.h5"])
    (tmp_path / "elsewhere").mkdir()
    out.mkdir(parents=True)
    (out / "linked").symlink_to(tmp_path / "elsewhere")
    result = run(workspace, out)
    everything = [p for p in tmp_path.rglob("*.pose") if p.is_file()]
    assert all(p.is_relative_to(out) for p in everything)
    assert len(everything) == result.written == len(names) - 2
    linked, blocked = sorted(result.failures)
    assert "linked/z: " in linked and "leads out of" in linked
    assert "x: cannot write" in blocked
    assert list((tmp_path / "elsewhere").iterdir()) == []


def test_a_damaged_pack_costs_its_own_clips(signs_workspace: Workspace, tmp_path: Path, walk):
    write_pack(
        tmp_path / "more.h5", {"more": walk(0, 0, 9)}, {"fps": 12.5, "width": 8, "height": 6}
    )
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"])
    pack = signs_workspace.pack("made_up")
    pack.write_bytes(pack.read_bytes()[:-1])
    result = run(signs_workspace, tmp_path / "out")
    assert (result.written, result.assumed) == (1, 0)
    assert len(result.failures) == 1 and "made_up.h5 is damaged" in result.failures[0]
    assert Pose.read((tmp_path / "out" / "more.pose").read_bytes()).body.fps == 12.5


def test_a_folder_with_other_labels_is_left_alone(signs_workspace: Workspace, tmp_path: Path):
    (tmp_path / "labels.csv").write_text("path,label\nmine,1\n")
    with pytest.raises(SignpipeError, match="labels.csv was not made by export-poses"):
        run(signs_workspace, tmp_path)
    assert not list(tmp_path.rglob("*.pose"))


def test_labels_that_a_spreadsheet_has_saved(signs_workspace: Workspace, tmp_path: Path):
    text = "\ufeffpath,label,signer,split\nold.pose,tree,me,,,\nshort.pose\n"
    (tmp_path / "labels.csv").write_text(text, encoding="utf-8")
    run(signs_workspace, tmp_path, clips=["s0/tree/1"])
    assert (tmp_path / "labels.csv").read_text(encoding="utf-8").splitlines() == [
        "path,label,signer,split",
        "old.pose,tree,me,",
        "short.pose,,,",
        "s0/tree/1.pose,tree,s0,",
    ]


def test_a_folder_that_cannot_be_written(signs_workspace: Workspace, tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(SignpipeError, match="cannot write to .*file"):
        run(signs_workspace, tmp_path / "file")
    assert os.path.getsize(tmp_path / "file") == 0
