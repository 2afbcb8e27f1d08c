"""What the protocols share: what is asked for, what is planned, what was measured."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import bootstrap
from signpipe.evaluation.bootstrap import Units
from signpipe.evaluation.intervals import Interval, hull, of_mean_class, of_share, rough
from signpipe.evaluation.mean_class import mean_class
from signpipe.evaluation.schema import (
    MEASURES,
    Bootstrap,
    Calibration,
    Cell,
    Figures,
    OpenSet,
    Protocol,
)
from signpipe.parts import prepare
from signpipe.parts.store import Parts, open_parts
from signpipe.settings import MIRRORED, EvaluateSettings, PrepareSettings
from signpipe.splits import TRAIN, VAL, labelled_clips, tell_left_out
from signpipe.training import training_runs
from signpipe.training.metrics import Labels, Logits, hits, measure
from signpipe.workspace import Workspace, read_record, sha256_of_file, sha256_of_values

PER_CLIP = "top1 and top5 over clips; mean_class and mean_class_top5 are theirs averaged over signs"
WHOLE = "every clip of the split named once"
OF_LOGITS = "mean of the streams' logits, joint weighed by joint_weight"


@dataclass(frozen=True)
class Request:
    """What a person asks of evaluate; see its command's options."""

    split: str = VAL
    run: str | None = None
    encoder: str | None = None
    from_scratch: bool = False
    redo: bool = False
    settings: EvaluateSettings = EvaluateSettings()

    def given(self, *names: str) -> dict[str, Any]:
        """Those settings that a protocol depends on."""
        return self.settings.model_dump(mode="json", include=set(names))


@dataclass(frozen=True)
class Scored:
    """One prediction a clip: `logits` (B, S) by stream over `signs`, and the true `labels` (B,).

    The label of a clip whose sign cannot be named is -1; only open-set has such.
    """

    clips: list[Clip]
    signs: list[str]
    labels: NDArray[np.int64]
    logits: dict[str, NDArray[np.float32]]

    @property
    def final(self) -> NDArray[np.float32]:
        """What is said in the end: of `both`, or of the only stream."""
        return list(self.logits.values())[-1]


@dataclass(frozen=True)
class Measured:
    """What a protocol found; the fields are those of `Metrics`, `scored` is for the tables."""

    streams: dict[str, Figures]
    selection: str
    joint_weight: float | None = None
    chosen: dict[str, Any] = field(default_factory=dict)
    bootstrap: Bootstrap | None = None
    calibration: dict[str, Calibration] = field(default_factory=dict)
    cells: list[Cell] = field(default_factory=list)
    summary: list[Cell] = field(default_factory=list)
    open_set: OpenSet | None = None
    rejected: float | None = None
    scored: Scored | None = None


@dataclass(frozen=True)
class Plan:
    """What will be measured on which clips; the fields are those of `Metrics`.

    `measure` does it; it is given the result's folder, where a `resumable` protocol keeps what is
    done of it.
    """

    protocol: Protocol
    stage: Literal["finetune", "pretrain"] | None
    run: str
    split: str
    split_from: str
    clips: list[Clip]
    signs: int
    unknown: int
    seen: "Seen | None"
    data: str
    settings: dict[str, Any]
    inputs: dict[str, Any]
    measure: Callable[[Path], Measured]
    headline: str = WHOLE
    both: str = OF_LOGITS
    averages: str = PER_CLIP
    resumable: bool = False


def opened(workspace: Workspace, prepared: PrepareSettings | None, source: Path | None) -> Parts:
    """The parts file, made first where needed.

    Raises SignpipeError if `source` was trained on keypoints that were prepared otherwise.
    """
    prepare.run(workspace)
    parts = open_parts(workspace.parts)
    if prepared and prepared.model_dump(mode="json") != parts.record["settings"]:
        raise SignpipeError(
            f"{source} was trained on keypoints prepared otherwise than {workspace.parts}; "
            "prepare with its settings (its card names them), or train again"
        )
    return parts


def table(workspace: Workspace, parts: Parts) -> tuple[list[Clip], str]:
    """The labelled clips with the splits that fine-tuning gives them, and where these come from."""
    rows = read_clips(workspace.clips).values()
    found = labelled_clips([clip for clip in rows if clip.clip_id in parts.rows], None, 0)
    tell_left_out(rows)
    return found


def table_or_given(workspace: Workspace, parts: Parts) -> tuple[list[Clip], str]:
    """As `table`; where all splits are given, and none of them is train, as they are given."""
    rows = [clip for clip in read_clips(workspace.clips).values() if clip.clip_id in parts.rows]
    labelled = [clip for clip in rows if clip.label and clip.usable]
    if any(clip.split in ("", TRAIN) for clip in labelled) or not labelled:
        return table(workspace, parts)
    return sorted(labelled, key=lambda clip: clip.clip_id), "as given"


def of_split(clips: list[Clip], split: str) -> list[Clip]:
    """The clips of one split. Raises SignpipeError naming the splits there are."""
    members = [clip for clip in clips if clip.split == split]
    if not members:
        there = ", ".join(sorted({clip.split for clip in clips} - {""}))
        raise SignpipeError(f"no labelled clip has the split {split!r}; there are {there}")
    return members


def rows_of(clips: list[Clip], parts: Parts) -> NDArray[np.int64]:
    """Where the clips stand in the parts file, (B,)."""
    return np.array([parts.rows[clip.clip_id] for clip in clips], np.int64)


