import json
import shutil

import h5py
import pytest

from signpipe import workspace_status
from signpipe.errors import SignpipeError
from signpipe.extraction import extract, import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.parts import prepare
from signpipe.parts.store import open_parts
from signpipe.settings import ExtractSettings, PrepareSettings
from signpipe.workspace import Workspace


def test_all_usable_clips_come_in(signs_workspace):
    result = prepare.run(signs_workspace)
    parts = open_parts(signs_workspace.parts)
    assert not result.already
    assert result.clips == len(parts) == 60
    assert result.frames == len(parts.keypoints) == 60 * 20
    assert (parts.keypoints[:, :21, 2] == 1).all()
    assert (parts.keypoints[:, 21:42] == 0).all()  # the left hand is never seen


def test_again_does_nothing_until_a_clip_is_added(signs_workspace, tmp_path):
    prepare.run(signs_workspace)
    before = signs_workspace.parts.stat().st_mtime_ns
    assert prepare.run(signs_workspace).already
    assert signs_workspace.parts.stat().st_mtime_ns == before
    assert not prepare.run(signs_workspace, redo=True).already
    with_times = open_parts(signs_workspace.parts)
    write_pack(tmp_path / "more.h5", {"one more": _clip()})
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"])
    again = prepare.run(signs_workspace)
    assert not again.already
    assert any("clips was 60, is 61" in change for change in again.changes)
    assert len(open_parts(signs_workspace.parts)) == len(with_times) + 1


def _clip():
    import numpy as np

    from signpipe.landmarks.pack import Landmarks

    rng = np.random.default_rng(0)
    shapes = (6, 33, 4), (6, 21, 3), (6, 21, 3)
    return Landmarks(*(rng.random(shape).astype(np.float32) for shape in shapes))


def test_other_settings_are_refused_by_name_and_kept_once_made(signs_workspace):
    prepare.run(signs_workspace)
    image = PrepareSettings(trunk="image")
    with pytest.raises(SignpipeError, match=r'trunk was "shoulders", is "image".*--redo'):
        prepare.run(signs_workspace, image)
    assert not prepare.run(signs_workspace, image, redo=True).already
    assert prepare.run(signs_workspace).already
    assert open_parts(signs_workspace.parts).record["settings"]["trunk"] == "image"


def test_an_empty_workspace_says_what_comes_first(tmp_path):
    with pytest.raises(SignpipeError, match="signpipe extract"):
        prepare.run(Workspace(tmp_path / "nothing"))
    assert not (tmp_path / "nothing").exists()


def test_clips_that_never_came_into_the_table_are_left_out_with_a_word(signs_workspace, capsys):
    (signs_workspace.keypoints / "listed.txt").unlink()  # as after a kill before the table was made
    lines = signs_workspace.clips.read_text().splitlines()
    signs_workspace.clips.write_text("\n".join(lines[:-3]) + "\n")
    prepare.run(signs_workspace)
    assert "3 extracted clips are not in the clip table" in capsys.readouterr().err


def test_a_pack_that_was_changed_behind_our_back_is_noticed(signs_workspace):
    pack = signs_workspace.keypoints / "made_up.h5"
    write_pack(pack, {"s0/drink/0": _clip()})
    with pytest.raises(SignpipeError, match=r"made_up\.h5 has changed"):
        prepare.run(signs_workspace)
    assert not signs_workspace.parts.exists()


def test_a_parts_file_written_before_is_up_to_date_and_one_without_mirroring_is_made_again(
    signs_workspace,
):
    prepare.run(signs_workspace)
    _record_mirroring(signs_workspace.parts, True)
    assert prepare.run(signs_workspace).already
    assert open_parts(signs_workspace.parts).record["settings"] == PrepareSettings().model_dump()
    _record_mirroring(signs_workspace.parts, False)
    with pytest.raises(SignpipeError, match=r"mirror_left_hand=false is no longer .* --redo"):
        prepare.run(signs_workspace)
    stages = {entry.stage: entry for entry in workspace_status.run(signs_workspace).stages}
    assert stages["prepare"].state == "stale" and "mirror_left_hand" in stages["prepare"].detail
    assert not prepare.run(signs_workspace, redo=True).already
    assert prepare.run(signs_workspace).already


def _record_mirroring(path, value):
    with h5py.File(path, "r+") as file:
        record = json.loads(file.attrs["record"])
        record["settings"]["mirror_left_hand"] = value
        file.attrs["record"] = json.dumps(record)


def test_one_new_clip_is_made_alone_and_the_file_is_what_a_whole_one_would_be(
    signs_workspace, tmp_path, monkeypatch
):
    prepare.run(signs_workspace)
    write_pack(tmp_path / "a.h5", {"one more": _clip()})
    import_keypoints.run(signs_workspace, [tmp_path / "a.h5"])
    made = []
    original = prepare.to_keypoints
    monkeypatch.setattr(prepare, "to_keypoints", lambda *given: made.append(1) or original(*given))
    prepare.run(signs_workspace)
    assert len(made) == 1
    grown = open_parts(signs_workspace.parts)
    prepare.run(signs_workspace, redo=True)
    assert len(made) == 1 + 61
    whole = open_parts(signs_workspace.parts)
    assert grown.clip_ids == whole.clip_ids and grown.record == whole.record
    assert (grown.offsets == whole.offsets).all() and (grown.keypoints == whole.keypoints).all()


def test_a_pack_of_other_settings_is_noticed(make_clip, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    clip = make_clip(tmp_path / "videos/house/a.mp4")
    extract.run(workspace, [clip], workers=1)
    other = Workspace(tmp_path / "other")
    extract.run(other, [clip], ExtractSettings(min_detection_confidence=0.4), workers=1)
    (pack,) = workspace.keypoints.glob("*.h5")
    shutil.copyfile(other.keypoints / pack.name, pack)  # as a worker that wrote late would leave it
    with pytest.raises(SignpipeError, match="has changed"):
        prepare.run(workspace)
