from pathlib import Path

import pytest

from signpipe.cliptable import Label, read_labels
from signpipe.errors import SignpipeError
from signpipe.extraction.labels import match_labels, tell_file, tell_labels, tell_matched

SOURCES = {"hi/a": "/v/hi/a.mp4", "hi/b": "/v/hi/b.mp4", " c": "/v/ c.mp4"}


@pytest.fixture
def labels(tmp_path: Path):
    def write(text: str) -> Path:
        path = tmp_path / "labels.csv"
        path.write_text(text)
        return path

    return write


def test_rows_are_matched_with_blanks_around_them(labels) -> None:
    file = labels("File;Gloss\n hi/a.mp4 ;x\n c;y\n/v/hi/b.mp4;z\ngone;z\n")
    matched = match_labels(file, SOURCES, {"hi/a": ["hi/a.mp4"]})
    assert {i: label.label for i, label in matched.by_clip.items()} == {
        **{"hi/a": "x", " c": "y", "hi/b": "z"}
    }
    assert matched.unmatched == ("gone",)


def test_two_rows_of_one_clip_are_refused(labels) -> None:
    file = labels("path,label\nhi/b,x\nhi/a,x\n/v/hi/a.mp4,y\n")
    with pytest.raises(SignpipeError, match="lines 3 and 4: both are of the clip 'hi/a'"):
        match_labels(file, SOURCES)


def test_a_file_none_of_whose_rows_is_of_a_clip_is_refused(labels) -> None:
    file = labels("path,label\nx,x\ny,y\n")
    with pytest.raises(SignpipeError, match="of its 2 rows none is of a clip; the first is"):
        match_labels(file, SOURCES)


def test_what_a_file_comes_to_is_told(labels, capsys) -> None:
    file = labels("video,Gloss,note\nhi/a,x,\nhi/b,X,\ngone,z,\n")
    tell_file(file, read_labels(file))
    matched = match_labels(file, SOURCES)
    tell_matched(file, matched, SOURCES)
    *said, alike = capsys.readouterr().err.splitlines()
    assert [line.removeprefix(f"{file}: ") for line in said] == [
        "3 rows, columns path (video), label (Gloss); not used: note",
        "1 row is of no clip: gone",
        "1 clip has no row:  c",
        "2 clips, 2 signs: x 1, X 1",
        "signs with one clip only, so with none to test by: X, x",
    ]
    assert "'X' = 'x'" in alike
    tell_labels({"x": Label("x")}, "none")
    assert not capsys.readouterr().err
