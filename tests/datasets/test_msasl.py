from fractions import Fraction

import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError


def entry(label, address="www.youtube.com/watch?v=l31UXgChCS4", start=0.0, end=1.0, **more):
    """An entry with all the fields of the published files."""
    return {
        "org_text": f"WORD {label}",
        "clean_text": f"word {label}",
        "start_time": start,
        "signer_id": 76,
        "signer": 42,
        "start": round(start * 30),
        "end": round(end * 30),
        "file": "a 2",
        "label": label,
        "height": 360.0,
        "fps": 30.0,
        "end_time": end,
        "url": address,
        "text": f"word {label}",
        "box": [0.05037271976470947, 0.2994125783443451, 1.0, 0.6968145966529846],
        "width": 640.0,
        **more,
    }


@pytest.fixture
def annotate(write):
    def put(train, val=(), test=()):
        for name, entries in (("train", train), ("val", val), ("test", test)):
            write(f"MSASL_{name}.json", list(entries))

    return put


@pytest.mark.parametrize("size", [100, 200, 500, 1000])
def test_a_subset_is_the_most_frequent_classes(tmp_path, place, annotate, size):
    place("videos/l31UXgChCS4.mp4")
    annotate(*[[entry(label, signer_id=label) for label in range(i, 1000, 3)] for i in range(3)])
    dataset = read_dataset(f"MS-ASL{size}", tmp_path)
    assert sorted(int(clip.signer) for clip in dataset.clips) == list(range(size))
    assert {clip.split for clip in dataset.clips} == {"train", "val", "test"}
    assert all(clip.label == f"word {clip.signer}" for clip in dataset.clips)
    names = {clip.name: clip.label for clip in read_dataset("msasl1000", tmp_path).clips}
    assert all(names[clip.name] == clip.label for clip in dataset.clips)


def test_names_of_videos(tmp_path, place, annotate):
    place("-j1wozf6o9w.mkv", "train/1.mp4", "val_00000.mp4", "all/test/00000.mp4")
    annotate(
        [
            entry(0, "https://www.youtube.com/watch?v=-j1wozf6o9w&t=10s"),
            entry(1),
            entry(2, "https://youtu.be/00000000000"),
            entry(3, "elsewhere"),
        ],
        [entry(0)],
        [entry(0)],
    )
    dataset = read_dataset("msasl100", tmp_path)
    assert {clip.name: clip.path.relative_to(tmp_path).as_posix() for clip in dataset.clips} == {
        "train/00000": "-j1wozf6o9w.mkv",
        "train/00001": "train/1.mp4",
        "val/00000": "val_00000.mp4",
        "test/00000": "all/test/00000.mp4",
    }
    assert [(c.name, c.path.relative_to(tmp_path).as_posix()) for c in dataset.missing] == [
        ("train/00002", "videos/00000000000.mp4"),
        ("train/00003", "videos/00003.mp4"),
    ]


def test_segments(tmp_path, place, annotate):
    place("l31UXgChCS4.mp4", "train/4.mp4")  # 1.65 s and 1.75 s long
    without = {"start_time": None, "end_time": None}
    annotate(
        [
            entry(0, start=0.1, end=0.967),
            entry(1, start=1.0, end=1.5),  # a second sign of the same source
            entry(2, start=0.1, end=0.5, **without),  # only the frames, 3 to 15
            entry(3, start=90.0, end=91.0),  # after the end: not a clip cut to 1 s of it
            entry(4, start=80.0, end=81.5),  # cut, and stored by its number
        ]
    )
    segments = {c.name: (c.start, c.end) for c in read_dataset("msasl100", tmp_path).clips}
    assert segments == {
        "train/00000": (Fraction(1, 10), Fraction(967, 1000)),
        "train/00001": (Fraction(1), Fraction(3, 2)),
        "train/00002": (Fraction(3, 30), Fraction(15, 30)),
        "train/00003": (0, None),
        "train/00004": (0, None),
    }


def test_broken_entries_are_left_out(tmp_path, place, write, annotate):
    place("l31UXgChCS4.mp4")
    write("MSASL_classes.json", ["first"])
    broken = [
        ("no entry", "label is None"),
        (entry("0"), "label is '0'"),
        (entry(1000), "label is 1000"),
        (entry(True), "label is True"),
        (entry(1, text=None), "no text"),
        (entry(1, start=2.0, end=2.0), "no segment"),
        (entry(1, start=-1.0), "no segment"),
        (entry(1, end_time=float("nan"), fps=0), "no segment"),
    ]
    annotate([entry(0, text=None), *(value for value, _ in broken)])
    dataset = read_dataset("msasl100", tmp_path)
    assert [clip.label for clip in dataset.clips] == ["first"]
    assert len(dataset.problems) == len(broken)
    for number, ((_, cause), problem) in enumerate(zip(broken, dataset.problems, strict=True), 1):
        assert f"MSASL_train.json, entry {number}: " in problem and cause in problem


def test_a_missing_annotation_file_is_named(tmp_path, write):
    write("MSASL_train.json", [])
    with pytest.raises(SignpipeError, match="has no MSASL_val.json"):
        read_dataset("msasl100", tmp_path)
