"""retrieval: a dictionary is searched by signing; how far up is the right sign?

The dictionary holds one, or k, clips of each sign by the signers of train, and is asked by those of
the split, none of whom is in it. Where the split shares no sign with other signers, as where all
bring their own, it holds some of the split's own clips and is asked by the others.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.evaluation.few_shot_probe import draw_shown
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    fingerprint,
    of_split,
    rows_of,
    seen_in_pretraining,
    table_or_given,
)
from signpipe.evaluation.protocols.few_shot import KINDS, PRETRAINED, sources_of
from signpipe.evaluation.protocols.frozen import WEIGHTS, Frozen, find
from signpipe.evaluation.retrieval_figures import Labels, Ranks, figures_of, ranks
from signpipe.evaluation.schema import Bootstrap, Cell
from signpipe.parts.store import Parts
from signpipe.progress import track
from signpipe.settings import EvaluateSettings
from signpipe.splits import TRAIN, VAL
from signpipe.training.features import Features, join
from signpipe.training.nearest_signs import JOINT_WEIGHT, NearestSigns
from signpipe.training.warping import Sequences, sequences, warped_distances
from signpipe.workspace import Workspace

SEARCH, WARPING = "pretrained and warping", "warping"
PAIRS = 2_000_000  # of clips that are warped: some 30 s; of more, some of the queries are drawn
CHOOSING_DRAWS = 3


@dataclass(frozen=True)
class RetrievalClips:
    """Clips that a dictionary is drawn from, and those that are looked up in it.

    `across`: by other signers. `unknown` of the split have a sign that the dictionary lacks. `val`
    are clips to choose by, looked up in what `val_pool` has.
    """

    how: str
    pool: list[Clip]
    asked: list[Clip]
    across: bool
    unknown: int
    val_pool: list[Clip]
    val: list[Clip]

    @property
    def used(self) -> list[Clip]:
        """Every clip that has a say in the result, once."""
        every = self.pool + self.asked + self.val_pool + self.val
        return list({clip.clip_id: clip for clip in every}.values())


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no encoder, or no sign to be looked up."""
    frozen = find(workspace, request)
    chosen = members(workspace, frozen.parts, request.split)
    data = fingerprint(frozen.parts, chosen.used)
    whose = "by signers who are not in it" if chosen.across else "each signer's own, by the same"
    return Plan(
        protocol="retrieval",
        stage=frozen.stage,
        run=frozen.run,
        split=request.split,
        split_from=chosen.how,
        clips=chosen.asked,
        signs=len({clip.label for clip in chosen.pool}),
        unknown=chosen.unknown,
        seen=seen_in_pretraining(workspace, frozen.sha256, chosen.asked),
        data=data,
        settings=request.given("examples", "dictionaries", "bootstrap", "level"),
        inputs={"encoder": frozen.sha256, "data": data},
        measure=lambda folder: _measure(frozen, request.settings, chosen),
        headline=f"{_examples(request.settings.examples[0])} of each sign in the dictionary, "
        f"looked up {whose}, as signpipe search does it",
        both="similarity is the mean of the streams' cosine similarities, joint weighed by "
        "joint_weight",
        averages="over draws of the dictionary, then over queries; mean_class over signs",
    )


def members(workspace: Workspace, parts: Parts, split: str) -> RetrievalClips:
    """Raises SignpipeError if no clip of the split can be looked up."""
    clips, how = table_or_given(workspace, parts)
    asked = of_split(clips, split)
    train = [clip for clip in clips if clip.split == TRAIN] if split != TRAIN else []
    pool, own = _strangers(train, asked)
    val_pool, val = _strangers(train, [clip for clip in clips if clip.split == VAL])
    if own:
        return RetrievalClips(how, pool, own, True, len(asked) - len(own), val_pool, val)
    groups = _groups(asked)
    several = [
        clip for clip, group in zip(asked, groups, strict=True) if (groups == group).sum() > 1
    ]
    if len({clip.label for clip in several}) < 2:
        raise SignpipeError(
            f"no two signs of the split {split} can be looked up: neither has train their signs by "
            "other signers, nor has a signer made them twice"
        )
    return RetrievalClips(how, several, several, False, len(asked) - len(several), val_pool, val)


