import pytest

from signpipe.cliptable import Label, read_clips
from signpipe.datasets.asl_citizen import labels_of
from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError
from signpipe.extraction import import_keypoints
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.workspace import Workspace

HEAD = "Participant ID,Video file,Gloss,ASL-LEX Code\n"


@pytest.fixture
def splits(write):
    write(
        "splits/train.csv", f"{HEAD}P52,0158-APPLE.mp4,APPLE,C_02_061\nP4,77-BITE1.mp4,BITE1,A_1\n"
    )
    write("splits/val.csv", f"{HEAD}P9,31-BITE2.mp4,BITE2,A_2\n")
    write("splits/test.csv", f"{HEAD}P6,40-APPLE.mp4,APPLE,C_02_061\n")


def test_labels_signers_splits(tmp_path, place, splits):
    place("videos/0158-APPLE.mp4", "videos/77-BITE1.mp4", "videos/31-BITE2.mp4")
    dataset = read_dataset("ASL-Citizen", tmp_path)
    assert [(c.name, c.label, c.signer, c.split) for c in dataset.clips] == [
        ("0158-APPLE", "APPLE", "P52", "train"),
        ("77-BITE1", "BITE1", "P4", "train"),
        ("31-BITE2", "BITE2", "P9", "val"),
    ]
    assert dataset.clips[0].path == tmp_path / "videos/0158-APPLE.mp4"
    assert [clip.path for clip in dataset.missing] == [tmp_path / "videos/40-APPLE.mp4"]
    assert dataset.prefix == "asl_citizen/" and dataset.problems == ()


def test_broken_lines_are_left_out(tmp_path, place, splits, write):
    place("videos/0158-APPLE.mp4")
    rows = ["P52,0158-APPLE.mp4,APPLE,C", "P52,../x.mp4,APPLE,C", "P52,y.mp4,,C", "P52"]
    write("splits/train.csv", HEAD + "\n".join(rows) + "\n")
    dataset = read_dataset("asl_citizen", tmp_path)
    assert len(dataset.clips) == 1 and len(dataset.problems) == 3
    for line, problem in zip((3, 4, 5), dataset.problems, strict=True):
        assert f"train.csv, line {line}: it names no video file, or no gloss" in problem


def test_what_is_missing_is_named(tmp_path, splits, write):
    write("splits/val.csv", "Participant ID,Video,Gloss\nP9,31-BITE2.mp4,BITE2\n")
    with pytest.raises(SignpipeError, match=r"val.csv has no column Video file; get the published"):
        read_dataset("asl_citizen", tmp_path)
    (tmp_path / "splits/val.csv").unlink()
    with pytest.raises(SignpipeError, match=r"has no val.csv \(nor splits/val.csv"):
        read_dataset("asl_citizen", tmp_path)


def test_pose_files_of_its_keypoints(tmp_path, splits, walk):
    assert labels_of(tmp_path)[1] == Label("77-BITE1", "BITE1", "P4", "train")
    (tmp_path / "pose").mkdir()
    for name in ("0158-APPLE", "40-APPLE", "unknown"):
        (tmp_path / "pose" / f"{name}.pose").write_bytes(pose_bytes(walk(0, 0, 0), 25, 64, 48))
    workspace = Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, tmp_path, dataset="asl_citizen")
    clips = {c.clip_id.split("/")[-1]: c for c in read_clips(workspace.clips).values()}
    assert {n: (c.label, c.signer, c.split) for n, c in clips.items()} == {
        "0158-APPLE": ("APPLE", "P52", "train"),
        "40-APPLE": ("APPLE", "P6", "test"),
        "unknown": ("pose", "", ""),
    }
    with pytest.raises(SignpipeError, match="knows no keypoints of a data set 'wlasl100'"):
        import_keypoints.run(workspace, tmp_path, dataset="wlasl100")