def fingerprint(parts: Parts, clips: list[Clip]) -> str:
    """Of the keypoints, how they were prepared, and the clips' labels, signers and splits."""
    return sha256_of_values(
        parts.record["inputs"]["keypoints"],
        {**parts.record["settings"], MIRRORED: True},  # so that older results stay up to date
        *((clip.clip_id, clip.label, clip.signer, clip.split) for clip in clips),
    )


@dataclass(frozen=True)
class Seen:
    """What of the clips that are scored an encoder was pretrained on: clips, and their signers."""

    clips: int = 0
    signers: tuple[str, ...] = ()


def seen_in_pretraining(
    workspace: Workspace, encoder: str | None, clips: list[Clip]
) -> Seen | None:
    """What the encoder with this fingerprint has seen of `clips`; None if not known.

    A signer is seen if the encoder has learned from any clip of theirs, be it one of these or not.
    """
    pool = _pool(workspace, encoder) if encoder else set()
    if pool is None:
        return None
    signers = {c.signer for c in read_clips(workspace.clips).values() if c.clip_id in pool} - {""}
    return Seen(
        sum(clip.clip_id in pool for clip in clips),
        tuple(sorted(signers & {clip.signer for clip in clips})),
    )


def _pool(workspace: Workspace, encoder: str) -> set[str] | None:
    """The clips that an encoder, and those from which it was continued, have learned from."""
    for name in workspace.runs("pretrain"):
        folder = workspace.run("pretrain", name)
        path = folder / "encoder.safetensors"
        if path.exists() and sha256_of_file(path) == encoder:
            own = {*training_runs.read_clip_list(folder / "clips.csv")}
            record = read_record(folder)
            init = record["inputs"].get("init") if record else None
            earlier = _pool(workspace, init) if init else set()
            return None if earlier is None else own | earlier
    return None


def figures(
    runs: Sequence[Scored], settings: EvaluateSettings
) -> tuple[dict[str, Figures], Bootstrap]:
    """Every stream's accuracy: the mean of runs on the same clips, and their spread.

    Intervals are over signers, or where there are too few over clips.
    """
    clips, labels = runs[0].clips, runs[0].labels
    drawn = bootstrap.units([clip.signer for clip in clips])
    streams = {}
    for stream in runs[0].logits:
        right = [[hits(run.logits[stream], labels, k) for run in runs] for k in (1, 5)]
        share = np.array(right, float).mean(axis=1)  # (2, B): of the runs that named it rightly
        each = [Figures(**measure(run.logits[stream], labels)) for run in runs]
        values = intervals_of(share, labels, drawn, settings)
        intervals = dict(zip(MEASURES, values, strict=True))
        streams[stream] = averaged(each).model_copy(update={"intervals": intervals})
    note = "; ".join(filter(None, (drawn.note, rough(len(labels)))))
    how = Bootstrap(over=drawn.over, level=settings.level, draws=settings.bootstrap, note=note)
    return streams, how


def intervals_of(
    share: NDArray[np.float64], labels: Labels, drawn: Units, settings: EvaluateSettings
) -> list[Interval]:
    """Of the MEASURES in their order; `share` (2, B) of top-1 and top-5 answers that are right."""
    level = settings.level
    tops = bootstrap.resampled(share, drawn, settings.bootstrap).T
    signs = mean_class(share, labels, drawn.group)
    return [
        # Few clips, or clips that are all right, say less than drawing them again makes believe.
        hull(bootstrap.interval(top, level), of_share(float(row.mean()), len(labels), level))
        for top, row in zip(tops, share, strict=True)
    ] + of_mean_class(signs, level)


def by_signer(scored: Scored) -> list[Cell]:
    """The accuracy of every known signer's clips; empty if all are unknown."""
    signers = np.array([clip.signer for clip in scored.clips], dtype=str)
    cells = []
    for signer in sorted(set(signers.tolist()) - {""}):
        own = signers == signer
        labels = scored.labels[own]
        cells.append(
            Cell(
                of={"signer": signer},
                clips=len(labels),
                streams={
                    stream: Figures(**measure(logits[own], labels))
                    for stream, logits in scored.logits.items()
                },
                signs=len(np.unique(labels)),
            )
        )
    return cells


def averaged(each: Sequence[Figures]) -> Figures:
    """The mean of figures, and as `spread` their standard deviation, if there are several."""
    values = {name: [getattr(one, name) for one in each] for name in MEASURES}
    several = len(each) > 1
    spread = {name: float(np.std(v, ddof=1)) for name, v in values.items()} if several else {}
    return Figures(**{name: float(np.mean(v)) for name, v in values.items()}, spread=spread)


def together(each: Sequence[Scored], signs: list[str]) -> Scored:
    """All folds' clips over all signs; one that a fold has not learned gets -inf."""
    number = {sign: i for i, sign in enumerate(signs)}
    logits: dict[str, list[Logits]] = {stream: [] for stream in each[0].logits}
    for scored in each:
        columns = [number[sign] for sign in scored.signs]
        for stream, values in scored.logits.items():
            wide = np.full((len(values), len(signs)), -np.inf, np.float32)
            wide[:, columns] = values
            logits[stream].append(wide)
    clips = [clip for scored in each for clip in scored.clips]
    labels = np.array([number[clip.label] for clip in clips], np.int64)
    return Scored(clips, signs, labels, {s: np.concatenate(v) for s, v in logits.items()})
