import csv
import sys

import pytest

from signpipe.errors import SignpipeError
from signpipe.training import finetune, pretrain
from signpipe.training.metrics_log import MetricsLog, read_log


def step(epoch, number, **more):
    return {"epoch": epoch, "step": number, "loss": epoch + number / 10, "rate": 0.5, **more}


def epoch(number, **more):
    return {"epoch": number, "loss": float(number), "rate": 0.5, "seconds": 3.0, **more}


def rows(folder):
    with open(folder / "metrics.csv", newline="") as file:
        return [{k: float(v) for k, v in row.items() if v} for row in csv.DictReader(file)]


def train(folder, epochs, kill=None, logger=None):
    """Two steps an epoch, from what a checkpoint of `epochs[0]` epochs knows; stops at `kill`."""
    known = [epoch(e, val_top1=e / 10) for e in range(1, epochs[0] + 1)]
    with MetricsLog(folder, known, 2, logger) as log:
        for e in range(epochs[0] + 1, epochs[1] + 1):
            for s in (1, 2):
                log.step(step(e, s))
                if (e, s) == kill:
                    return
            log.epoch(epoch(e, val_top1=e / 10))


WHOLE = [row for e in (1, 2, 3) for row in (step(e, 1), step(e, 2), epoch(e, val_top1=e / 10))]


def test_every_step_and_epoch_has_a_row(tmp_path):
    train(tmp_path, (0, 3))
    assert rows(tmp_path) == WHOLE
    header = (tmp_path / "metrics.csv").read_text().splitlines()[0]
    assert header == "epoch,step,loss,rate,seconds,val_top1"


@pytest.mark.parametrize("kill", [(1, 1), (1, 2), (2, 1), (3, 2)])
def test_after_a_kill_no_row_is_missing_or_twice(tmp_path, kill):
    train(tmp_path, (0, 3), kill)
    assert rows(tmp_path)[-1] == step(*kill)  # it can be followed while it trains
    with open(tmp_path / "metrics.csv", "a") as file:
        file.write("3,1,0.")  # torn
    train(tmp_path, (kill[0] - 1, 3))
    assert rows(tmp_path) == WHOLE


def test_a_kill_between_an_epochs_row_and_its_checkpoint(tmp_path):
    train(tmp_path, (0, 2))
    train(tmp_path, (1, 3))
    assert rows(tmp_path) == WHOLE


def test_a_missing_file_costs_only_the_steps_it_held(tmp_path):
    train(tmp_path, (2, 3))
    assert rows(tmp_path) == [row for row in WHOLE if row["epoch"] == 3 or "step" not in row]


@pytest.mark.parametrize(
    "more", [b"\xff\xfe\0", b"\0" * 9, b'"', b"1,,2\n,,\n", b"x" * 200_000, b"\n" * 9]
)
def test_what_is_no_row_is_passed_over(tmp_path, more):
    train(tmp_path, (0, 3))
    whole = read_log(tmp_path / "metrics.csv")
    assert whole == WHOLE
    with open(tmp_path / "metrics.csv", "ab") as file:
        file.write(more)
    assert read_log(tmp_path / "metrics.csv") == whole
    train(tmp_path, (3, 3))
    assert rows(tmp_path) == WHOLE


def test_another_heading_is_no_log(tmp_path):
    (tmp_path / "metrics.csv").write_text("a,b\n1,2\n")
    assert read_log(tmp_path / "metrics.csv") == []
    train(tmp_path, (0, 3))
    assert rows(tmp_path) == WHOLE


def events(folder):
    accumulator = pytest.importorskip(
        "tensorboard.backend.event_processing.event_accumulator"
    ).EventAccumulator(str(folder))
    accumulator.Reload()
    tags = accumulator.Tags()["scalars"]
    return {tag: [(e.step, round(e.value, 4)) for e in accumulator.Scalars(tag)] for tag in tags}


def test_event_files_go_on_at_the_right_step(tmp_path):
    train(tmp_path, (0, 3), kill=(2, 1), logger="tensorboard")
    train(tmp_path, (1, 3), logger="tensorboard")
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 2
    found = events(tmp_path)
    assert found["step/loss"] == [(1, 1.1), (2, 1.2), (3, 2.1), (4, 2.2), (5, 3.1), (6, 3.2)]
    assert found["epoch/val_top1"] == [(2, 0.1), (4, 0.2), (6, 0.3)]


def test_a_missing_logger_is_one_sentence(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    with pytest.raises(SignpipeError, match=r"pip install 'signpipe\[tracking\]'"):
        train(tmp_path, (0, 1), logger="tensorboard")


def test_a_missing_logger_is_told_before_a_run_begins(signs_workspace, monkeypatch):
    monkeypatch.setitem(sys.modules, "torch.utils.tensorboard", None)
    for stage, run in (("finetune", finetune.run), ("pretrain", pretrain.run)):
        with pytest.raises(SignpipeError, match="--logger needs tensorboard"):
            run(signs_workspace, logger="tensorboard")
        assert not signs_workspace.runs(stage)
