"""The signs that takes teach, ready to name clips, and when a clip shows none of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.live.takes import Takes
from signpipe.model.calibration import fit_temperature
from signpipe.model.class_means import Labels, Rows, class_sums, unit_rows
from signpipe.model.rejection import KEPT, Rejection, threshold_keeping
from signpipe.model.whitening import Whitening

SCALE = 10.0  # cosines times this are logits
# How many takes what is known beforehand counts for, beside what the takes themselves say; chosen
# on signers of a training split. Few takes that are all right say little of the temperature.
PRIOR_TAKES, PRIOR_TAKES_OF_TEMPERATURE = 20, 100
FEWEST_LEFT_OUT = 10  # that tell a threshold alone, which keeps nine of ten clips or more then
MOST_LEFT_OUT = 2_000  # takes that are left out one by one; of more, so many evenly


@dataclass(frozen=True)
class Prior:
    """What holds for an encoder before anything was taught: measured on other people's clips.

    `distance` is the unknownness that keeps `KEPT` of the known signs of most people, `temperature`
    that of logits.
    """

    distance: float
    temperature: float


def spread(takes: NDArray[np.int64] | int) -> NDArray[np.float64]:
    """How far, in shares, clips lie from the mean of so many takes rather than from a single one.

    A mean of few is itself uncertain. Measured: 1, 0.90, 0.81, 0.76, 0.75 with 1, 2, 3, 5, 9 takes.
    """
    return np.sqrt((1 + 1 / np.maximum(takes, 1)) / 2)


@dataclass(frozen=True)
class LeftOut:
    """Takes named by the other takes: `similarity` (M, S), true `labels` (M,), and which takes.

    `siblings` (M,) counts the others of the same sign, of which there is at least one.
    """

    similarity: Rows
    labels: Labels
    places: NDArray[np.int64]
    siblings: NDArray[np.int64]

    @property
    def named(self) -> Labels:
        """(M,): as which sign."""
        return self.similarity.argmax(axis=1) if len(self.labels) else self.labels


@dataclass(frozen=True)
class TaughtSigns:
    """S signs by the mean of their takes; made anew when takes change.

    rows (N, D) whitened features of all takes, labels (N,) as in `Takes`, counts (S,) takes a sign,
    sums (S, D), and idle (D,) or None: the mean of a person who does not sign.
    """

    signs: tuple[str, ...]
    rows: Rows
    labels: Labels
    counts: NDArray[np.int64]
    sums: Rows
    idle: Rows | None

    @classmethod
    def of(cls, takes: Takes, whitening: Whitening) -> "TaughtSigns":
        rows, labels, signs = whitening(takes.features), takes.labels, takes.signs
        shown = labels >= 0
        idle = unit_rows(rows[~shown].sum(axis=0, keepdims=True))[0] if (~shown).any() else None
        return cls(
            signs,
            rows,
            labels,
            np.bincount(labels[shown], minlength=len(signs)),
            class_sums(rows[shown], labels[shown], len(signs)),
            idle,
        )

    def similarity(self, rows: Rows) -> Rows:
        """(B, S) cosines of whitened features (B, D) with the signs' means."""
        return rows @ unit_rows(self.sums).T

    def unknownness(self, similarity: Rows) -> NDArray[np.float64]:
        """(B,) of similarities (B, S), S > 0: the distance to the nearest sign, in `spread`s."""
        best = similarity.argmax(axis=1)
        return (1.0 - similarity.max(axis=1)) / spread(self.counts[best])

    def looks_idle(self, rows: Rows, similarity: Rows) -> NDArray[np.bool_]:
        """(B,): which clips are more like the person who does not sign than like any sign."""
        if self.idle is None:
            return np.zeros(len(rows), bool)
        nearest = similarity.max(axis=1, initial=-1.0)
        return np.asarray(rows @ self.idle > nearest)

    def left_out(self) -> LeftOut:
        """Every take, named as if it were not among the takes, where its sign has others."""
        places = np.flatnonzero(self.labels >= 0)
        places = places[self.counts[self.labels[places]] > 1]
        if len(places) > MOST_LEFT_OUT:
            places = places[np.linspace(0, len(places) - 1, MOST_LEFT_OUT).astype(np.int64)]
        rows, labels = self.rows[places], self.labels[places]
        similarity = self.similarity(rows)
        without = unit_rows(self.sums[labels] - rows)
        similarity[np.arange(len(rows)), labels] = (rows * without).sum(axis=1)
        return LeftOut(similarity, labels, places, self.counts[labels] - 1)

    def rejection(self, prior: Prior | None) -> Rejection:
        """When the answer is "none of these", from the takes and what was known before.

        Takes that are left out one by one are the known clips; that a take's own sign were not
        taught makes an unknown one of it. With few and nothing known before, nothing is refused.
        """
        if not self.signs:
            return Rejection(temperature=prior.temperature if prior else 1.0, score="distance")
        left = self.left_out()
        own = left.similarity[np.arange(len(left.labels)), left.labels]
        known = (1.0 - own) / spread(left.siblings)
        found = _mixed(prior.distance if prior else None, known)
        foreign = self._foreign()
        return Rejection(
            temperature=self._temperature(left, prior),
            score="distance",
            threshold=found,
            kept=float((known <= found).mean()) if found is not None and len(known) else None,
            known=len(known),
            kept_out=float((foreign > found).mean())
            if found is not None and len(foreign)
            else None,
            unknown=len(foreign),
            chosen_on=_chosen_on(len(known), prior),
        )

    def _foreign(self) -> NDArray[np.float64]:
        """(M,): how unknown each take would look if its own sign were not among the taught."""
        places = np.flatnonzero(self.labels >= 0)
        if len(self.signs) < 2 or not len(places):
            return np.empty(0)
        if len(places) > MOST_LEFT_OUT:
            places = places[np.linspace(0, len(places) - 1, MOST_LEFT_OUT).astype(np.int64)]
        similarity = self.similarity(self.rows[places])
        similarity[np.arange(len(places)), self.labels[places]] = -np.inf
        return self.unknownness(similarity)

    def _temperature(self, left: LeftOut, prior: Prior | None) -> float:
        before = prior.temperature if prior else 1.0
        if len(self.signs) < 2 or not len(left.labels):
            return before
        found = fit_temperature(SCALE * left.similarity, left.labels)
        share = len(left.labels) / (len(left.labels) + PRIOR_TAKES_OF_TEMPERATURE)
        return float(np.exp(share * np.log(found) + (1 - share) * np.log(before)))


