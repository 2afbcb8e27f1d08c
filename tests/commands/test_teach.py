"""teach as a person, or another program, sees it."""

import json

import pytest
from typer.testing import CliRunner

from signpipe.cli import app


@pytest.fixture
def teach(signs_workspace):
    def call(*words, command="teach"):
        done = CliRunner().invoke(app, [command, *words, "-w", str(signs_workspace.root)])
        return done.exit_code, done.output

    return call


def test_a_sign_is_taught_listed_and_forgotten(teach):
    code, text = teach("tree", "s0/tree/0", "s1/tree/0")
    assert code == 0
    assert "taught: tree by s0/tree/0, take " in text
    assert "left out one by one, 2 of 2 takes named rightly" in text
    code, text = teach("house", "s0/house/0", "--idle", "s2/house/1")
    assert code == 0 and "most easily confused: tree (take " in text
    assert 'answers "none of these" for ' in text and " when their sign is not taught" in text
    code, text = teach("--list")
    lines = text.splitlines()
    assert code == 0 and lines[0] == "tree, 2 takes: 2 of 2 named rightly by the others"
    assert "house, 1 take" in lines and "not signing, 1 take" in lines
    take = lines[1].split()[0]
    code, text = teach("tree", take, "--remove")
    assert code == 0 and f"forgotten: take {take} of tree" in text
    code, text = teach("house", "--remove", "--json")
    found = json.loads(text)
    assert [t["sign"] for t in found["takes"]] == ["tree", "not signing"]
    assert len(found["removed"]) == 1


def test_a_file_that_is_no_video_teaches_nothing_and_promises_nothing(teach, tmp_path):
    (tmp_path / "clip.mp4").write_text("no video")
    code, text = teach("tree", str(tmp_path / "clip.mp4"))
    assert code == 2 and "clip.mp4: unreadable" in text
    assert "no sign is taught yet" in text and "none of these" not in text


def test_predict_uses_what_was_taught_last(teach):
    for sign in ("tree", "house"):
        teach(sign, *(f"s{i}/{sign}/0" for i in range(3)))
    code, text = teach("s3/tree/1", command="predict")
    assert code == 0 and text.startswith("s3/tree/1: tree ")
    code, text = teach("s3/drink/1", "--json", command="predict")
    assert json.loads(text)[0]["answer"] in ("none of these", "tree", "house")


def test_json_has_what_a_page_needs(teach):
    teach("--labelled")
    _, text = teach("--list", "--json")
    found = json.loads(text)
    assert found["left_out"]["asked"] == len(found["takes"]) == 60
    assert found["left_out"]["by_sign"].keys() == {"drink", "house", "tree"}
    assert {len(found["confused"][name]) for name in ("signs", "takes")} == {2}
    assert found["rejection"]["known"] == 60 and found["rejection"]["score"] == "distance"


@pytest.mark.parametrize(
    ("words", "what"),
    [
        ((), "say one thing"),
        (("tree",), "say one thing"),
        (("tree", "s0/tree/0", "--list"), "say one thing"),
        (("--remove",), "name it"),
        (("--replace", "--list"), "say one thing"),
        (("water", "--remove"), "has no water;"),
        (("tree", "nowhere", "--remove"), "has no nowhere of tree;"),
        (("tree", "s0/house/0", "--remove"), "has no s0/house/0 of tree;"),
        (("none of these", "s0/tree/0"), "an answer of its own"),
    ],
)
def test_what_is_not_understood_is_told(teach, words, what):
    teach("tree", "s0/tree/0")
    teach("house", "s0/house/0")
    code, text = teach(*words)
    assert code == 2 and what in text


def test_clips_that_cannot_be_used(teach):
    code, text = teach("tree", "s0/tree/0", "nowhere.mp4")
    assert code == 1 and "nowhere.mp4: unreadable: there is no such file" in text
    assert teach("tree", "nowhere.mp4")[0] == 2


def test_without_a_taught_recogniser_there_is_none_to_list(teach):
    code, text = teach("--list")
    assert code == 2 and "no recogniser" in text


def test_a_name_may_be_spelt_either_way(teach):
    assert teach("Ka\u0308se", "s0/tree/0", "s1/tree/0")[0] == 0
    code, text = teach("K\u00e4se", "s0/tree/0", "--remove")
    assert code == 0 and "of K\u00e4se" in text
    code, text = teach("Ka\u0308se", "--remove", "--json")
    assert code == 0 and json.loads(text)["takes"] == []
