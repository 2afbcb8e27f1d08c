"""retrieval: a dictionary is searched by signing; how far up is the right sign?

The dictionary holds one, or k, clips of each sign by the signers of train, and is asked by those of
the split, none of whom is in it. With `whose=own`, or where the split shares no sign with other
signers, each signer has a dictionary of some of their own clips and asks it by the rest.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

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
from signpipe.training.nearest_signs import JOINT_WEIGHT, NearestSigns, signer_numbers
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
    chosen = members(workspace, frozen.parts, request.split, request.settings.whose)
    data = fingerprint(frozen.parts, chosen.used)
    whom = "by signers who are not in it" if chosen.across else "each signer's own, by the same"
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
        settings=request.given("examples", "dictionaries", "whose", "bootstrap", "level"),
        inputs={"encoder": frozen.sha256, "data": data},
        measure=lambda folder: _measure(frozen, request.settings, chosen),
        headline=f"{_examples(request.settings.examples[0])} of each sign in the dictionary, "
        f"looked up {whom}, as signpipe search does it",
        both="similarity is the mean of the streams' cosine similarities, joint weighed by "
        "joint_weight",
        averages="over draws of the dictionary, then over queries; mean_class over signs",
    )


def members(workspace: Workspace, parts: Parts, split: str, whose: str) -> RetrievalClips:
    """Raises SignpipeError if no clip of the split can be looked up."""
    clips, how = table_or_given(workspace, parts)
    asked = of_split(clips, split)
    train = [clip for clip in clips if clip.split == TRAIN] if split != TRAIN else []
    pool, own = _strangers(train, asked)
    val_pool, val = _strangers(train, [clip for clip in clips if clip.split == VAL])
    if own and whose == "others":
        return RetrievalClips(how, pool, own, True, len(asked) - len(own), val_pool, val)
    each = _signer_rows(asked)
    several = [clip for rows in each for clip in _repeated([asked[i] for i in rows])]
    if not several:
        raise SignpipeError(
            f"no two signs of the split {split} can be looked up: no signer has made two of them "
            "twice" + ("" if own else ", nor has train their signs by other signers")
        )
    return RetrievalClips(how, several, several, False, len(asked) - len(several), val_pool, val)


def _strangers(train: list[Clip], asked: list[Clip]) -> tuple[list[Clip], list[Clip]]:
    """Clips by signers who do not ask, and the queries whose sign is among them."""
    signers = {clip.signer for clip in asked} - {""}
    pool = [clip for clip in train if clip.signer not in signers]
    signs = {clip.label for clip in pool}
    return pool, [clip for clip in asked if clip.label in signs]


def _signer_rows(clips: list[Clip]) -> list[NDArray[np.int64]]:
    """The places of each signer's clips."""
    numbers = np.unique(np.array([clip.signer for clip in clips]), return_inverse=True)[1]
    return [np.flatnonzero(numbers == number) for number in range(numbers.max() + 1)]


def _repeated(clips: list[Clip]) -> list[Clip]:
    """Clips of signs that have another; none if that is but one sign."""
    often = Counter(clip.label for clip in clips)
    found = [clip for clip in clips if often[clip.label] > 1]
    return found if len({clip.label for clip in found}) > 1 else []


@dataclass(frozen=True)
class _Draw:
    """Places of a dictionary's clips in the pool, and of its queries in those asked."""

    shown: NDArray[np.int64]
    asked: NDArray[np.int64]


