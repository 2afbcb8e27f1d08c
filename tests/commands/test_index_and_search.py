"""index and search as a person, or another program, sees them."""

import json
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.cliptable import read_clips, write_clips
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.landmarks.pack import Landmarks


def run(*words: object) -> tuple[int, str, str]:
    done = CliRunner().invoke(app, [str(word) for word in words])
    return done.exit_code, done.stdout, done.stderr


@pytest.fixture
def workspace(signs_workspace, tmp_path, monkeypatch, walk):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "query.pose").write_bytes(pose_bytes(walk(1, 8, 0), 25, 64, 48))
    code, said, _ = run("index", "-w", "workspace", "--encoder", "shipped")
    assert code == 0 and "60 clips of 3 signs by 5 signers -> workspace/dictionary" in said
    assert "close enough is a distance up to" in said and "next: signpipe search CLIP" in said
    return signs_workspace


def test_lines(workspace):
    code, said, _ = run("index")
    assert code == 0 and "workspace/dictionary, up to date" in said
    code, said, _ = run("search", "query.pose", "nowhere.mp4", "--top", 2)
    assert code == 1
    first, one, two, last = said.splitlines()
    assert first == "query.pose: house"
    assert one.split()[1] == "house" and "/house/" in one and len(two.split()) > 2
    assert last.startswith("nowhere.mp4: unreadable (there is no such file")


def test_json_and_sheets(workspace, tmp_path):
    code, said, _ = run("search", "query.pose", "s0/tree/1", "--json", "--sheets", "drawn")
    rows = json.loads(said)
    assert code == 0
    assert [row["answer"] for row in rows] == ["house", "tree"]
    sign = rows[1]["signs"][0]
    assert sign["sign"] == "tree" and sign["examples"][0]["clip_id"] == "s0/tree/1"
    assert sign["examples"][0]["signer"] == "s0" and sign["examples"][0]["distance"] < 0.01
    assert rows[1]["sheet"] == "drawn/s0-tree-1.png"
    with Image.open(tmp_path / rows[0]["sheet"]) as picture:
        assert picture.height > 3 * 200  # the clip and three signs


def test_a_sheet_that_cannot_be_written_costs_only_itself(workspace, tmp_path):
    (tmp_path / "drawn").write_text("a file")
    code, said, _ = run("search", "query.pose", "--sheets", "drawn")
    assert code == 0 and "the sheet drawn/query.png cannot be written: " in said


def test_a_line_break_in_a_label_breaks_no_line(workspace):
    rows = read_clips(workspace.clips).values()
    cut = {"house": "full\nhouse", "tree": "a\rtree"}
    write_clips(workspace.clips, [replace(c, label=cut.get(c.label, c.label)) for c in rows])
    assert run("index")[0] == 0
    code, said, _ = run("search", "query.pose", "--sheets", "drawn")
    first, *signs = said.splitlines()
    assert code == 0 and first == "query.pose: full house -> drawn/query.png" and len(signs) == 3
    _, said, _ = run("search", "query.pose", "--json", "--top", 1)
    assert json.loads(said)[0]["answer"] == "full\nhouse"


def test_what_cannot_be_searched(workspace, tmp_path, walk):
    code, said, why = run("search", "query.pose", "-d", "nowhere")
    assert code == 2 and "nowhere is no dictionary: it has no dictionary.json" in why
    code, said, _ = run("search", "nowhere.mp4")
    assert code == 2
    clip = walk(1, 8, 0)
    parts = clip.pose, clip.left_hand, clip.right_hand
    nobody = Landmarks(*(np.full_like(part, np.nan) for part in parts))
    (tmp_path / "nobody.pose").write_bytes(pose_bytes(nobody, 25, 64, 48))
    code, said, _ = run("search", "nobody.pose", "query.pose")
    assert code == 1 and said.startswith("nobody.pose: nobody (no person was found")
    (tmp_path / "nothing").mkdir()
    code, said, why = run("search", "nothing")
    assert code == 2 and "there is no video in nothing; name videos" in why
    code, said, _ = run("search", "query.pose", "--hands", "2")
    assert code == 2 and said == "query.pose: no sign (no hand is seen in it, or no sign fits)\n"
