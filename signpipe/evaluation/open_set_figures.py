"""The figures of the protocol open-set, from what its recognisers said."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip
from signpipe.evaluation import bootstrap
from signpipe.evaluation.intervals import hull, of_share, rough
from signpipe.evaluation.schema import Bootstrap, Calibration, OpenSet, Separation, UnknownKind
from signpipe.evaluation.separation import Mixed, separation
from signpipe.model.calibration import binned, softmax
from signpipe.model.rejection import OF_LOGITS, Rejection, risk_coverage, unknownness
from signpipe.settings import EvaluateSettings

Values = NDArray[np.float64]
KINDS: tuple[UnknownKind, ...] = ("other signs", "idle")
KNOWN = "known"
POINTS = 50  # of risk over coverage


@dataclass(frozen=True)
class Asked:
    """What the recogniser of one fold said of clips (B,): `logits` (B, S) over its `signs`.

    `kinds` (B,) says of each clip whether its sign is known, another, or none (idle).
    """

    fold: int
    signs: list[str]
    clips: list[Clip]
    kinds: NDArray[np.str_]
    logits: NDArray[np.float64]
    rejection: Rejection

    @cached_property
    def probabilities(self) -> Values:
        """(B, S) by the fitted temperature."""
        return softmax(self.logits / self.rejection.temperature)

    @property
    def named(self) -> list[str]:
        """The likeliest sign of each clip."""
        return [self.signs[i] for i in self.logits.argmax(axis=1)]

    @property
    def right(self) -> NDArray[np.bool_]:
        """(B,): whether that is the sign that was made."""
        said = zip(self.named, self.clips, strict=True)
        return np.array([name == clip.label for name, clip in said], bool)

    def unknownness(self, score: str) -> Values:
        """(B,) by a score of logits."""
        of = next(one for one in OF_LOGITS if one == score)
        return unknownness(self.logits, of, self.rejection.temperature)

    @cached_property
    def answered(self) -> NDArray[np.bool_]:
        """(B,): whether its sign is named, and not "none of these" said."""
        return ~self.rejection.rejects(self.unknownness(self.rejection.score))


def open_set(folds: Sequence[Asked], settings: EvaluateSettings) -> tuple[OpenSet, Bootstrap]:
    """All figures; intervals are over signers, or where there are too few over clips."""
    score = folds[0].rejection.score
    clips = [clip for fold in folds for clip in fold.clips]
    drawn = bootstrap.units([clip.signer for clip in clips])
    kinds = np.concatenate([fold.kinds for fold in folds])
    answered = np.concatenate([fold.answered for fold in folds])
    right = np.concatenate([fold.right for fold in folds])
    plain = np.concatenate([softmax(fold.logits).max(axis=1) for fold in folds])
    sure = np.concatenate([fold.probabilities.max(axis=1) for fold in folds])
    unknown = np.concatenate([fold.unknownness(score) for fold in folds])
    known, there = kinds == KNOWN, [kind for kind in KINDS if (kinds == kind).any()]
    measured = {
        "accuracy": (right, known),
        "accuracy_with_rejection": (right & answered, known),
        "rejected": (~answered, known),
        **{f"false answers, {kind}": (answered, kinds == kind) for kind in there},
    }
    found = {name: float(hits[of].mean()) for name, (hits, of) in measured.items()}
    intervals = {
        name: _interval(hits[of], [clips[i] for i in np.flatnonzero(of)], settings)
        for name, (hits, of) in measured.items()
    }
    signs = known | (kinds == "other signs")
    calibrated = {
        "plain": (plain, known),
        "known": (sure, known),
        "with other signs": (sure, signs),
        "answered": (sure, signs & answered),
    }
    result = OpenSet(
        kept=settings.kept,
        score=score,
        separations=[one for kind in there for one in _separations(folds, kind, settings)],
        folds=len(folds),
        without_threshold=sum(fold.rejection.threshold is None for fold in folds),
        accuracy=found["accuracy"],
        accuracy_with_rejection=found["accuracy_with_rejection"],
        rejected=found["rejected"],
        false_answers={kind: found[f"false answers, {kind}"] for kind in there},
        intervals=intervals,
        calibration={
            name: Calibration.of(binned(shares[of], right[of]))
            for name, (shares, of) in calibrated.items()
            if of.any()
        },
        coverage=_thinned(*risk_coverage(unknown[signs], right[signs])),
    )
    note = "; ".join(filter(None, (drawn.note, rough(len({clip.clip_id for clip in clips})))))
    how = Bootstrap(over=drawn.over, level=settings.level, draws=settings.bootstrap, note=note)
    return result, how


def _interval(
    hits: NDArray[np.bool_], clips: Sequence[Clip], settings: EvaluateSettings
) -> tuple[float, float]:
    """Of a share of the clips, of which one may stand for several folds."""
    drawn = _units(clips)
    values = bootstrap.resampled(hits[None].astype(float), drawn, settings.bootstrap)[:, 0]
    different = len({clip.clip_id for clip in clips})
    alone = of_share(float(hits.mean()), different, settings.level)
    return hull(bootstrap.interval(values, settings.level), alone)


def units_of(clips: Sequence[tuple[str, str]]) -> bootstrap.Units:
    """Of (clip id, signer): signers, or where these do not do clips; all folds' rows of one clip
    are drawn together."""
    drawn = bootstrap.units([signer for _, signer in clips])
    if drawn.over == "signers":
        return drawn
    names, group = np.unique([clip_id for clip_id, _ in clips], return_inverse=True)
    return bootstrap.Units(group.astype(np.int64), len(names), "clips", drawn.note)


def _units(clips: Sequence[Clip]) -> bootstrap.Units:
    return units_of([(clip.clip_id, clip.signer) for clip in clips])


def _separations(
    folds: Sequence[Asked], kind: UnknownKind, settings: EvaluateSettings
) -> list[Separation]:
    """By every score, of known clips and those of one kind."""
    wanted = [np.flatnonzero((fold.kinds == KNOWN) | (fold.kinds == kind)) for fold in folds]
    clips = [fold.clips[i] for fold, of in zip(folds, wanted, strict=True) for i in of]
    drawn = _units(clips)
    groups = np.split(drawn.group, np.cumsum([len(of) for of in wanted])[:-1])
    different = len(
        {fold.clips[i].clip_id for fold in folds for i in np.flatnonzero(fold.kinds == kind)}
    )
    found = []
    for score in OF_LOGITS:
        mixed = [
            Mixed(fold.unknownness(score)[of], fold.kinds[of] == kind, group)
            for fold, of, group in zip(folds, wanted, groups, strict=True)
        ]
        of_draws = (drawn.count, settings.bootstrap, settings.level)
        found.append(separation(mixed, score, kind, different, settings.kept, *of_draws))
    return found


def _thinned(coverage: Values, risk: Values) -> list[tuple[float, float]]:
    """At most so many points, evenly over the clips that are answered, the last among them."""
    places = np.linspace(0, len(coverage) - 1, min(POINTS, len(coverage))).round().astype(int)
    return [(float(coverage[i]), float(risk[i])) for i in places]