def _strangers(train: list[Clip], asked: list[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Clips by signers who do not ask, and the queries whose sign is among them."""
    signers = {clip.signer for clip in asked} - {""}
    pool = [clip for clip in train if clip.signer not in signers]
    signs = {clip.label for clip in pool}
    return pool, [clip for clip in asked if clip.label in signs]


def _groups(clips: list[Clip]) -> NDArray[np.int64]:
    """(B,): a number for each signer's clips of a sign."""
    names = [f"{clip.signer}\n{clip.label}" for clip in clips]
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


@dataclass(frozen=True)
class _Draw:
    """Places of the dictionary's clips in the pool, and of the queries in those asked."""

    shown: NDArray[np.int64]
    asked: NDArray[np.int64]


@dataclass(frozen=True)
class _Sides:
    """Signs of the pool's clips and of those asked about, by the same numbers; who asks."""

    chosen: RetrievalClips
    pool: Labels
    asked: Labels

    @classmethod
    def of(cls, chosen: RetrievalClips) -> "_Sides":
        names = sorted({clip.label for clip in chosen.pool})
        number = {name: i for i, name in enumerate(names)}
        pool, asked = (
            np.array([number[clip.label] for clip in clips], np.int64)
            for clips in (chosen.pool, chosen.asked)
        )
        return cls(chosen, pool, asked)

    def draws(self, examples: int, count: int) -> Iterator[_Draw]:
        """Dictionaries of so many clips a sign, in each the same whatever is compared."""
        across = self.chosen.across
        if not examples:
            if across:
                yield _Draw(np.arange(len(self.pool)), np.arange(len(self.asked)))
            return
        group = self.pool if across else _groups(self.chosen.pool)
        for draw in range(count):
            shown = draw_shown(group, examples, np.random.default_rng([examples, draw]))
            asked = np.arange(len(self.asked)) if across else np.flatnonzero(~shown)
            if len(asked):
                yield _Draw(np.flatnonzero(shown), asked)

    def ranks(self, draw: _Draw, found: Ranks) -> Ranks:
        """(Q,) of all that may be asked; 0 for those that were not."""
        whole = np.zeros(len(self.asked), np.int64)
        whole[draw.asked] = found
        return whole


def _measure(frozen: Frozen, asked: EvaluateSettings, chosen: RetrievalClips) -> Measured:
    sides = _Sides.of(chosen)
    clips = chosen.pool + chosen.asked + chosen.val_pool + chosen.val
    rows = rows_of(clips, frozen.parts)
    count = len(chosen.pool)
    kept = sequences(frozen.parts, rows[: count + len(chosen.asked)])
    kinds = (SEARCH, *KINDS, WARPING)
    weights: dict[str, float] = {}
    cells: list[Cell] = []
    how: Bootstrap | None = None
    with track("retrieval", len(kinds) * len(asked.examples), "cells") as tracker:
        for kind in kinds:
            sources = [] if kind == WARPING else sources_of(_features(kind), frozen, rows)
            if sources and len(sources[0]) > 1:
                own = kind in (SEARCH, PRETRAINED)
                weights[kind] = JOINT_WEIGHT if own else _choose_weight(sources[0], chosen)
            joined = [_last(source, weights.get(kind)) for source in sources]
            for examples in asked.examples:
                found, shown = _ranks(kind, sides, examples, asked, joined, kept)
                tracker.advance()
                if not found:
                    continue
                signers = [clip.signer for clip in chosen.asked]
                given = (found, sides.asked, signers, asked.bootstrap, asked.level)
                figures, drawn = figures_of(*given)
                how = how or drawn
                stream = "both" if frozen.card.streams == "both" else frozen.card.streams
                cells.append(
                    Cell(
                        of={"examples": examples, "features": kind},
                        clips=int((np.stack(found) > 0).any(axis=0).sum()),
                        streams={stream: figures},
                        joint_weight=weights.get(kind),
                        trained_on=shown,
                        cells=len(found),
                    )
                )
    return Measured(
        streams=cells[0].streams,
        selection="nothing for search; the streams' weight of the references: "
        + (f"the largest mean reciprocal rank on {VAL}" if chosen.val else "even"),
        joint_weight=weights.get(SEARCH),
        chosen={"joint_weight": weights},
        bootstrap=how,
        cells=cells,
        summary=cells,
    )


def _features(kind: str) -> str:
    return PRETRAINED if kind == SEARCH else kind


def _last(source: Features, weight: float | None) -> NDArray[np.float32]:
    return list(join(source, 0.5 if weight is None else weight).values())[-1]


def _ranks(
    kind: str,
    sides: _Sides,
    examples: int,
    asked: EvaluateSettings,
    features: list[NDArray[np.float32]],
    kept: Sequences,
) -> tuple[list[Ranks], int]:
    """The ranks in every draw, of random weights in those of every seed; a dictionary's clips."""
    found, shown, count = [], 0, len(sides.pool)
    for draw in sides.draws(examples, asked.dictionaries):
        shown = len(draw.shown)
        signs, truth = sides.pool[draw.shown], sides.asked[draw.asked]
        if kind == WARPING:
            few = _few(draw, examples)
            far = warped_distances(kept[count + few.asked], kept[few.shown])
            found.append(sides.ranks(few, ranks(far, signs, sides.asked[few.asked])))
            continue
        for rows in features:
            own, queries = rows[draw.shown], rows[count : count + len(sides.asked)][draw.asked]
            if kind == SEARCH:
                places = _as_searched(
                    own, signs, kept[draw.shown], queries, kept[count + draw.asked]
                )
                right = np.array([p[sign] for p, sign in zip(places, truth, strict=True)], np.int64)
            else:
                right = ranks(1 - queries @ own.T, signs, truth)
            found.append(sides.ranks(draw, right))
    return found, shown


def _few(draw: _Draw, seed: int) -> _Draw:
    """So many of the queries as make PAIRS with the dictionary's clips."""
    count = max(1, PAIRS // len(draw.shown))
    if count >= len(draw.asked):
        return draw
    order = np.random.default_rng([seed]).permutation(len(draw.asked))
    return _Draw(draw.shown, draw.asked[np.sort(order[:count])])


def _as_searched(
    own: NDArray[np.float32],
    signs: Labels,
    warped: Sequences,
    queries: NDArray[np.float32],
    asked: Sequences,
) -> Iterator[dict[int, int]]:
    """For every query the place of each sign, as `signpipe search` orders them."""
    order = np.argsort(signs, kind="stable")
    names, numbers = np.unique(signs[order], return_inverse=True)
    nearest = NearestSigns(own[order], numbers, warped[order])
    for query, sequence in zip(queries, asked, strict=True):
        found = nearest.find(query, sequence)
        yield {int(names[one.sign]): place for place, one in enumerate(found, start=1)}


def _choose_weight(source: Features, chosen: RetrievalClips) -> float:
    """The joint stream's weight by the mean reciprocal rank of val, with one example a sign."""
    if not chosen.val:
        return 0.5
    sides = _Sides.of(RetrievalClips("", chosen.val_pool, chosen.val, True, 0, [], []))
    first = len(chosen.pool) + len(chosen.asked)
    draws = [*sides.draws(1, CHOOSING_DRAWS)]

    def merit(weight: float) -> float:
        rows = _last(source, weight)[first:]
        pool, queries = rows[: len(sides.pool)], rows[len(sides.pool) :]
        each = [
            (1 / ranks(1 - queries @ pool[d.shown].T, sides.pool[d.shown], sides.asked)).mean()
            for d in draws
        ]
        return float(np.mean(each))

    return float(max(WEIGHTS, key=merit))


def _examples(count: int) -> str:
    return "all clips" if not count else f"{count} clip{'' if count == 1 else 's'}"
