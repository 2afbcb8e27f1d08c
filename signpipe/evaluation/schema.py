"""The schema of `metrics.json`: what every protocol of `signpipe evaluate` leaves behind.

All accuracies are shares in [0, 1]. `streams` holds the headline figures by stream (`joint`,
`motion`, `both`; a recogniser of a single stream has only that one): of protocols that make one
prediction a clip the whole result, of the others what `headline` says. Those others have every
single measurement in `cells` and the means over seeds, folds, draws or signers in `summary`; a
cell's `of` says what it is:

    fractions      cells: fraction, seed, start (`pretrained`, `pretrained-labelled-only`: without
                   pseudo-labels, `scratch`, or `scratch-long`: epoch chosen among five times as
                   many); each has its predictions.csv in cells/FRACTION-START-SEED/
                   summary: fraction, start
    few-shot       cells: shots, features (`pretrained`, `random`, `strong keypoints` or
                   `keypoints`), classifier
                   (`nearest mean` or `linear head`), signer (where shown and asked within each)
                   summary: shots, features, classifier
    retrieval      cells: examples (of each sign in the dictionary, 0 for all), features: those of
                   few-shot, `pretrained and warping` (as `signpipe search`) and `warping` (of
                   keypoints alone); top-1, top-5 and top-10 are recall at 1, 5 and 10
                   summary: the same, for they are means over draws already
    cross-signer   cells: fold, signers (those held out, joined by ", ")
                   summary: none; `streams` are over all clips, each named by a recogniser that has
                   not learned from its signer
    cross-validation  the same of few clips; cells: fold. Its clips are left out with their signer,
                   or one of every sign at a time, and are of all splits that were drawn
    open-set       cells: fold, signs (those held out of training, joined by ", "); their accuracy
                   is that on the signs learned. `open_set` tells of clips that show none of these

The others, which name each clip once (cross-signer too), have the accuracy of every known signer in
`by_signer`, for a mean hides whom a recogniser fails: a cell's `of` is the signer, its means over
signs are over those this signer made, and without an interval, since its clips are no sample of
other people's.

Beside metrics.json lies predictions.csv where each clip is named once: clip_id, signer, label, the
sign that each stream names, the probability of the first, and the second and third sign of `both`.
Beside that of open-set lies open_set.csv, a row for each clip that a fold was asked about.
"""

from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from signpipe.errors import SignpipeError, first_fault
from signpipe.workspace import read_json, write_json

if TYPE_CHECKING:
    from signpipe.model.calibration import Reliability

FORMAT, VERSION = "signpipe-metrics", 2
Protocol = Literal[
    "finetuned",
    "linear",
    "knn",
    "fractions",
    "few-shot",
    "cross-signer",
    "cross-validation",
    "open-set",
    "retrieval",
]
Measure = Literal["top1", "top5", "mean_class", "mean_class_top5", "top10", "mrr", "dcg"]
MEASURES: tuple[Measure, ...] = ("top1", "top5", "mean_class", "mean_class_top5")


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Figures(_Part):
    """The accuracy of one stream.

    `intervals` has (low, high) of a measure, see `Metrics.bootstrap`; `spread` its standard
    deviation over the seeds, draws, folds or signers that were averaged. Either may be empty.
    """

    top1: float  # over clips
    top5: float
    mean_class: float  # top-1 of each sign, averaged over signs
    mean_class_top5: float
    # Of retrieval alone. Both over clips, of the rank r of a clip's sign: the means of 1 / r (mean
    # reciprocal rank) and of 1 / log2(1 + r) (discounted cumulative gain, one sign being right).
    top10: float | None = None
    mrr: float | None = None
    dcg: float | None = None
    intervals: dict[Measure, tuple[float, float]] = {}
    spread: dict[Measure, float] = {}


class Cell(_Part):
    """One measurement of a protocol that makes several; `of` says which, see above."""

    of: dict[str, str | int | float]
    clips: int  # that were scored (few-shot: queries of one draw); in a summary the cells' mean
    streams: dict[str, Figures]
    joint_weight: float | None = None  # of `both`, where a cell has its own
    trained_on: int | None = None  # labelled clips
    cells: int = 1  # how many were averaged
    signs: int | None = None  # of which there are clips, where a cell tells


class Bin(_Part):
    """Clips whose highest probability lies in (low, high], and means of them (0 if none)."""

    low: float
    high: float
    clips: int
    confidence: float
    accuracy: float


class Calibration(_Part):
    """Expected calibration error: the bins' |confidence - accuracy|, weighted by their clips."""

    expected_error: float
    bins: tuple[Bin, ...]

    @classmethod
    def of(cls, found: "Reliability") -> "Calibration":
        columns = (found.edges[:-1], found.edges[1:], found.clips, found.confidence, found.accuracy)
        bins = [
            Bin(**dict(zip(Bin.model_fields, b, strict=True))) for b in zip(*columns, strict=True)
        ]
        return cls(expected_error=found.expected_error, bins=tuple(bins))


