"""How a number is spread over the clips, as small charts that a phone can show."""

import math
from collections import Counter
from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

COLOUR = "#2f8f6b"
MOST = 10  # bars; the rest is one bar more
BINS = 24  # at most


def histogram(values: Sequence[float], unit: str) -> Figure:
    """How many clips have which value, of at least one value."""
    figure, axes = _empty(2.6)
    low, high = math.floor(min(values)), math.ceil(max(values))
    # Bins around whole numbers, since most values are: else some would hold two and some none.
    width = max(1, math.ceil((high - low) / BINS))
    axes.hist(values, bins=np.arange(low - 0.5, high + width, width).tolist(), color=COLOUR)
    if high - low < 2:
        axes.set_xlim(low - 3, high + 3)
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    axes.set_xlabel(unit)
    axes.set_ylabel("clips")
    axes.yaxis.set_major_locator(MaxNLocator(integer=True))
    return figure


def bars(names: Sequence[str]) -> Figure:
    """How many clips have each name, the most frequent above, the rarest ones in one bar."""
    counts = Counter(names).most_common()
    shown, rest = counts[:MOST], counts[MOST:]
    if rest:
        shown.append((f"{len(rest)} others", sum(count for _, count in rest)))
    figure, axes = _empty(0.7 + 0.32 * len(shown))
    places = range(len(shown))
    drawn = axes.barh(places, [count for _, count in shown], color=COLOUR, height=0.7)
    axes.bar_label(drawn, fmt="{:,.0f}", padding=3)
    axes.set_yticks(places, [name.replace("$", r"\$") for name, _ in shown])
    axes.invert_yaxis()
    axes.margins(x=0.15)
    axes.set_xlabel("clips")
    axes.xaxis.set_major_locator(MaxNLocator("auto", integer=True))
    return figure


def _empty(height: float) -> tuple[Figure, Axes]:
    figure = Figure(figsize=(4.3, height), layout="constrained")
    axes = figure.add_subplot()
    axes.spines[["top", "right"]].set_visible(False)
    return figure, axes
