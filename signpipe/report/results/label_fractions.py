"""Accuracy against the share of the labels."""

from collections import defaultdict
from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, NullFormatter, PercentFormatter

from signpipe.evaluation.schema import Cell
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.protocol_tables import accuracy
from signpipe.report.results.report_writer import WIDTH, Entry, ReportWriter

COLOURS = {
    "pretrained": "#2f8f6b",
    "pretrained-labelled-only": "#8fc7b0",
    "scratch": "#b0532a",
    "scratch-long": "#dba37f",
}


def add_fractions(report: ReportWriter, evaluations: Sequence[Evaluation]) -> None:
    """A curve and a table for every evaluation by the protocol `fractions`."""
    own = [one for one in evaluations if one.metrics.protocol == "fractions"]
    if not own:
        command = "signpipe evaluate --protocol fractions --from-scratch"
        report.add_missing("the accuracy with a part of the labels", command)
        return
    report.page.heading("Accuracy against the labels used")
    for one in own:
        report.figure(
            f"fractions-{one.name}",
            curve(one.metrics.summary),
            f"Accuracy of {one.name} over the share of labels",
            f"{one.title}, split {one.metrics.split}: top-1 of the final answer; the bars are one "
            "standard deviation over the seeds either way.",
        )
        _table(report, one)


def curve(summary: Sequence[Cell]) -> Figure:
    """Top-1 of the last stream over the fraction, a line a start."""
    figure = Figure(figsize=(WIDTH, 3.4), layout="constrained")
    axes = figure.add_subplot()
    lines: dict[str, list[tuple[float, float, float]]] = defaultdict(list)
    for cell in summary:
        final = list(cell.streams.values())[-1]
        point = (float(cell.of["fraction"]), final.top1, final.spread.get("top1", 0.0))
        lines[str(cell.of["start"])].append(point)
    for start, points in lines.items():
        x, y, spread = zip(*sorted(points), strict=True)
        colour = COLOURS.get(start, "grey")
        axes.errorbar(
            x, y, spread if any(spread) else None, marker="o", capsize=3, color=colour, label=start
        )
    axes.set_xscale("log")
    ticks = sorted({float(cell.of["fraction"]) for cell in summary})
    axes.set_xticks(ticks)
    axes.xaxis.set_major_formatter(FuncFormatter(lambda share, _: f"{100 * share:g}"))
    axes.xaxis.set_minor_formatter(NullFormatter())
    axes.set(xlabel="per cent of the labelled training clips", ylabel="top-1", ylim=(0, 1.02))
    axes.yaxis.set_major_formatter(PercentFormatter(1, 0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    axes.legend(frameon=False)
    return figure


def _table(report: ReportWriter, one: Evaluation) -> None:
    streams = list(one.metrics.streams)
    rows: list[list[Entry]] = []
    for cell in one.metrics.summary:
        final = list(cell.streams.values())[-1]
        start: list[Entry] = [f"{float(cell.of['fraction']):.0%}", cell.of["start"]]
        own = [accuracy(cell.streams[stream], "top1") for stream in streams]
        counts = [cell.trained_on, cell.cells]
        rows.append([*start, *counts, *own, accuracy(final, "mean_class")])
    columns = ["labels", "start", "labelled clips", "seeds"]
    columns += [*streams, f"{streams[-1]}, mean-class"]
    report.table(
        f"fractions-{one.name}",
        columns,
        rows,
        f"{one.title}: top-1, mean over the seeds, in per cent",
    )
