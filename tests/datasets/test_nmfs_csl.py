import pytest

from signpipe.datasets.registry import read_dataset
from signpipe.errors import SignpipeError


def rows(dataset):
    return [(c.name, c.label, c.signer, c.split) for c in dataset.clips]


def test_lists_with_commas(tmp_path, place, write):
    place("jpg_video/0000/a1.mp4", "jpg_video/0000/a2.mp4", "jpg_video/1066/b.avi")
    write("uni_trainlist01.csv", "0000/a1,0\n1066/b,1066\n0004/gone,4\n")
    write("uni_testlist01.csv", "0000/a2,0\n")
    dataset = read_dataset("NMFs-CSL", tmp_path)
    assert dataset.name == "nmfs_csl"
    assert rows(dataset) == [
        ("0000/a1", "0000", "", "train"),
        ("1066/b", "1066", "", "train"),
        ("0000/a2", "0000", "", "test"),
    ]
    assert [(c.name, c.label, c.split) for c in dataset.missing] == [("0004/gone", "0004", "train")]


def test_lists_with_spaces_and_words(tmp_path, place, write):
    place("000/a.mp4", "012/b.mp4", "012/c.mp4")
    write("traintestlist/trainlist01.txt", "000/a.mp4 0\n012/b.mp4 12\n")
    write("traintestlist/testlist01.txt", "012/c.mp4\n")  # this list goes without numbers
    write("dictionary.txt", "000\t高兴\n012\t生气\n")
    assert rows(read_dataset("nmfs_csl", tmp_path)) == [
        ("000/a", "高兴", "", "train"),
        ("012/b", "生气", "", "train"),
        ("012/c", "生气", "", "test"),
    ]


def test_broken_lines_are_left_out(tmp_path, place, write):
    place("000/a.mp4")
    lines = ["000/a,0", "000/a,0,7", "000/a,x", "../a,0", "a,0", "000/b,2000", "000/a,0"]
    write("uni_trainlist01.csv", "\n".join(lines))
    write("uni_testlist01.csv", "happy/a\n")
    dataset = read_dataset("nmfs_csl", tmp_path)
    assert len(dataset.clips) == 1
    where = [f"uni_trainlist01.csv, line {line}: " for line in range(2, 8)]
    where.append("uni_testlist01.csv, line 1: ")
    for name in where:
        assert sum(name in problem for problem in dataset.problems) == 1
    assert len(dataset.problems) == len(where)


def test_without_lists_it_is_refused(tmp_path, place):
    place("000/a.mp4")
    with pytest.raises(SignpipeError, match="has no uni_trainlist01.csv"):
        read_dataset("nmfs_csl", tmp_path)
