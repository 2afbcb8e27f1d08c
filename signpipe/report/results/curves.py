"""How the training of the runs went, epoch by epoch."""

from collections.abc import Sequence

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator, PercentFormatter

from signpipe.report.results.report_writer import WIDTH, Entry, ReportWriter
from signpipe.report.results.run_histories import Run
from signpipe.wording import counted

MOST = 8  # runs in one picture; the CSV has all
# Of each stage the accuracies drawn below the loss, with what each is in words.
ACCURACIES = {
    "pretrain": {"top1_joint": "joint", "top1_motion": "motion"},
    "finetune": {"val_top1": "val", "train_top1": "train, on augmented clips"},
}
MEANING = {
    "pretrain": "the share of queries whose positive key is nearer than all of the queue",
    "finetune": "top-1 accuracy",
}
LINES = ("-", ":")


def add_curves(report: ReportWriter, stage: str, runs: Sequence[Run]) -> None:
    """The curves of all runs of one stage, or the command that makes one."""
    trained = [run for run in runs if run.epochs]
    if not trained:
        report.add_missing(f"the training curves of {stage}", f"signpipe {stage}")
        return
    report.page.heading(f"Training: {stage}")
    shown = trained[:MOST]
    lines = zip(LINES, ACCURACIES[stage].values(), strict=True)
    how = "; ".join(f"{_STYLE[line]} {name}" for line, name in lines)
    more = f" The {MOST} newest of {len(trained):,} runs; the CSV has all." * (len(trained) > MOST)
    report.figure(
        f"curves-{stage}",
        curves(stage, shown),
        f"Loss and accuracy of {counted(len(shown), 'run')} of {stage} over the epochs",
        "Above: the loss; it can be compared only between runs with the same terms in it. "
        f"Below: {MEANING[stage]} ({how}).{more}",
    )
    columns = ["run", *dict.fromkeys(name for run in trained for row in run.epochs for name in row)]
    rows: list[list[Entry]] = [
        [run.name, *(row.get(name) for name in columns[1:])]
        for run in trained
        for row in run.epochs
    ]
    report.csv(f"curves-{stage}", columns, rows, f"every epoch of every run of {stage}")


_STYLE = {"-": "solid", ":": "dotted"}


def curves(stage: str, runs: Sequence[Run]) -> Figure:
    """Loss above, accuracy below, a colour a run."""
    height = 5.2 + 0.2 * len(runs)
    figure = Figure(figsize=(WIDTH, height), layout="constrained")
    losses, accuracies = figure.subplots(2, 1, sharex=True)
    for place, run in enumerate(runs):
        colour = matplotlib.colormaps["tab10"](place)
        _line(losses, run, "loss", "-", colour, run.name.replace("$", r"\$"))
        for line, name in zip(LINES, ACCURACIES[stage], strict=True):
            _line(accuracies, run, name, line, colour)
    losses.set_ylabel("loss")
    last = max(row["epoch"] for run in runs for row in run.epochs)
    accuracies.set(xlim=(0.5, last + 0.5), xlabel="epoch", ylabel=_SHORT[stage], ylim=(0, 1.02))
    accuracies.yaxis.set_major_formatter(PercentFormatter(1, 0))
    accuracies.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    for axes in (losses, accuracies):
        axes.spines[["top", "right"]].set_visible(False)
        axes.grid(alpha=0.3)
    figure.legend(loc="outside lower left", fontsize=8, frameon=False)
    return figure


_SHORT = {"pretrain": "positive key nearest", "finetune": "top-1"}


def _line(
    axes: Axes,
    run: Run,
    name: str,
    line: str,
    colour: tuple[float, float, float, float],
    label: str = "",
) -> None:
    points = [(row["epoch"], row[name]) for row in run.epochs if name in row]
    if points:
        x, y = zip(*points, strict=True)
        marker = "o" if len(points) < 3 else ""
        axes.plot(x, y, line, color=colour, marker=marker, markersize=4, label=label or None)
