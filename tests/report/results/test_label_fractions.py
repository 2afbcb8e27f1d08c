import pytest
from pages import words

from signpipe.evaluation.schema import Cell, Figures
from signpipe.report.results.label_fractions import add_fractions, curve


def cell(fraction: float, start: str, top1: float) -> Cell:
    figures = Figures(
        top1=top1, top5=1, mean_class=top1, mean_class_top5=1, spread={"top1": 0.03125}
    )
    streams = {"joint": figures, "motion": figures, "both": figures}
    of = {"fraction": fraction, "start": start}
    return Cell(of=of, clips=4, streams=streams, trained_on=int(100 * fraction), cells=3)


CELLS = [
    cell(share, start, 0.5 * share + better)
    for share in (0.05, 1.0)
    for start, better in (("pretrained", 0.25), ("scratch", 0.125))
]


def test_a_line_a_start_with_its_spread():
    axes = curve(CELLS).axes[0]
    lines = {bars.get_label(): bars for bars in axes.containers}
    assert set(lines) == {"pretrained", "scratch"}
    assert list(lines["pretrained"].lines[0].get_ydata()) == pytest.approx([0.275, 0.75])
    low, high = lines["scratch"].lines[2][0].get_segments()[1][:, 1]
    assert (low, high) == pytest.approx((0.59375, 0.65625))


def test_pretrained_and_scratch_side_by_side(report, evaluation):
    add_fractions(report, [evaluation("f", protocol="fractions", summary=CELLS), evaluation("x")])
    text = words(report.page.html())
    assert "5% pretrained 5 3 27.5 ± 3.1" in text
    assert "100% scratch 100 3 62.5 ± 3.1" in text
    assert (report.folder / "fractions-f.png").exists()


def test_without_the_protocol_the_command_is_named(report, evaluation):
    add_fractions(report, [evaluation()])
    assert "--protocol fractions --from-scratch -w here" in report.missing[0][1]
