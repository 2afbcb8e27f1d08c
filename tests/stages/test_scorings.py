from signpipe.stages import scorings
from signpipe.workspace import Workspace


def test_lines_are_only_added_and_counted_by_who_scored(tmp_path):
    workspace = Workspace(tmp_path)
    assert scorings.count(workspace, "test") == {}
    scorings.add(workspace, "test", "default", "finetuned")
    path = tmp_path / "evaluate" / "scored.jsonl"
    before = path.read_bytes()
    scorings.add(workspace, "test", "default", "finetuned")
    scorings.add(workspace, "val", "default", "knn")
    scorings.add(workspace, "train+val+test", "scratch", "cross-signer")
    assert path.read_bytes().startswith(before)
    assert scorings.count(workspace, "test") == {
        "default, finetuned": 2,
        "scratch, cross-signer": 1,
    }
    assert sum(scorings.count(workspace, "val").values()) == 2


def test_a_line_that_a_kill_cut_short_spoils_no_other(tmp_path):
    workspace = Workspace(tmp_path)
    scorings.add(workspace, "test", "default", "finetuned")
    path = tmp_path / "evaluate" / "scored.jsonl"
    path.write_bytes(path.read_bytes() + b'\n{"split": "te')
    scorings.add(workspace, "test", "default", "finetuned")
    assert scorings.count(workspace, "test") == {"default, finetuned": 2}
