import numpy as np
import pytest
from PIL import Image

from signpipe import clip_view
from signpipe.errors import SignpipeError
from signpipe.extraction import extract, import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.video.read import Video
from signpipe.workspace import Workspace, write_record


@pytest.fixture(scope="module")
def extracted(tmp_path_factory, make_clip):
    """A workspace with one real extraction, of the clip `wave/ann`."""
    folder = tmp_path_factory.mktemp("view")
    make_clip(folder / "videos" / "wave" / "ann.mp4", frames=5)
    (folder / "videos" / "wave" / "bad.mp4").write_bytes(b"no video")
    workspace = Workspace(folder / "workspace")
    extract.run(workspace, [folder / "videos"], workers=1)
    return workspace, folder / "videos" / "wave" / "ann.mp4"


@pytest.fixture(autouse=True)
def beside(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    return tmp_path


def frames(path):
    with Video(path) as video:
        return [pixels.astype(int) for _, pixels in video]


def test_a_clip_of_the_workspace_with_its_skeleton(extracted):
    workspace, source = extracted
    result = clip_view.run(workspace, "wave/ann")
    assert result.path.name == "wave-ann-view.mp4"
    assert (result.clip, result.frames, result.stored, result.missing) == ("wave/ann", 5, True, "")
    drawn, plain = frames(result.path), frames(source)
    assert len(drawn) == 5
    assert drawn[0].shape == (480, 480, 3)  # enlarged
    assert np.abs(drawn[2][::3, ::3][:160, :160] - plain[2][::2, ::2][:160, :160]).max() > 60


def test_a_contact_sheet_and_a_place_for_it(extracted, beside):
    result = clip_view.run(extracted[0], "wave/ann", sheet=True, out=beside / "new" / "sheet.png")
    assert result.path == beside / "new" / "sheet.png"
    assert Image.open(result.path).size[0] == 1280
    assert clip_view.run(extracted[0], "wave/ann", sheet=True).path.name == "wave-ann-sheet.png"


def test_a_file_that_the_workspace_knows_is_not_extracted_again(extracted):
    workspace, source = extracted
    result = clip_view.run(workspace, str(source), sheet=True)
    assert (result.clip, result.stored) == ("wave/ann", True)


def test_a_file_that_no_workspace_knows_is_extracted(beside, make_clip):
    clip = make_clip(beside / "other.mp4", frames=2)
    result = clip_view.run(Workspace(beside / "nowhere"), str(clip), sheet=True)
    assert (result.frames, result.stored, result.path.name) == (2, False, "other-sheet.png")
    assert not (beside / "nowhere").exists()


def test_settings_that_nobody_knows_are_one_sentence(beside):
    (beside / "a.mp4").touch()
    workspace = Workspace(beside / "workspace")
    write_record(workspace.keypoints, {"model_complexity": "best"}, inputs={})
    with pytest.raises(SignpipeError, match=r"settings\.json has settings that extract does not"):
        clip_view.run(workspace, "a.mp4")


@pytest.mark.parametrize("sheet", [False, True])
def test_imported_landmarks_on_a_plain_ground(signs_workspace, sheet):
    result = clip_view.run(signs_workspace, "s1/tree/2", sheet=sheet)
    assert result.missing == "it was imported without a video"
    assert result.frames == 20
    if not sheet:
        assert len(frames(result.path)) == 20


def test_what_cannot_be_shown_is_one_sentence(extracted, beside):
    workspace, source = extracted
    with pytest.raises(SignpipeError, match="neither a clip of .* nor a video file"):
        clip_view.run(workspace, "nothing")
    with pytest.raises(SignpipeError, match="no landmarks to show: unreadable"):
        clip_view.run(workspace, "wave/bad")
    with pytest.raises(SignpipeError, match="is the clip itself"):
        clip_view.run(workspace, "wave/ann", out=source)
    (beside / "file").write_text("")
    with pytest.raises(SignpipeError, match="cannot write"):
        clip_view.run(workspace, "wave/ann", sheet=True, out=beside / "file" / "sheet.png")
    assert {path.name for path in beside.iterdir()} == {"file"}


def test_a_clip_id_of_any_length_gives_a_file_name(beside, walk):
    workspace = Workspace(beside / "workspace")
    long = "/".join(["folder" * 20] * 4)
    write_pack(beside / "pack.h5", {long: walk(0, 0, 0, frames=1)})
    import_keypoints.run(workspace, [beside / "pack.h5"])
    assert clip_view.run(workspace, long, sheet=True).path.name == "folder" * 20 + "-sheet.png"
