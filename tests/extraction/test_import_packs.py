from pathlib import Path

import h5py
import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.import_keypoints import run
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.landmarks.pack import SHAPES, Landmarks, open_pack, write_pack
from signpipe.workspace import Workspace


def landmarks(frames: int, pose: bool = True) -> Landmarks:
    hand = np.full((frames, 21, 3), np.nan, np.float32)
    right = hand.copy()
    right[: frames // 2] = 0.5
    body = np.full((frames, 33, 4), 0.5 if pose else np.nan, np.float32)
    return Landmarks(body, hand, right)


@pytest.fixture
def pack(tmp_path: Path) -> Path:
    path = tmp_path / "from elsewhere.h5"
    clips = {"anna/1": landmarks(4), "anna/2": landmarks(3, pose=False), "bert/1": landmarks(0)}
    write_pack(path, clips)
    return path


def test_import(tmp_path: Path, pack: Path) -> None:
    labels = tmp_path / "labels.csv"
    labels.write_text("clip_id,label,signer,split\nanna/1,hi,anna,train\nnobody/1,hi,,\n")
    workspace = Workspace(tmp_path / "workspace")
    result = run(workspace, [pack], labels=labels)
    assert (result.imported, result.already) == (("from elsewhere",), ())
    assert (result.clips, result.frames) == (3, 7)
    assert result.statuses == {"ok": 1, "nobody": 1, "empty": 1}
    assert result.labels == {"hi": 1, "": 2}
    assert result.unmatched_labels == ("nobody/1",)
    assert workspace.pack("from elsewhere").read_bytes() == pack.read_bytes()
    first = read_clips(workspace.clips)["anna/1"]
    assert (first.label, first.signer, first.split, first.frames) == ("hi", "anna", "train", 4)
    assert (first.pose, first.left_hand, first.right_hand) == (1, 0, 0.5)
    outcome = read_outcomes(workspace.outcomes)["bert/1"]
    assert (outcome.pack, outcome.index) == ("from elsewhere", 2)

    again = run(workspace, [pack])
    assert (again.imported, again.already) == ((), ("from elsewhere",))
    assert (again.clips, again.statuses, again.labels) == (3, result.statuses, result.labels)


def test_killed_before_the_journal(tmp_path: Path, pack: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    run(workspace, [pack])
    before = read_outcomes(workspace.outcomes)
    workspace.outcomes.write_bytes(workspace.outcomes.read_bytes()[:300])
    assert run(workspace, [pack]).imported == ("from elsewhere",)
    assert read_outcomes(workspace.outcomes) == before


def test_refusals(tmp_path: Path, pack: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    run(workspace, [pack])
    write_pack(tmp_path / "b.h5", {"new": landmarks(2), "anna/1": landmarks(4)})
    with pytest.raises(SignpipeError, match="1 clip id, such as 'anna/1'"):
        run(workspace, [tmp_path / "b.h5"])
    with h5py.File(tmp_path / "none.h5", "w") as file:
        file["offsets"], file["clip_id"] = np.array([0]), np.empty(0, h5py.string_dtype())
        for name, shape in SHAPES.items():
            file[name] = np.empty((0, *shape), np.float32)
    with pytest.raises(SignpipeError, match="holds no clips"):
        run(workspace, [tmp_path / "none.h5"])
    (tmp_path / "text.h5").write_text("text")
    with pytest.raises(SignpipeError, match="text.h5"):
        run(workspace, [tmp_path / "text.h5"])
    with pytest.raises(SignpipeError, match="there is no file or folder"):
        run(workspace, [tmp_path / "missing.h5"])
    assert [path.name for path in workspace.keypoints.glob("*.h5")] == [pack.name]
    assert len(read_outcomes(workspace.outcomes)) == 3


def test_shared_pack(shared_data: Path, tmp_path: Path) -> None:
    keypoints = shared_data / "keypoints"
    workspace = Workspace(tmp_path / "workspace")
    result = run(workspace, [keypoints / "personal.h5"], labels=keypoints / "clips.csv")
    assert (result.clips, result.statuses) == (1032, {"ok": 1032})
    assert "" not in result.labels and len(result.unmatched_labels) == 15552 - 1032
    with open_pack(workspace.pack("personal")) as pack:
        assert len(pack) == 1032


def test_what_a_pack_says_of_its_pictures_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "square.h5"
    write_pack(path, {"x": landmarks(4)}, {"width": 320, "height": 240, "status": "truncated"})
    workspace = Workspace(tmp_path / "workspace")
    assert run(workspace, [path]).statuses == {"truncated": 1}
    clip = read_clips(workspace.clips)["x"]
    assert (clip.width, clip.height) == (320, 240)


def test_packs_of_one_name_lie_beside_each_other(tmp_path: Path, pack: Path, capsys) -> None:
    workspace = Workspace(tmp_path / "workspace")
    run(workspace, [pack])
    others = [tmp_path / folder / pack.name for folder in ("other", "third")]
    for number, other in enumerate(others):
        write_pack(other, {f"new {number}": landmarks(2)})
        assert run(workspace, [other]).imported == (f"from elsewhere-{number + 2}",)
        assert f"{other} is imported as from elsewhere-{number + 2}" in capsys.readouterr().err
    again = run(workspace, [*others, pack])
    assert again.already == ("from elsewhere-2", "from elsewhere-3", "from elsewhere")
    assert len(read_clips(workspace.clips)) == 5 and not again.refused
    assert not capsys.readouterr().err
    for name in again.already:
        with open_pack(workspace.pack(name)) as copied:
            assert {read_outcomes(workspace.outcomes)[i].pack for i in copied.clip_ids} == {name}


def test_the_names_of_videos_clips_are_theirs(tmp_path: Path, pack: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    failed = Outcome("from elsewhere", "/a/from elsewhere.mp4", "failed", "it hung", settings="s")
    append_outcomes(workspace.outcomes, [failed])
    assert run(workspace, [pack]).imported == ("from elsewhere-2",)
    assert [path.stem for path in workspace.keypoints.glob("*.h5")] == ["from elsewhere-2"]
