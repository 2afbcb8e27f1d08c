"""Intervals in closed form, which stay honest where clips are few and where all were right.

A bootstrap of two clips that were both named rightly says 100 to 100 %.
"""

import numpy as np
from numpy.typing import NDArray
from scipy.stats import norm

from signpipe.evaluation.mean_class import MeanClass
from signpipe.wording import counted

Values = NDArray[np.float64]
Interval = tuple[float, float]
FEW = 30  # with fewer clips every figure is rough


def rough(clips: int) -> str:
    """What to say of figures over so many clips."""
    return f"only {counted(clips, 'clip')}: a rough interval" if clips < FEW else ""


def wilson(share: Values, clips: Values, quantile: Values) -> tuple[Values, Values]:
    """Of shares of `clips`, so many standard errors either way (Wilson 1927); within [0, 1]."""
    square = quantile**2
    middle = (share + square / (2 * clips)) / (1 + square / clips)
    spread = share * (1 - share) / clips + square / (4 * clips**2)
    half = quantile * np.sqrt(spread) / (1 + square / clips)
    return np.maximum(0, middle - half), np.minimum(1, middle + half)


def of_share(share: float, clips: int, level: float) -> Interval:
    """Wilson's interval of a share of clips that are independent."""
    low, high = wilson(np.array(share), np.array(clips), np.array(_normal(level)))
    return float(low), float(high)


def of_mean_class(found: MeanClass, level: float) -> list[Interval]:
    """Wilson's interval of each mean of signs' shares, of as many clips as would vary as much."""
    share = np.clip(found.mean, 0, 1)
    most = share * (1 - share)
    clips = np.where(most > 0, most / np.maximum(found.variance, 1e-12), np.inf)
    low, high = wilson(share, np.minimum(clips, found.clips), found.quantile(level))
    return list(zip(low.tolist(), high.tolist(), strict=True))


def of_difference(found: MeanClass, level: float) -> list[Interval]:
    """Student's interval of each mean of signs' differences."""
    half = found.quantile(level) * np.sqrt(found.variance)
    return list(zip((found.mean - half).tolist(), (found.mean + half).tolist(), strict=True))


def paired(better: float, worse: float, clips: float, level: float) -> Interval:
    """Of the difference of two runs on the same clips, which are independent (Agresti, Min 2005).

    `better` and `worse` are the shares of clips that only the one, only the other, named rightly.
    """
    count = clips + 2
    gained, lost = (better * clips + 0.5) / count, (worse * clips + 0.5) / count
    difference = gained - lost
    half = _normal(level) * float(np.sqrt((gained + lost - difference**2) / count))
    return max(-1.0, difference - half), min(1.0, difference + half)


def hull(*intervals: Interval) -> Interval:
    """The smallest interval around all."""
    lows, highs = zip(*intervals, strict=True)
    return min(lows), max(highs)


def _normal(level: float) -> float:
    return float(norm.ppf((1 + level) / 2))
