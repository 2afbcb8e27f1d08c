from signpipe.report.results.run_histories import read_runs
from signpipe.workspace import Workspace, write_record


def test_epochs_are_the_rows_without_a_step(tmp_path):
    folder = tmp_path / "pretrain" / "default"
    write_record(folder, {"epochs": 2}, {"clips": 7})
    (folder / "metrics.csv").write_text(
        "epoch,step,loss,seconds\n1,1,5,\n1,2,4,\n1,,4.5,1\n2,1,3,\n2,,2.5,1\n3,,ab"
    )
    write_record(tmp_path / "pretrain" / "begun", {}, {})
    write_record(tmp_path / "pretrain" / "torn", {}, {})
    (tmp_path / "pretrain" / "torn" / "settings.json").write_text("{")
    runs, unread = read_runs(Workspace(tmp_path), "pretrain")
    by_name = {run.name: run for run in runs}
    assert by_name["default"].epochs == [
        {"epoch": 1, "loss": 4.5, "seconds": 1},
        {"epoch": 2, "loss": 2.5, "seconds": 1},
    ]
    assert by_name["default"].settings == {"epochs": 2}
    assert by_name["begun"].epochs == []
    assert len(unread) == 1
    assert "torn" in unread[0]
