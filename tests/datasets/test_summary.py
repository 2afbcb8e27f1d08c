import csv
import shutil
from pathlib import Path

from signpipe.datasets.registry import read_dataset
from signpipe.datasets.summary import clips_per_split, leaks, write_missing

ROWS = """path,label,split,start,end
a.mp4,tree,train,,
b.mp4,tree,test,,
c.mp4,house,train,,
d.mp4,tree,train,,
a.mp4,house,test,0.5,1
a.mp4,house,test,1,1.5
long.mp4,tree,,,
gone.mp4,"a, b",val,1/3,2
"""


def test_a_summary(tmp_path: Path, place, write) -> None:
    place("a.mp4", "c.mp4", "d.mp4", "long.mp4")
    shutil.copyfile(tmp_path / "a.mp4", tmp_path / "b.mp4")
    shutil.copyfile(tmp_path / "c.mp4", tmp_path / "d.mp4")
    write("labels.csv", ROWS)
    dataset = read_dataset("csv", tmp_path)
    assert clips_per_split(dataset) == {"train": 3, "test": 3, "": 1}
    groups = leaks(dataset)
    assert [str(group) for group in groups] == [
        "a (tree, train) = b (tree, test)",
        "c (house, train) = d (tree, train)",
    ]
    known = {(tmp_path / name).resolve(): "same" for name in ("a.mp4", "c.mp4")}
    assert [str(group) for group in leaks(dataset, known)] == [
        "a (tree, train) = c (house, train)"  # what is known is taken as it is
    ]
    missing = tmp_path / "out" / "missing.csv"
    write_missing(missing, dataset)
    with missing.open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert rows == [
        {
            "clip": "gone_0.333-2.000",
            "label": "a, b",
            "signer": "",
            "split": "val",
            "start": "0.333",
            "end": "2.000",
            "expected": str(tmp_path / "gone.mp4"),
        }
    ]
    place("gone.mp4")
    write_missing(missing, read_dataset("csv", tmp_path))
    assert not missing.exists()
