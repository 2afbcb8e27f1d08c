from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.datasets.plain import _seconds
from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError


def test_all_columns(tmp_path, place, write):
    place("a/one.mp4", "long.mp4")
    write(
        "labels.csv",
        "path,label,signer,split,start,end,note\n"
        "a/one.mp4,tree,ada,train,,,x\n"
        "./long.mp4, house ,bo,Validation ,0.5,1.25,\n"
        "long.mp4,tree,bo,test,30/25,,\n"
        "long.mp4,,,unlabelled,,2,\n"
        "gone.mp4,tree,,,,,\n",
    )
    dataset = read_dataset("csv", tmp_path)
    rows = [(c.name, c.label, c.signer, c.split, c.start, c.end) for c in dataset.clips]
    assert rows == [
        ("a/one", "tree", "ada", "train", 0, None),
        ("long_0.500-1.250", "house", "bo", "val", Fraction(1, 2), Fraction(5, 4)),
        ("long_1.200-", "tree", "bo", "test", Fraction(6, 5), None),
        ("long_0.000-2.000", "", "", "unlabelled", 0, 2),
    ]
    assert [clip.path.name for clip in dataset.clips] == ["one.mp4", *["long.mp4"] * 3]
    assert [clip.path for clip in dataset.missing] == [tmp_path / "gone.mp4"]
    assert dataset.problems == ()


def test_from_spreadsheets(tmp_path, place, write):
    place("a.mp4")
    file = write("my own.csv", "\ufeffGloss;Video;clip_id\ntree;a.mp4;first\n")
    for root in (tmp_path, file):
        clip = read_dataset("csv", root).clips[0]
        assert (clip.name, clip.label, clip.path) == ("first", "tree", tmp_path / "a.mp4")


BROKEN = [
    (",tree,,,", "path '' is none below"),
    ("../a.mp4,tree,,,", "is none below"),
    ("/etc/a.mp4,tree,,,", "is none below"),
    ("x/../../a.mp4,tree,,,", "is none below"),
    ("a.mp4,tree,dev2,,", "split is 'dev2'"),
    ("a.mp4,tree,,1,1", "end 1 is not after its start 1"),
    ("a.mp4,tree,,-1,1", "'-1' is neither"),
    ("a.mp4,tree,,1/0,1", "'1/0' is neither"),
    ("a.mp4,tree,,,1e9", "'1e9' is neither"),
    ("a.mp4,tree,,,", "a occurs before it"),
]


def test_broken_rows_are_left_out(tmp_path, place, write):
    place("a.mp4")
    rows = ["path,label,split,start,end", "a.mp4,tree,,,", *(row for row, _ in BROKEN)]
    write("clips.csv", "\n".join(rows))
    dataset = read_dataset("csv", tmp_path)
    assert len(dataset.clips) == 1 and dataset.missing == ()
    for line, ((_, cause), problem) in enumerate(zip(BROKEN, dataset.problems, strict=True), 3):
        assert f"clips.csv, line {line}: " in problem and cause in problem


def test_it_must_be_clear_which_file(tmp_path, write):
    with pytest.raises(SignpipeError, match="has no CSV files"):
        read_dataset("csv", tmp_path)
    write("a.csv", "path\n")
    write("b.csv", "path\n")
    with pytest.raises(SignpipeError, match="has 2 CSV files"):
        read_dataset("csv", tmp_path)
    write("labels.csv", "name,label\n")
    with pytest.raises(SignpipeError, match="no column path"):
        read_dataset("csv", tmp_path)


def test_the_package_clips(demo_clips):
    dataset = read_dataset("csv", demo_clips)
    assert len(dataset.clips) == 144
    assert dataset.missing == dataset.problems == ()
    assert len({clip.label for clip in dataset.clips}) == 12


@given(st.integers(0, 10**8), st.integers(1, 1000))
def test_frames_come_back_from_seconds(frame, rate):
    seconds = _seconds({"start": f"{frame}/{rate}"}, "start")
    assert seconds is not None and seconds * rate == frame
    milliseconds = _seconds({"start": f"{frame // 1000}.{frame % 1000:03d}"}, "start")
    assert milliseconds is not None and milliseconds * 1000 == frame


def test_rows_that_are_too_short_are_left_out(tmp_path, place, write):
    place("a.mp4")
    write("clips.csv", "label,path\ntree,a.mp4\nhouse\n")
    dataset = read_dataset("csv", tmp_path)
    assert [clip.name for clip in dataset.clips] == ["a"]
    assert "line 3: its path '' is none below" in dataset.problems[0]


def test_files_that_differ_in_their_ending_only(tmp_path, place, write):
    place("x.mp4", "x.mov")
    rows = ("x.mp4,,", "x.mov,,", "x.mov,1,2", "x.mp4,1,2", "x.avi,,", "x.mov,,")
    write("clips.csv", "\n".join(["path,start,end", *rows]))
    dataset = read_dataset("csv", tmp_path)
    names = {(clip.name, clip.path.name) for clip in (*dataset.clips, *dataset.missing)}
    assert names == {
        ("x", "x.mp4"),
        ("x.mov", "x.mov"),
        ("x_1.000-2.000", "x.mov"),
        ("x.mp4_1.000-2.000", "x.mp4"),
        ("x.avi", "x.avi"),
    }
    assert len(dataset.problems) == 1 and "x.mov occurs before it" in dataset.problems[0]
