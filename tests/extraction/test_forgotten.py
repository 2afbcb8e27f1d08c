"""Clips that are left out and labels that are renamed, there and back."""

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import extract, import_keypoints
from signpipe.extraction.forgotten import forget, left_out, rename, restore, undo_rename
from signpipe.parts import prepare
from signpipe.workspace import Workspace


def test_forgotten_clips_come_back_with_their_labels(signs_workspace, tmp_path, capsys):
    before = read_clips(signs_workspace.clips)
    forget(signs_workspace, ["s0/drink/0", "s4/tree/3"])
    table = read_clips(signs_workspace.clips)
    assert before.keys() - table.keys() == {"s0/drink/0", "s4/tree/3"}
    # Neither importing again nor preparing brings them back, or says a word about them.
    result = import_keypoints.run(signs_workspace, [tmp_path / "made_up.h5"])
    assert result.clips == 60 and sum(result.labels.values()) == 58
    prepare.run(signs_workspace)
    assert read_clips(signs_workspace.clips) == table
    assert "not in the clip" not in capsys.readouterr().err
    restore(signs_workspace, ["s4/tree/3", "s0/drink/0"])
    assert read_clips(signs_workspace.clips) == before
    assert left_out(signs_workspace, before) == set()


def test_a_row_that_a_person_deletes_stays_away_until_it_is_taken_back(signs_workspace, tmp_path):
    lines = signs_workspace.clips.read_text().splitlines()
    gone = lines.pop(3).split(",")[0]
    signs_workspace.clips.write_text("\n".join(lines) + "\n")
    import_keypoints.run(signs_workspace, [tmp_path / "made_up.h5"])
    assert gone not in read_clips(signs_workspace.clips)
    restore(signs_workspace, [gone])
    assert read_clips(signs_workspace.clips)[gone].frames == 20


def test_what_cannot_be_forgotten_or_taken_back_is_named_and_nothing_changes(signs_workspace):
    before = signs_workspace.clips.read_bytes()
    with pytest.raises(SignpipeError, match=r"'s0/drnk/0' is not in .*did you mean 's0/drink/0'"):
        forget(signs_workspace, ["s0/drink/1", "s0/drnk/0"])
    with pytest.raises(SignpipeError, match="'s0/drink/1' is not left out"):
        restore(signs_workspace, ["s0/drink/1"])
    assert signs_workspace.clips.read_bytes() == before


def test_labels_are_renamed_and_named_back(signs_workspace):
    before = read_clips(signs_workspace.clips)
    assert len(rename(signs_workspace, "drink", "tree")) == 20
    assert len(rename(signs_workspace, "tree", "oak")) == 40
    assert {clip.label for clip in read_clips(signs_workspace.clips).values()} == {"house", "oak"}
    assert undo_rename(signs_workspace)[:2] == ("oak", "tree")
    assert undo_rename(signs_workspace)[:2] == ("tree", "drink")
    assert read_clips(signs_workspace.clips) == before
    with pytest.raises(SignpipeError, match="no label of .* was renamed"):
        undo_rename(signs_workspace)
    with pytest.raises(SignpipeError, match="'drnk' labels no clip; did you mean 'drink'"):
        rename(signs_workspace, "drnk", "x")


def test_the_commands_say_how_to_go_back(signs_workspace):
    def said(*words: str) -> str:
        result = CliRunner().invoke(app, [*words, "-w", str(signs_workspace.root)])
        assert result.exit_code == 0, result.output
        return result.output

    undo = said("forget", "s0/drink/0").splitlines()[-1].removeprefix("to take back: signpipe ")
    assert "s0/drink/0 back in" in CliRunner().invoke(app, undo.split()).output
    assert "20 clips labelled 'drink' now labelled 'to drink'" in said(
        "rename", "drink", "to drink"
    )
    assert "20 clips labelled 'to drink' now labelled 'drink'" in said("rename", "--undo")
    assert CliRunner().invoke(app, ["rename", "drink"]).exit_code == 2


def test_a_renamed_or_moved_video_is_the_same_clip(make_clip, tmp_path):
    workspace, videos = Workspace(tmp_path / "workspace"), tmp_path / "videos"
    make_clip(videos / "house/a.mp4")
    make_clip(videos / "tree/b.mp4", seed=1)
    extract.run(workspace, [videos], workers=1)
    table = read_clips(workspace.clips)
    (videos / "house/a.mp4").rename(videos / "house/another name.mp4")
    (videos / "barn").mkdir()
    (videos / "tree/b.mp4").rename(videos / "barn/c.mp4")
    result = extract.run(workspace, [videos], workers=1)
    assert (result.clips, result.done_before) == (2, 2)
    again = read_clips(workspace.clips)
    assert again.keys() == table.keys()
    assert {i: clip.label for i, clip in again.items()} == {i: c.label for i, c in table.items()}
    assert {clip.source for clip in again.values()} == {
        str(videos / "house/another name.mp4"),
        str(videos / "barn/c.mp4"),
    }
