"""few-shot: k clips of each sign are shown, the rest are named by them; nothing is trained.

As references the same is done with random weights, and with the keypoints themselves: as encoders
are given them, and made the most of without learning, which is what pretraining has to surpass.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation import bootstrap
from signpipe.evaluation.few_shot_probe import CLASSIFIERS, eligible, episodes
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    averaged,
    fingerprint,
    of_split,
    rows_of,
    seen_in_pretraining,
    table_or_given,
)
from signpipe.evaluation.protocols.frozen import WEIGHTS, Frozen, find
from signpipe.evaluation.schema import MEASURES, Bootstrap, Cell, Figures
from signpipe.model.backbone import new_encoders
from signpipe.model.class_means import nearest_mean
from signpipe.parts.store import Parts
from signpipe.progress import track
from signpipe.settings import STREAMS_OF, EvaluateSettings
from signpipe.splits import VAL
from signpipe.training.features import (
    Features,
    calibrate_batch_norm,
    embed,
    join,
    raw_keypoints,
    strong_keypoints,
    unit,
)
from signpipe.training.loop import pick_device
from signpipe.workspace import Workspace

KINDS = (PRETRAINED, RANDOM, STRONG, KEYPOINTS) = (
    "pretrained",
    "random",
    "strong keypoints",
    "keypoints",
)
MEAN, HEAD = "nearest mean", "linear head"
RANDOM_SEEDS = (0, 1, 2)
CHOOSING_DRAWS = 5
BOTH = "similarity is the mean of the streams' cosine similarities, joint weighed by joint_weight"


@dataclass(frozen=True)
class Group:
    """Clips that are shown and asked about together: their places in a list, and labels 0..."""

    signer: str
    places: NDArray[np.int64]
    labels: NDArray[np.int64]


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no encoder, or no sign with more clips than are shown."""
    frozen = find(workspace, request)
    val, scored, how = members(workspace, frozen.parts, request.split)
    asked = request.settings
    within = asked.within == "signer" and all(clip.signer for clip in scored)
    groups = grouped(scored, within)
    if not any(eligible(group.labels, min(asked.shots)).any() for group in groups):
        raise SignpipeError(
            f"no two signs {'of one signer ' if within else ''}in the split {request.split} have "
            f"more than {min(asked.shots)} clips; show fewer with --set shots=[1]"
        )
    data = fingerprint(frozen.parts, used(val, scored))
    return Plan(
        protocol="few-shot",
        stage=frozen.stage,
        run=frozen.run,
        split=request.split,
        split_from=how,
        clips=scored,
        signs=len({clip.label for clip in scored}),
        unknown=0,
        seen=seen_in_pretraining(workspace, frozen.sha256, scored),
        data=data,
        settings=request.given("shots", "within", "draws", "head", "bootstrap", "level"),
        inputs={"encoder": frozen.sha256, "data": data},
        measure=lambda folder: _measure(frozen, asked, val, scored, groups),
        headline=f"{min(asked.shots)} shown of each sign, pretrained, nearest mean, "
        + ("mean over signers" if within else "signs of all signers together"),
        both=BOTH,
        averages="top1 and top5 over queries, mean_class and mean_class_top5 over signs; then over "
        "draws" + (", then over signers, who count alike" if within else ""),
    )


def members(workspace: Workspace, parts: Parts, split: str) -> tuple[list[Clip], list[Clip], str]:
    """The clips of val and of the split, and where the splits come from; train need not be one."""
    clips, how = table_or_given(workspace, parts)
    return [clip for clip in clips if clip.split == VAL], of_split(clips, split), how


def used(val: list[Clip], scored: list[Clip]) -> list[Clip]:
    """Every clip that has a say in the result, once."""
    return list({clip.clip_id: clip for clip in val + scored}.values())


def grouped(clips: Sequence[Clip], within: bool) -> list[Group]:
    """Clips by signer, or with `within` false all of them together."""
    places = defaultdict(list)
    for place, clip in enumerate(clips):
        places[clip.signer if within else ""].append(place)
    found = []
    for signer, members in sorted(places.items()):
        labels = np.unique([clips[i].label for i in members], return_inverse=True)[1]
        found.append(Group(signer, np.array(members), labels))
    return found


