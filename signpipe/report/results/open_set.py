"""Clips that show none of the signs: how well they are told apart, and what that costs."""

from collections.abc import Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

from signpipe.evaluation.schema import OpenSet, Separation, ToldApart, UnknownKind
from signpipe.report.results.evaluations import Evaluation
from signpipe.report.results.report_writer import WIDTH, Accuracy, Entry, ReportWriter

COMMAND = "signpipe evaluate --protocol open-set"
KINDS: tuple[UnknownKind, ...] = ("other signs", "idle")
ERRORS = ("plain", "known", "with other signs", "answered")


def add_open_set(report: ReportWriter, evaluations: Sequence[Evaluation]) -> None:
    """Tables and a curve of every evaluation by the protocol `open-set`."""
    own = [(one, one.metrics.open_set) for one in evaluations if one.metrics.open_set]
    if not own:
        report.add_missing("how well clips that show none of the signs are told apart", COMMAND)
        return
    report.page.heading("None of these")
    report.page.text(
        "Signs are held out of training in turn; clips of them, and of people who do not sign "
        "(idle), should be answered with “none of these”. AUROC is how often such a clip "
        "looks more unknown than one of a known sign: 50 is chance. False answers are the share of "
        "such clips that are named as a sign all the same."
    )
    _separations(report, own)
    _costs(report, own)
    for one, found in own:
        report.figure(
            f"open-set-{one.name}",
            curve(found),
            f"Wrong answers of {one.name} over the share answered",
            f"{one.title}: the share of answers that are wrong, where only the clips that look "
            "most known are answered; clips of known and of held-out signs together.",
        )


def _separations(report: ReportWriter, own: Sequence[tuple[Evaluation, OpenSet]]) -> None:
    rows: list[list[Entry]] = [
        [
            one.title,
            separation.unknown,
            separation.clips,
            separation.score + (" (used)" if separation.score == found.score else ""),
            _figure(separation, "auroc"),
            _figure(separation, "false_answers"),
        ]
        for one, found in own
        for separation in found.separations
    ]
    kept = sorted({f"{found.kept:.0%}" for _, found in own})
    columns = ["evaluation", "unknown", "clips", "score", "AUROC", "false answers"]
    report.table(
        "open-set",
        columns,
        rows,
        f"open-set: false answers where {' or '.join(kept)} of the known signs' clips are kept; "
        "means over the folds, in per cent",
    )


def _figure(one: Separation, name: ToldApart) -> Accuracy:
    low, high = one.intervals.get(name, (None, None))
    return Accuracy(getattr(one, name), low, high, one.spread.get(name))


def _costs(report: ReportWriter, own: Sequence[tuple[Evaluation, OpenSet]]) -> None:
    """What the thresholds do that the recognisers chose by themselves."""
    rows: list[list[Entry]] = []
    for one, found in own:
        shares = {
            "accuracy": found.accuracy,
            "accuracy_with_rejection": found.accuracy_with_rejection,
            "rejected": found.rejected,
        }
        row: list[Entry] = [one.title, f"{found.folds - found.without_threshold} of {found.folds}"]
        row += [_share(found, name, value) for name, value in shares.items()]
        for kind in KINDS:
            value = found.false_answers.get(kind)
            name = f"false answers, {kind}"
            row.append(None if value is None else _share(found, name, value))
        errors = {what: c.expected_error for what, c in found.calibration.items()}
        row += [round(errors[what], 3) if what in errors else None for what in ERRORS]
        rows.append(row)
    columns = ["evaluation", "folds with a threshold", "top-1", "top-1 with rejection"]
    columns += ["known rejected", "other signs named", "idle named", "ECE without temperature"]
    columns += ["ECE", "ECE with other signs", "ECE of what is answered"]
    report.table(
        "open-set-costs",
        columns,
        rows,
        "open-set: by the thresholds that the recognisers chose themselves, in per cent; ECE: the "
        "expected calibration error, where a clip of a sign held out is never named rightly",
    )


def _share(found: OpenSet, name: str, value: float) -> Accuracy:
    low, high = found.intervals.get(name, (None, None))
    return Accuracy(value, low, high)


def curve(found: OpenSet) -> Figure:
    """The share of wrong answers over the share of clips answered."""
    figure = Figure(figsize=(WIDTH, 3.0), layout="constrained")
    axes = figure.add_subplot()
    answered, wrong = zip(*found.coverage, strict=True)
    axes.plot(answered, wrong, color="#2f8f6b")
    axes.set(xlabel="answered", ylabel="of these wrong", xlim=(0, 1), ylim=(0, 1))
    for axis in (axes.xaxis, axes.yaxis):
        axis.set_major_formatter(PercentFormatter(1, 0))
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(alpha=0.3)
    return figure