@dataclass(frozen=True)
class _Sides:
    """Signs of the pool's clips and of those asked about, by the same numbers; and its signers."""

    chosen: RetrievalClips
    pool: Labels
    asked: Labels
    signers: NDArray[np.int64]

    @classmethod
    def of(cls, chosen: RetrievalClips) -> "_Sides":
        names = sorted({clip.label for clip in chosen.pool})
        number = {name: i for i, name in enumerate(names)}
        pool, asked = (
            np.array([number[clip.label] for clip in clips], np.int64)
            for clips in (chosen.pool, chosen.asked)
        )
        signers = signer_numbers([clip.signer for clip in chosen.pool])
        return cls(chosen, pool, asked, signers)

    def draws(self, examples: int, count: int) -> Iterator[list[_Draw]]:
        """Dictionaries of so many clips a sign, in each the same whatever is compared: one, or each
        signer's own."""
        if self.chosen.across:
            everyone = np.arange(len(self.asked))
            for shown in self._shown(self.pool, examples, count):
                yield [_Draw(np.flatnonzero(shown), everyone)]
            return
        own = _signer_rows(self.chosen.pool)
        several = [self._shown(self.pool[rows], examples, count) for rows in own]
        for each in zip(*several, strict=True):
            parts = zip(own, each, strict=True)
            draw = [_Draw(rows[shown], rows[~shown]) for rows, shown in parts if not shown.all()]
            if draw:
                yield draw

    def ranks(self, draw: _Draw, distances: NDArray[Any]) -> Ranks:
        """(Q,) of a draw's queries, by their distances (Q, C) to its dictionary's clips."""
        signs, signers = self.pool[draw.shown], self.signers[draw.shown]
        return ranks(distances, signs, signers, self.asked[draw.asked])

    @staticmethod
    def _shown(signs: Labels, examples: int, count: int) -> Iterator[NDArray[np.bool_]]:
        """(C,): those in the dictionary; of all clips there is but one."""
        if not examples:
            yield np.ones(len(signs), bool)
            return
        for draw in range(count):
            yield draw_shown(signs, examples, np.random.default_rng([examples, draw]))


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
        selection="search: nothing here, it is as it comes; the references' weight of the streams: "
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
    found: list[Ranks] = []
    shown = 0
    for draw in sides.draws(examples, asked.dictionaries):
        shown = sum(len(part.shown) for part in draw)
        parts = [_few(part, examples) for part in draw] if kind == WARPING else draw
        for way in _ways(kind, sides, features, kept):
            found.append(np.zeros(len(sides.asked), np.int64))
            for part in parts:
                found[-1][part.asked] = way(part)
    return found, shown


def _ways(
    kind: str, sides: _Sides, features: list[NDArray[np.float32]], kept: Sequences
) -> list[Callable[[_Draw], Ranks]]:
    """From a draw to the ranks of its queries; with random weights one of every seed."""
    first = len(sides.pool)

    def warped(draw: _Draw) -> Ranks:
        own, queries = kept[draw.shown], kept[first + draw.asked]
        return sides.ranks(draw, warped_distances(queries, own))

    def searched(rows: NDArray[np.float32], draw: _Draw) -> Ranks:
        return _as_searched(sides, draw, rows, kept)

    def compared(rows: NDArray[np.float32], draw: _Draw) -> Ranks:
        return sides.ranks(draw, 1 - rows[first + draw.asked] @ rows[draw.shown].T)

    if kind == WARPING:
        return [warped]
    return [partial(searched if kind == SEARCH else compared, rows) for rows in features]


def _few(draw: _Draw, seed: int) -> _Draw:
    """So many of the queries as make PAIRS with the dictionary's clips."""
    count = max(1, PAIRS // len(draw.shown))
    if count >= len(draw.asked):
        return draw
    order = np.random.default_rng([seed]).permutation(len(draw.asked))
    return _Draw(draw.shown, draw.asked[np.sort(order[:count])])


def _as_searched(
    sides: _Sides, draw: _Draw, features: NDArray[np.float32], kept: Sequences
) -> Ranks:
    """(Q,): the place of each query's sign, as `signpipe search` orders them."""
    shown = draw.shown[np.argsort(sides.pool[draw.shown], kind="stable")]
    names, numbers = np.unique(sides.pool[shown], return_inverse=True)
    nearest = NearestSigns(features[shown], numbers, sides.signers[shown], kept[shown])
    places = []
    for place in draw.asked:
        row = len(sides.pool) + place
        found = nearest.find(features[row], kept[row])
        signs = [int(names[one.sign]) for one in found]
        places.append(1 + signs.index(int(sides.asked[place])))
    return np.array(places, np.int64)


def _choose_weight(source: Features, chosen: RetrievalClips) -> float:
    """The joint stream's weight by the mean reciprocal rank of val, with one example a sign."""
    if not chosen.val:
        return 0.5
    sides = _Sides.of(RetrievalClips("", chosen.val_pool, chosen.val, True, 0, [], []))
    first = len(chosen.pool) + len(chosen.asked)
    draws = [draw for (draw,) in sides.draws(1, CHOOSING_DRAWS)]

    def merit(weight: float) -> float:
        rows = _last(source, weight)[first:]
        pool, queries = rows[: len(sides.pool)], rows[len(sides.pool) :]
        each = [(1 / sides.ranks(d, 1 - queries @ pool[d.shown].T)).mean() for d in draws]
        return float(np.mean(each))

    return float(max(WEIGHTS, key=merit))


def _examples(count: int) -> str:
    return "all clips" if not count else f"{count} clip{'' if count == 1 else 's'}"