def _mixed(prior: float | None, known: NDArray[np.float64]) -> float | None:
    """The threshold: between what was known before and what the takes left out say."""
    if prior is None:
        return threshold_keeping(known, KEPT) if len(known) >= FEWEST_LEFT_OUT else None
    if not len(known):
        return prior
    own = threshold_keeping(known, KEPT)
    share = len(known) / (len(known) + PRIOR_TAKES)
    return share * own + (1 - share) * prior


def _chosen_on(known: int, prior: Prior | None) -> str:
    before = "clips of other people" if prior else ""
    own = f"{known} takes, each left out in turn" if known else ""
    return " and ".join(filter(None, (before, own))) or "nothing"


def fit_prior(rows: Rows, labels: Labels, signers: Labels) -> Prior | None:
    """From whitened features (B, D) of labelled clips: every signer's signs are taught in turn.

    Half of a signer's signs are taught with 1, 3 and 5 takes, drawn by chance. None if no signer
    has two signs of two clips.
    """
    kept: list[float] = []
    logs: list[float] = []
    for signer in np.unique(signers):
        own = signers == signer
        for shots in (1, 3, 5):
            found = _taught_and_asked(rows[own], labels[own], shots)
            if found is not None:
                distances, temperature = found
                kept.append(threshold_keeping(distances))
                logs.append(np.log(temperature))
    if not kept:
        return None
    # The upper quartile holds for three people in four, whatever the oddest are like.
    return Prior(float(np.quantile(kept, 0.75)), float(np.exp(np.mean(logs))))


def _taught_and_asked(
    rows: Rows, labels: Labels, shots: int
) -> tuple[NDArray[np.float64], float] | None:
    counts = np.bincount(labels)
    signs = np.flatnonzero(counts > shots)
    if len(signs) < 2:
        return None
    some = np.isin(labels, signs)
    rows, labels = rows[some], np.searchsorted(signs, labels[some])
    order = np.random.default_rng([0, shots]).permutation(len(labels))
    by_sign = order[np.argsort(labels[order], kind="stable")]
    first = np.searchsorted(labels[by_sign], labels[by_sign])
    shown = np.zeros(len(labels), bool)
    shown[by_sign] = np.arange(len(labels)) - first < shots
    means = unit_rows(class_sums(rows[shown], labels[shown], len(signs)))
    similarity, asked = rows[~shown] @ means.T, labels[~shown]
    own = similarity[np.arange(len(asked)), asked]
    return (1.0 - own) / spread(shots), fit_temperature(SCALE * similarity, asked)
