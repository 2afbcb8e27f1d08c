import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError


def test_the_official_split_is_by_signer(tmp_path, place, write):
    place(
        "color/000000/P01_s1_00_0_color.mp4",
        "color/000000/P01_s1_00_1_color.avi",
        "color/000499/P36_25_19_2._color.mp4",
        "color/000499/P37_25_19_2._color.mp4",
        "color/000001/P50_s1_01_4_color.mp4",
        "depth/000001/P50_s1_01_4_depth.mp4",
    )
    write("dictionary.txt", "000000\t我们\n000001\t你们\n000499\t家\n")
    dataset = read_dataset("slr500", tmp_path)
    assert [(c.name, c.label, c.signer, c.split) for c in dataset.clips] == [
        ("color/000000/P01_s1_00_0_color", "我们", "P01", "train"),
        ("color/000000/P01_s1_00_1_color", "我们", "P01", "train"),
        ("color/000001/P50_s1_01_4_color", "你们", "P50", "test"),
        ("color/000499/P36_25_19_2._color", "家", "P36", "train"),
        ("color/000499/P37_25_19_2._color", "家", "P37", "test"),
    ]
    assert dataset.missing == dataset.problems == ()


def test_signers_counted_from_0(tmp_path, place):
    place(*(f"000000/P{signer:02d}_01_00_0.mp4" for signer in (0, 35, 36, 49)))
    dataset = read_dataset("slr500", tmp_path)
    assert [clip.split for clip in dataset.clips] == ["train", "train", "test", "test"]


def test_signs_by_name_where_folders_are_signers(tmp_path, place, write):
    place("P01/P01_25_10_0.avi", "P01/P01_01_00_0.avi", "P01/P01_26_00_0.avi", "P01/x.avi")
    write("dictionary.txt", "000000\t天\n000490\t天\n")
    dataset = read_dataset("slr500", tmp_path)
    labels = {clip.name: clip.label for clip in dataset.clips}
    assert labels == {"P01/P01_01_00_0": "天 (0)", "P01/P01_25_10_0": "天 (490)"}
    assert "there is no sign 500" in dataset.problems[0]
    assert "P01/x: its name is none" in dataset.problems[1]


def test_other_dictionaries(tmp_path, place, write):
    place("000001/P01_s1_01_0_color.mp4")
    (tmp_path / "dictionary.txt").write_bytes("000001\t你们\n".encode("gb18030"))
    assert read_dataset("slr500", tmp_path).clips[0].label == "你们"
    write("dictionary.txt", "我们\n你们\n")
    assert read_dataset("slr500", tmp_path).clips[0].label == "你们"
    write("dictionary.txt", "000001\t你们\nx\ty\n")
    dataset = read_dataset("slr500", tmp_path)
    assert dataset.clips[0].label == "你们"
    assert "dictionary.txt, line 2" in dataset.problems[0]
    (tmp_path / "dictionary.txt").unlink()
    assert read_dataset("slr500", tmp_path).clips[0].label == "000001"


def test_split_lists_count_and_tell_what_is_missing(tmp_path, place, write):
    place("000000/P01_s1_00_0_color.mp4", "000000/P40_s1_00_0_color.mp4")
    write(
        "traintestlist/trainlist01.txt",
        "000000/P40_s1_00_0_color.mp4 0\n000003/P41_s1_03_0_color.mp4 3\n",
    )
    write("traintestlist/testlist01.txt", "000000/P01_s1_00_0_color\n../P01_s1_00_0_color\n")
    dataset = read_dataset("slr500", tmp_path)
    assert [(c.name, c.signer, c.split) for c in dataset.clips] == [
        ("000000/P40_s1_00_0_color", "P40", "train"),
        ("000000/P01_s1_00_0_color", "P01", "test"),
    ]
    assert [clip.path for clip in dataset.missing] == [tmp_path / "000003/P41_s1_03_0_color.mp4"]
    assert len(dataset.problems) == 1 and "testlist01.txt, line 2" in dataset.problems[0]


def test_a_folder_of_other_videos_is_refused(tmp_path, place):
    place("a.mp4")
    with pytest.raises(SignpipeError, match="is named as those of SLR500"):
        read_dataset("slr500", tmp_path)
