import pytest

from signpipe.errors import SignpipeError
from signpipe.stages.runs import begin, read_clip_list, write_clip_list


def test_new_unfinished_done_and_different(tmp_path):
    folder, finished = tmp_path / "run", tmp_path / "run" / "result"
    settings = {"epochs": 3, "encoder": {"frames": 8}}
    assert begin(folder, settings, {"clips": 9}, finished, redo=False) is False
    assert begin(folder, settings, {"clips": 9}, finished, redo=False) is False
    finished.touch()
    assert begin(folder, settings, {"clips": 9}, finished, redo=False) is True
    other = {"epochs": 3, "encoder": {"frames": 16}}
    with pytest.raises(SignpipeError, match=r"clips was 9, is 8; encoder\.frames was 8, is 16"):
        begin(folder, other, {"clips": 8}, finished, redo=False)
    assert finished.exists()
    assert begin(folder, other, {"clips": 8}, finished, redo=True) is False
    assert not finished.exists()
    assert [path.name for path in tmp_path.iterdir()] == ["run"]


def test_clip_lists(tmp_path):
    rows = [('a,"b\n', "train"), ("käse/1", "val")]
    write_clip_list(tmp_path / "clips.csv", rows)
    assert read_clip_list(tmp_path / "clips.csv") == dict(rows)
    (tmp_path / "clips.csv").write_text("other\n1\n")
    with pytest.raises(SignpipeError, match=r"clips\.csv"):
        read_clip_list(tmp_path / "clips.csv")