def _measure(
    frozen: Frozen,
    asked: EvaluateSettings,
    val: list[Clip],
    scored: list[Clip],
    groups: list[Group],
) -> Measured:
    val_groups = grouped(val, groups[0].signer != "")
    weights: dict[str, float] = {}
    cells: list[Cell] = []
    summary: list[Cell] = []
    intervals: list[Bootstrap] = []
    classifiers = {name: _classifiers(name, asked) for name in KINDS}
    count = len(asked.shots) * len(groups) * sum(map(len, classifiers.values()))
    rows = rows_of(val + scored, frozen.parts)
    with track("few-shot", count, "cells") as tracker:
        for name in KINDS:
            sources = sources_of(name, frozen, rows)
            weight = _choose_weight(sources[0], val_groups, asked)
            weights |= {name: weight} if weight is not None else {}
            joined = [join(source, 0.5 if weight is None else weight) for source in sources]
            own = [{s: rows[len(val) :] for s, rows in source.items()} for source in joined]
            for classifier, shots in product(classifiers[name], sorted(asked.shots)):
                of = {"shots": shots, "features": name, "classifier": classifier}
                found = []
                for group in groups:
                    cell = _cell(of, own, group, asked.draws, weight)
                    found += [cell] if cell else []
                    tracker.advance()
                if found:
                    cells += found
                    total, how = _summarised(of, found, asked, weight)
                    summary.append(total)
                    intervals += [how] if how else []
    return Measured(
        streams=summary[0].streams,
        selection=f"the streams' weight: few-shot accuracy on {VAL}" if val else "nothing",
        joint_weight=weights.get(PRETRAINED),
        chosen={"joint_weight": weights},
        bootstrap=intervals[0] if intervals else None,
        cells=cells,
        summary=summary,
    )


def sources_of(kind: str, frozen: Frozen, rows: NDArray[np.int64]) -> list[Features]:
    """Unit features of the clips: one set of them, or of random weights one for each seed."""
    settings, parts = frozen.card.encoder, frozen.parts
    if kind == PRETRAINED:
        return [unit(frozen.features(rows))]
    if kind in (STRONG, KEYPOINTS):
        read = strong_keypoints if kind == STRONG else raw_keypoints
        keypoints = read(parts, rows, settings)
        streams = STREAMS_OF[frozen.card.streams]
        return [unit({stream: keypoints[stream] for stream in streams})]
    random = []
    for seed in RANDOM_SEEDS:
        torch.manual_seed(seed)
        encoders = new_encoders(frozen.card).to(pick_device())
        calibrate_batch_norm(encoders, parts, rows, settings)
        random.append(unit(embed(encoders, parts, rows, settings)))
    return random


def _classifiers(features: str, asked: EvaluateSettings) -> tuple[str, ...]:
    return (MEAN, HEAD) if asked.head and features == PRETRAINED else (MEAN,)


def _choose_weight(
    source: Features, groups: Sequence[Group], asked: EvaluateSettings
) -> float | None:
    """The joint stream's weight with the largest few-shot accuracy on val; None for one stream."""
    if len(source) == 1:
        return None

    def merit(weight: float) -> float:
        both = join(source, weight)["both"]
        found = [
            figures["top1"] + figures["mean_class"]
            for group, shots in product(groups, asked.shots)
            for figures in episodes(
                both[group.places], group.labels, shots, CHOOSING_DRAWS, nearest_mean
            )
        ]
        return float(np.mean(found)) if found else 0.0

    return float(max(WEIGHTS, key=merit))


def _cell(
    of: dict[str, Any], sources: list[Features], group: Group, draws: int, weight: float | None
) -> Cell | None:
    """Mean and spread over draws, and over the random seeds; None where too few clips are."""
    streams = {}
    classify = CLASSIFIERS[of["classifier"]]
    for stream in sources[0]:
        found = [
            Figures(**figures)
            for source in sources
            for figures in episodes(
                source[stream][group.places], group.labels, of["shots"], draws, classify
            )
        ]
        if not found:
            return None
        streams[stream] = averaged(found)
    kept = eligible(group.labels, of["shots"])
    shown = of["shots"] * len(np.unique(group.labels[kept]))
    return Cell(
        of=of | {"signer": group.signer},
        clips=int(kept.sum()) - shown,
        streams=streams,
        joint_weight=weight,
        trained_on=shown,
    )


def _summarised(
    of: dict[str, Any], cells: list[Cell], asked: EvaluateSettings, weight: float | None
) -> tuple[Cell, Bootstrap | None]:
    """The mean over signers, who count alike, with intervals over them if there are several."""
    streams, how = {}, None
    for stream in cells[0].streams:
        each = [cell.streams[stream] for cell in cells]
        mean = averaged(each) if len(each) > 1 else each[0]
        if len(each) > 1:
            values = np.array([[getattr(one, name) for name in MEASURES] for one in each])
            drawn = bootstrap.resampled_mean(values, asked.bootstrap).T
            low_high = [bootstrap.interval(row, asked.level) for row in drawn]
            mean = mean.model_copy(update={"intervals": dict(zip(MEASURES, low_high, strict=True))})
            note = bootstrap.few(len(each))
            how = Bootstrap(over="signers", level=asked.level, draws=asked.bootstrap, note=note)
        streams[stream] = mean
    clips = round(float(np.mean([cell.clips for cell in cells])))
    return Cell(of=of, clips=clips, streams=streams, joint_weight=weight, cells=len(cells)), how
