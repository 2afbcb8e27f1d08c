import subprocess
import sys
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.extraction.outcomes import read_outcomes
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.landmarks.pack import write_pack
from signpipe.parts import prepare
from signpipe.workspace import Workspace


def asl_signs(folder: Path, clips: int = 3) -> Path:
    rng = np.random.default_rng(0)
    points = {"face": 468, "left_hand": 21, "pose": 33, "right_hand": 21}
    rows = ["path,participant_id,sequence_id,sign"]
    for clip in range(clips):
        path = f"train_landmark_files/{clip % 2}/{100 + clip}.parquet"
        rows.append(f"{path},{clip % 2},{100 + clip},sign{clip}")
        kinds = [
            (frame, kind, i) for frame in (4, 5) for kind in points for i in range(points[kind])
        ]
        frame, kind, index = zip(*kinds, strict=True)
        xyz = {name: rng.random(len(kinds)) for name in "xyz"}
        table = pa.table({"frame": frame, "type": kind, "landmark_index": index, **xyz})
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        pq.write_table(table, folder / path)
    (folder / "train.csv").write_text("\n".join(rows) + "\n")
    return folder


def test_all_formats_at_once_are_prepared(tmp_path: Path, walk, capsys):
    folder = tmp_path / "all"
    asl_signs(folder / "asl-signs")
    write_pack(folder / "pack.h5", {"of the pack": walk(0, 0, 0)})
    (folder / "poses").mkdir()
    (folder / "poses" / "a.pose").write_bytes(pose_bytes(walk(0, 0, 1), 25, 64, 48))
    vectors = folder / "hi" / "0"
    vectors.mkdir(parents=True)
    np.save(vectors / "0.npy", np.random.default_rng(0).random(1662))
    (folder / "damaged.h5").write_bytes(b"\x89HDF\r\n\x1a\n")
    workspace = Workspace(tmp_path / "workspace")
    result = import_keypoints.run(workspace, [folder])
    assert (result.clips, result.statuses) == (6, {"ok": 6})
    assert result.imported == ("pack",)
    (refused,) = result.refused
    assert "damaged.h5" in refused
    clips = read_clips(workspace.clips)
    signs = {name: (clip.label, clip.signer) for name, clip in clips.items()}
    assert signs == {
        **{"of the pack": ("", ""), "poses/a": ("poses", ""), "hi/0": ("hi", "")},
        **{"0/100": ("sign0", "0"), "1/101": ("sign1", "1"), "0/102": ("sign2", "0")},
    }
    assert prepare.run(workspace).clips == 6
    again = import_keypoints.run(workspace, [folder])
    assert (again.imported, again.already, again.done_before) == ((), ("pack",), 5)
    assert prepare.run(workspace).already


def test_what_a_person_edits_stays(tmp_path: Path):
    folder, workspace = asl_signs(tmp_path / "asl"), Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, [folder])
    text = workspace.clips.read_text().replace("sign1,1,", "mine,me,test")
    workspace.clips.write_text(text)
    import_keypoints.run(workspace, [folder])
    clip = read_clips(workspace.clips)["1/101"]
    assert (clip.label, clip.signer, clip.split) == ("mine", "me", "test")


def test_the_labels_are_read_before_the_work(tmp_path: Path):
    folder, workspace = asl_signs(tmp_path / "asl", 1), Workspace(tmp_path / "workspace")
    with pytest.raises(SignpipeError, match=r"cannot read .*labels\.csv"):
        import_keypoints.run(workspace, [folder], labels=tmp_path / "labels.csv")
    assert not workspace.root.exists()
    (tmp_path / "labels.csv").write_text("clip_id,label\n0/100,hi\na\0b,hi\n")
    result = import_keypoints.run(workspace, [folder], labels=tmp_path / "labels.csv")
    assert (result.labels, result.unmatched_labels) == ({"hi": 1}, ("a\0b",))


def test_folders_are_what_the_layout_says(tmp_path: Path, walk):
    folder, workspace = tmp_path / "all", Workspace(tmp_path / "workspace")
    (folder / "HI" / "anna").mkdir(parents=True)
    content = pose_bytes(walk(0, 0, 1), 25, 64, 48)
    (folder / "HI" / "anna" / "a.pose").write_bytes(content)
    vectors = folder / "BYE" / "bo" / "0"
    vectors.mkdir(parents=True)
    np.save(vectors / "0.npy", np.random.default_rng(0).random(1662))
    asl_signs(folder / "asl", 1)
    assert import_keypoints.run(workspace, [folder]).labels == {"anna": 1, "bo": 1, "sign0": 1}
    result = import_keypoints.run(workspace, [folder], layout="sign/signer")
    assert result.labels == {"HI": 1, "BYE": 1, "sign0": 1}
    clips = read_clips(workspace.clips)
    assert {name: clip.signer for name, clip in clips.items()} == {
        **{"HI/anna/a": "anna", "BYE/bo/0": "bo", "0/100": "0"}
    }


def test_labels_of_no_clip_are_an_error_that_keeps_what_was_imported(tmp_path: Path):
    folder, workspace = asl_signs(tmp_path / "asl"), Workspace(tmp_path / "workspace")
    (tmp_path / "labels.csv").write_text("clip_id,label\nx,hi\n")
    with pytest.raises(SignpipeError, match="of its 1 row none is of a clip"):
        import_keypoints.run(workspace, [folder], labels=tmp_path / "labels.csv")
    assert len(read_clips(workspace.clips)) == 3


def test_an_absent_library_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    workspace = Workspace(tmp_path / "workspace")
    (tmp_path / "a.pose").write_bytes(b"")
    for name in ("pose_format", "pyarrow"):  # the child that reads finds these first
        (tmp_path / "lib").mkdir(exist_ok=True)
        (tmp_path / "lib" / f"{name}.py").write_text(f"raise ImportError('no {name}')\n")
    monkeypatch.syspath_prepend(tmp_path / "lib")
    with pytest.raises(SignpipeError, match=r"needs pose-format; .*'signpipe\[formats\]'"):
        import_keypoints.run(workspace, [tmp_path / "a.pose"])
    with pytest.raises(SignpipeError, match=r"needs pyarrow; .*'signpipe\[formats\]'"):
        import_keypoints.run(workspace, [asl_signs(tmp_path / "asl", 1)])
    assert not read_outcomes(workspace.outcomes)


def test_a_full_disk(tmp_path: Path):
    """A file-size limit stands for it: no file of the child may grow beyond 4 kB."""
    folder = asl_signs(tmp_path / "asl", 6)
    code = (
        "import resource, signal, sys\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "from signpipe.cli import main\n"
        "import h5py\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (4000, 4000))\n"
        f"sys.argv = ['signpipe', 'import', {str(folder)!r}, '-w', {str(tmp_path / 'w')!r}]\n"
        "main()\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 2
    assert "cannot write to the workspace" in done.stderr and "Traceback" not in done.stderr
    assert not list((tmp_path / "w").rglob("*.part")) and not list((tmp_path / "w").rglob("*.h5"))
    result = import_keypoints.run(Workspace(tmp_path / "w"), [folder])
    assert (result.done_before, result.statuses) == (0, {"ok": 6})
