import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError

WORDS = "ClassId,TR,EN\n0,abla,sister\n41,cirkin,ugly\n182,siz,you (plural)\n"


def test_labels_signers_splits(tmp_path, place, write):
    place(
        "train/signer0_sample1_color.mp4",
        "train/signer0_sample1_depth.mp4",
        "train/signer41_sample7_color.mp4",
        "val/signer1_sample57_color.mp4",
        "test/signer34_sample8_color.mp4",
    )
    write("SignList_ClassId_TR_EN.csv", WORDS)
    write("train_labels.csv", "signer0_sample1,41\nsigner41_sample7,182\nsigner0_sample2,0\n")
    write("validation_labels.csv", "signer1_sample57,41\n")
    write("test_labels.csv", "signer34_sample8,225\n")
    dataset = read_dataset("autsl", tmp_path)
    assert [(c.name, c.label, c.signer, c.split) for c in dataset.clips] == [
        ("signer0_sample1", "cirkin", "signer0", "train"),
        ("signer41_sample7", "siz", "signer41", "train"),
        ("signer1_sample57", "cirkin", "signer1", "val"),
        ("signer34_sample8", "225", "signer34", "test"),
    ]
    assert dataset.clips[0].path == tmp_path / "train/signer0_sample1_color.mp4"
    assert [clip.path for clip in dataset.missing] == [tmp_path / "train/signer0_sample2_color.mp4"]
    assert dataset.problems == ()


@pytest.mark.parametrize(
    ("train", "val", "test"),
    [
        ("train/train_labels.csv", "val/ground_truth.csv", "test/ground_truth.csv"),
        ("labels/train_labels.csv", "labels/val_labels.csv", "labels/test_labels.csv"),
        ("train_labels.csv", "validation/ground_truth.csv", "test/test_labels.csv"),
    ],
)
def test_where_labels_lie(tmp_path, place, write, train, val, test):
    for split, file in (("train", train), ("val", val), ("test", test)):
        place(f"{split}/color/signer1_{split}_color.mp4".replace(f"_{split}_", "_sample1_"))
        write(file, "signer1_sample1,0\n" if split == "train" else "signer2_sample1,0\n")
    dataset = read_dataset("autsl", tmp_path)
    assert [(c.name, c.label) for c in dataset.clips] == [("signer1_sample1", "000")]
    assert [clip.split for clip in dataset.missing] == ["val"]


def test_broken_lines_are_left_out(tmp_path, place, write):
    place("train/signer0_sample1_color.mp4")
    lines = ["signer0_sample1,0", "signer0_sample1", "../a,0", "signer0_sample3,226", "a_b,x", ""]
    write("train_labels.csv", "\n".join(lines))
    write("val_labels.csv", "")
    write("test_labels.csv", "")
    dataset = read_dataset("autsl", tmp_path)
    assert len(dataset.clips) == 1 and dataset.missing == ()
    for line, problem in zip(range(2, 6), dataset.problems, strict=True):
        assert f"train_labels.csv, line {line}: " in problem


def test_missing_labels_are_named(tmp_path, place, write):
    write("train_labels.csv", "signer0_sample1,0\n")
    with pytest.raises(SignpipeError, match="has no validation_labels.csv"):
        read_dataset("autsl", tmp_path)
