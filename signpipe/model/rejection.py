"""Answering "none of these": how unknown a clip looks, and from where on no sign is named.

Everything here is a number of `unknownness`, the larger the less the clip looks like a known sign.
It comes from the logits of a recogniser, divided by its temperature, or from the distance of
features to those of the signs.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pydantic import BaseModel, ConfigDict, Field

from signpipe.model.calibration import fit_temperature, softmax
from signpipe.wording import counted

Values = NDArray[np.float64]
Score = Literal["probability", "energy", "logit", "margin", "distance"]
OF_LOGITS: tuple[Score, ...] = ("probability", "energy", "logit", "margin")
SCORE: Score = "probability"
KEPT = 0.95  # the share of signs that a threshold keeps, unless something else is asked for


class Rejection(BaseModel):
    """From where on a recogniser answers "none of these", and what that costs.

    A clip whose `score` of unknownness is above `threshold` is answered so; without a threshold
    none is. Where the threshold was chosen it kept the share `kept` of `known` clips, and kept out
    the share `kept_out` of `unknown` clips, which would have got a false answer: such as show other
    signs, or are taken for another sign (None: there were none to try).
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    temperature: float = Field(1.0, gt=0)  # logits are divided by it; `distance` is not
    score: Score = "probability"
    threshold: float | None = None
    kept: float | None = Field(None, ge=0, le=1)
    known: int = Field(0, ge=0)
    kept_out: float | None = Field(None, ge=0, le=1)
    unknown: int = Field(0, ge=0)
    chosen_on: str = ""  # which clips these were, or why there is no threshold; in words

    def rejects(self, unknown: ArrayLike) -> NDArray[np.bool_]:
        """(B,): which clips of that unknownness (B,) show none of the signs."""
        values = np.asarray(unknown, np.float64)
        if self.threshold is None:
            return np.zeros(values.shape, bool)
        return ~(values <= self.threshold)  # what is no number is no known sign


def fit_rejection(
    logits: ArrayLike, labels: NDArray[np.int64], chosen_on: str = "val"
) -> Rejection:
    """Temperature and threshold by clips (B, S) and (B,) that were not learned from; B > 0.

    The threshold keeps the share KEPT of such clips that are named rightly: of n, the n + 1 places
    that a further one can take count (conformal prediction), so that of fewer than 19 there is
    none. What it keeps out are those that are named wrongly.
    """
    values = np.asarray(logits, np.float64)
    temperature = fit_temperature(values, labels)
    unknown = unknownness(values, SCORE, temperature)
    hit = values.argmax(axis=1) == labels
    right, wrong = unknown[hit], unknown[~hit]
    share = KEPT * (len(right) + 1) / max(len(right), 1)
    if share > 1:
        named = f"{counted(len(right), 'clip')} that it names rightly ({chosen_on})"
        why = f"only {named}, too few to choose a threshold by"
        return Rejection(temperature=temperature, score=SCORE, chosen_on=why)
    threshold = threshold_keeping(right, share)
    return Rejection(
        temperature=temperature,
        score=SCORE,
        threshold=threshold,
        kept=float((right <= threshold).mean()),
        known=len(right),
        kept_out=float((wrong > threshold).mean()) if len(wrong) else None,
        unknown=len(wrong),
        chosen_on=chosen_on,
    )


def unknownness(logits: ArrayLike, score: Score, temperature: float = 1.0) -> Values:
    """(B,) by a score of the logits (B, S), S > 1, which are divided by the temperature first.

    `probability` is 1 less that of the likeliest sign, in [0, 1]; `margin` 1 less what it is ahead
    of the second; `logit` the negative of the largest logit; `energy` that of their log-sum-exp.
    """
    values = np.asarray(logits, np.float64) / temperature
    if score == "energy":
        largest = values.max(axis=1)
        energy: Values = -largest - np.log(np.exp(values - largest[:, None]).sum(axis=1))
        return energy
    if score == "logit":
        return np.asarray(-values.max(axis=1))
    if score == "distance":
        raise ValueError("a distance is measured between features, see distance_to_means")
    two = np.sort(softmax(values), axis=1)[:, -2:]
    return np.asarray(1 - two[:, 1] + (two[:, 0] if score == "margin" else 0))


def distance_to_means(features: ArrayLike, means: ArrayLike) -> Values:
    """(B,): 1 less the cosine between features (B, D) and the nearest of the means (S, D)."""
    return np.asarray(1 - (_unit(features) @ _unit(means).T).max(axis=1))


def threshold_keeping(known: ArrayLike, share: float = KEPT) -> float:
    """The least unknownness that keeps at least `share` of the known clips' (B,), B > 0."""
    values = np.sort(np.asarray(known, np.float64))
    # The product may be a hair above a whole number.
    kept = int(np.ceil(share * len(values) - 1e-9))
    return float(values[max(kept, 1) - 1])


def auroc(known: ArrayLike, unknown: ArrayLike) -> float:
    """How often a clip of an unknown sign looks more unknown than one of a known; ties are half.

    Both (B,) of at least one clip. 0.5 is chance, 1 tells all apart.
    """
    below, rows = np.sort(np.asarray(known, np.float64)), np.asarray(unknown, np.float64)
    less = np.searchsorted(below, rows, side="left")
    no_more = np.searchsorted(below, rows, side="right")
    return float((less + no_more).mean() / (2 * len(below)))


def false_answers(known: ArrayLike, unknown: ArrayLike, share: float = KEPT) -> float:
    """The share of unknown clips that are named where `share` of the known ones are kept."""
    threshold = threshold_keeping(known, share)
    return float((np.asarray(unknown, np.float64) <= threshold).mean())


def risk_coverage(unknown: ArrayLike, right: ArrayLike) -> tuple[Values, Values]:
    """Of the clips (B,) that look most known: the share answered, and the share of those wrong.

    One point for each unknownness that occurs, in ascending order; `right` (B,) is what would be
    right if all were answered.
    """
    values = np.asarray(unknown, np.float64)
    order = np.argsort(values, kind="stable")
    wrong = np.cumsum(~np.asarray(right, bool)[order])
    # Clips that look alike are answered together, or not at all.
    last = np.append(np.flatnonzero(np.diff(values[order])), len(values) - 1)
    answered = last + 1
    return answered / len(values), wrong[last] / answered


def _unit(rows: ArrayLike) -> Values:
    values = np.asarray(rows, np.float64)
    found: Values = values / np.maximum(np.linalg.norm(values, axis=1, keepdims=True), 1e-12)
    return found
