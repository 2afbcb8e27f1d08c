import io

import pytest

from signpipe.pictures.charts import BINS, MOST, bars, histogram


@pytest.mark.parametrize(
    "values", [[25.0], [29.97, 30, 30.02], list(range(30, 43)), [1, 5000], [0.5] * 7]
)
def test_every_clip_is_in_a_bar(values):
    figure = histogram(values, "frames")
    (axes,) = figure.axes
    assert sum(bar.get_height() for bar in axes.patches) == len(values)
    assert 1 <= len(axes.patches) <= BINS + 2
    low, high = axes.get_xlim()
    assert low < min(values) <= max(values) < high
    figure.savefig(io.BytesIO(), format="svg")


def test_whole_numbers_get_a_bar_each():
    (axes,) = histogram([20, 20, 21, 22], "frames").axes
    assert [bar.get_height() for bar in axes.patches][:3] == [2, 1, 1]


def test_rare_names_share_one_bar():
    figure = bars([f"${i}" for i in range(MOST + 5)] + ["$0"])
    (axes,) = figure.axes
    assert [bar.get_width() for bar in axes.patches] == [2] + [1] * (MOST - 1) + [5]
    names = [label.get_text() for label in axes.get_yticklabels()]
    assert names[-1] == "5 others"
    figure.savefig(io.BytesIO(), format="svg")  # a dollar begins no formula
