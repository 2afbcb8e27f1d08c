import csv
from pathlib import Path

from pages import words

from signpipe.report.results.curves import MOST, add_curves, curves
from signpipe.report.results.run_histories import Run


def run(name: str, losses: list[float]) -> Run:
    rows = [{"epoch": n, "loss": x, "val_top1": 0.5} for n, x in enumerate(losses, start=1)]
    return Run("finetune", Path(name), {}, {}, rows)


def test_a_line_a_run_and_every_epoch_in_the_csv(report):
    runs = [run(f"r{n}", [3.0, 2.0 + n]) for n in range(MOST + 1)]
    add_curves(report, "finetune", [*runs, run("begun", [])])
    assert f"The {MOST} newest of {MOST + 1} runs" in words(report.page.html())
    with open(report.folder / "curves-finetune.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * (MOST + 1)
    assert rows[-1] == {"run": f"r{MOST}", "epoch": "2", "loss": f"{2.0 + MOST}", "val_top1": "0.5"}


def test_the_lines_are_the_numbers():
    losses, accuracies = curves("finetune", [run("$a$", [3.0, 2.0]), run("b", [1.0])]).axes
    assert [list(line.get_ydata()) for line in losses.lines] == [[3.0, 2.0], [1.0]]
    assert [list(line.get_ydata()) for line in accuracies.lines] == [[0.5, 0.5], [0.5]]


def test_without_a_run_the_command_is_named(report):
    add_curves(report, "pretrain", [run("begun", [])])
    assert report.missing == [("the training curves of pretrain", "signpipe pretrain -w here")]
    assert "<img" not in report.page.html()
