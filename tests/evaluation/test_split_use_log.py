from signpipe.evaluation import split_use_log
from signpipe.workspace import Workspace


def test_lines_are_only_added_and_counted_by_who_scored(tmp_path):
    workspace = Workspace(tmp_path)
    assert split_use_log.count(workspace, "test") == {}
    split_use_log.add(workspace, "test", "default", "finetuned")
    path = tmp_path / "evaluate" / "scored.jsonl"
    before = path.read_bytes()
    split_use_log.add(workspace, "test", "default", "finetuned")
    split_use_log.add(workspace, "val", "default", "knn")
    split_use_log.add(workspace, "train+val+test", "scratch", "cross-signer")
    assert path.read_bytes().startswith(before)
    assert split_use_log.count(workspace, "test") == {
        "default, finetuned": 2,
        "scratch, cross-signer": 1,
    }
    assert sum(split_use_log.count(workspace, "val").values()) == 2


def test_a_line_that_a_kill_cut_short_spoils_no_other(tmp_path):
    workspace = Workspace(tmp_path)
    split_use_log.add(workspace, "test", "default", "finetuned")
    path = tmp_path / "evaluate" / "scored.jsonl"
    path.write_bytes(path.read_bytes() + b'\n{"split": "te')
    split_use_log.add(workspace, "test", "default", "finetuned")
    assert split_use_log.count(workspace, "test") == {"default, finetuned": 2}
