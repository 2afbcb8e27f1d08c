import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError


def test_names_splits_and_what_is_missing(tmp_path, place, write):
    place(*(f"all/064_{person:03d}_005.mp4" for person in range(1, 11)), "all/001_001_001.mp4")
    dataset = read_dataset("lsa64", tmp_path)
    assert [(c.name, c.label, c.signer, c.split) for c in dataset.clips[:2]] == [
        ("001_001_001", "001", "001", "train"),
        ("064_001_005", "064", "001", "train"),
    ]
    splits = {clip.signer: clip.split for clip in dataset.clips}
    assert splits == {f"{person:03d}": "train" for person in range(1, 9)} | {
        "009": "val",
        "010": "test",
    }
    assert len(dataset.clips) + len(dataset.missing) == 3200
    assert "001_001_002" in {clip.name for clip in dataset.missing}
    assert dataset.problems == ()


def test_names_of_signs(tmp_path, place, write):
    place("001_001_001.mp4", "002_001_001.mp4", "003_001_001.mp4")
    write("meta.csv", "1|Opaque|R\n2|Red|R\nx|Red|R\n")
    dataset = read_dataset("lsa64", tmp_path)
    assert [clip.label for clip in dataset.clips] == ["Opaque", "Red", "003"]
    assert len(dataset.problems) == 1 and "meta.csv, line 3" in dataset.problems[0]


def test_other_names_are_left_out(tmp_path, place):
    place("001_001_001.mp4", "065_001_001.mp4", "001_001_006.mp4", "1_1_1.mp4", "a.mp4")
    dataset = read_dataset("lsa64", tmp_path)
    assert [clip.name for clip in dataset.clips] == ["001_001_001"]
    assert len(dataset.problems) == 4


def test_a_folder_of_other_videos_is_refused(tmp_path, place):
    place("a.mp4")
    with pytest.raises(SignpipeError, match="is named as those of LSA64"):
        read_dataset("lsa64", tmp_path)