UnknownKind = Literal["other signs", "idle"]
ToldApart = Literal["auroc", "false_answers"]


class Separation(_Part):
    """How well a score of unknownness tells clips of known signs from others; means over folds."""

    score: str  # see `signpipe.model.rejection`
    unknown: UnknownKind
    clips: int  # of the unknown ones; each fold has its own of other signs, and all idle ones
    auroc: float
    false_answers: float  # the share of them that is named where `kept` of the known clips are
    intervals: dict[ToldApart, tuple[float, float]] = {}
    spread: dict[ToldApart, float] = {}


class OpenSet(_Part):
    """What recognisers make of clips that show none of their signs.

    The shares from `accuracy` on are over all folds' clips, by `score` and the thresholds that the
    folds chose by themselves, as `signpipe finetune` does; `without_threshold` of them had too few
    clips for it, and always answer. `intervals` has (low, high) of these shares.
    """

    kept: float  # the share of known clips that `false_answers` of a Separation keeps
    score: str
    separations: list[Separation]
    folds: int
    without_threshold: int
    accuracy: float  # of known clips, none of them rejected
    accuracy_with_rejection: float  # the share of them that is named, and rightly
    rejected: float  # the share of them that is answered with "none of these"
    false_answers: dict[UnknownKind, float]  # the share of these that is named all the same
    intervals: dict[str, tuple[float, float]] = {}
    # Of known clips as the classifier gives them (`plain`) and by the fitted temperature (`known`);
    # of all, where a clip of another sign is never named rightly (`with other signs`); and of those
    # of these that are answered (`answered`).
    calibration: dict[str, Calibration] = {}
    coverage: list[tuple[float, float]] = []  # (share answered, share of these wrong), ascending


class Bootstrap(_Part):
    """How the intervals were made. `over` is what was drawn with replacement.

    Those of the means over signs are estimated jointly from the same units (see `mean_class`), and
    none is narrower than Wilson's of as many independent clips.
    """

    over: Literal["signers", "clips"]
    level: float  # such as 0.95
    draws: int
    note: str  # why over clips, or why to distrust; "" if there is nothing to say


class Metrics(_Part):
    """The whole file. Keys that not every protocol has are None or empty there."""

    format: Literal["signpipe-metrics"] = "signpipe-metrics"
    version: Literal[2] = 2
    protocol: Protocol
    split: str  # that was scored; cross-signer: all that take turns, joined by +
    stage: Literal["finetune", "pretrain"] | None  # whose run was scored; None: from scratch
    run: str  # its name
    clips: int  # that were scored
    signers: list[str]  # of these clips; "" is an unknown one
    streams: dict[str, Figures] = Field(min_length=1)
    headline: str  # what `streams` are, in words
    averages: str  # what the measures average over, in words
    both: str  # how `both` is formed, in words
    joint_weight: float | None  # in `both`; motion has the rest; None: see the cells
    selection: str  # by what, and on which clips, everything was chosen
    chosen: dict[str, Any] = {}  # what was chosen, such as k of the nearest neighbours
    signs: int  # that could be named
    signs_scored: int  # of which there are clips
    clips_of_unknown_signs: int  # left out, since they could not be named
    clips_seen_in_pretraining: int | None  # None: not known in this workspace
    signers_seen_in_pretraining: list[str] | None = None  # by any clip; older files do not say
    split_from: str  # where the split comes from, in words
    bootstrap: Bootstrap | None = None
    calibration: dict[str, Calibration] = {}  # by stream
    cells: list[Cell] = []
    summary: list[Cell] = []
    open_set: OpenSet | None = None
    rejected: float | None = None  # finetuned: the share that is answered with "none of these"
    by_signer: list[Cell] = []  # as `signers`, without the unknown one; older files have none
    data: str  # fingerprint of the keypoints, their preparation, and the labels and splits used
    scored_before: int  # how often this split had been scored in this workspace by anything
    scored_by: dict[str, int]  # the same by what scored it: "<run>, <protocol>"
    settings: dict[str, Any]  # of the evaluation
    inputs: dict[str, Any]  # fingerprints; if they still hold, the result is up to date


def write_metrics(path: Path, metrics: Metrics) -> dict[str, Any]:
    """Write metrics.json atomically; returns what was written."""
    value = metrics.model_dump(mode="json")
    write_json(path, value)
    return value


def read_metrics(path: Path) -> Metrics:
    """Read a metrics.json. Raises SignpipeError if it is missing, damaged or of another version."""
    try:
        return Metrics.model_validate(read_json(path))
    except ValidationError as error:
        raise SignpipeError(
            f"{path} is no result of this version's evaluate ({first_fault(error)}); "
            "evaluate again with --redo"
        ) from error
