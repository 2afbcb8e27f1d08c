"""Which labelled clips train, which choose the checkpoint, which are reported."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.vocabulary import TEST as TEST
from signpipe.vocabulary import TRAIN as TRAIN
from signpipe.vocabulary import UNLABELLED as UNLABELLED
from signpipe.vocabulary import VAL as VAL
from signpipe.workspace import sha256_of_values

# Splits whose clips may be learned from without labels; "" is a clip with no split.
POOL = (TRAIN, UNLABELLED, "")
SEED = 0  # of every split: another training seed must not mean another test set
HELD_OUT = 0.2  # the share of signers, or of each sign's clips, in val and again in test


@dataclass(frozen=True)
class Splits:
    """`of` gives the split by clip id; `how` says in words where it comes from.

    `held_out` are the signers that a drawing by signer keeps out of training, with all their clips.
    """

    of: dict[str, str]
    how: str
    held_out: frozenset[str] = frozenset()


def split_clips(clips: Sequence[Clip], seed: int = SEED) -> Splits:
    """Split labelled clips as the clip table says, else by signer if all are known, else by sign.

    The same clips and seed give the same split. Raises SignpipeError if there is nothing to train
    on or fewer than two signs.
    """
    if len({clip.label for clip in clips}) < 2:
        raise SignpipeError(
            "fewer than two signs have labelled clips; write labels into the clip table"
        )
    if any(clip.split for clip in clips):
        return _as_given([clip for clip in clips if clip.split], seed)
    signers = {clip.signer for clip in clips}
    if "" not in signers and len(signers) > 1:
        of = _by_signer(clips, seed, (TEST, VAL))
        return Splits(of, "by signer", _signers_not_in_train(clips, of))
    return Splits(_stratified(clips, seed, (TEST, VAL)), "stratified by sign, signers unknown")


def _as_given(clips: Sequence[Clip], seed: int) -> Splits:
    of = {clip.clip_id: clip.split for clip in clips}
    train = [clip for clip in clips if clip.split == TRAIN]
    if not train:
        raise SignpipeError("no labelled clip has the split train; name one in the clip table")
    if VAL in of.values():
        return Splits(of, "as given")
    signers = {clip.signer for clip in train}
    if "" not in signers and len(signers) > 1:
        drawn = _by_signer(train, seed, (VAL,))
        how = "as given, val taken from train by signer"
        return Splits(of | drawn, how, _signers_not_in_train(train, drawn))
    drawn = _stratified(train, seed, (VAL,))
    taken = "val taken from train by sign" if VAL in drawn.values() else "no val, too few clips"
    return Splits(of | drawn, f"as given, {taken}")


def _signers_not_in_train(clips: Sequence[Clip], of: dict[str, str]) -> frozenset[str]:
    return frozenset(clip.signer for clip in clips if of[clip.clip_id] != TRAIN)


def _by_signer(clips: Sequence[Clip], seed: int, held_out: tuple[str, ...]) -> dict[str, str]:
    """Whole signers to each held-out split; where there are too few, the last ones go without."""
    signers = sorted({clip.signer for clip in clips})
    np.random.default_rng(seed).shuffle(signers)
    each = max(1, round(HELD_OUT * len(signers)))
    held_out = held_out[-(len(signers) - 1) :]
    split = {
        signer: name
        for i, name in enumerate(held_out)
        for signer in signers[i * each : (i + 1) * each]
    }
    return {clip.clip_id: split.get(clip.signer, TRAIN) for clip in clips}


def _stratified(clips: Sequence[Clip], seed: int, held_out: tuple[str, ...]) -> dict[str, str]:
    """A share of every sign's clips to each held-out split; a sign's last clip stays in train."""
    by_sign: dict[str, list[str]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        by_sign[clip.label].append(clip.clip_id)
    rng = np.random.default_rng(seed)
    of: dict[str, str] = {}
    for _, ids in sorted(by_sign.items()):
        rng.shuffle(ids)
        # Few clips: val before test, since without val no checkpoint can be chosen.
        each = max(1, round(HELD_OUT * len(ids)))
        order = [name for name in reversed(held_out) for _ in range(each)]
        taken = order[: len(ids) - 1]
        of |= dict(zip(ids, taken + [TRAIN] * (len(ids) - len(taken)), strict=True))
    return of


def labelled_clips(
    table: Iterable[Clip], per_sign: int | None, seed: int
) -> tuple[list[Clip], str]:
    """Labelled usable clips by clip id, their split filled in, and in words where it comes from.

    With `per_sign` only so many training clips of every sign, drawn by `seed`. Raises SignpipeError
    if there are none, or as `split_clips`.
    """
    # Not in the table's order, which is the order in which clips were finished: that is chance.
    usable = sorted((clip for clip in table if clip.usable), key=lambda clip: clip.clip_id)
    clips = [clip for clip in usable if clip.label]
    if not clips:
        raise SignpipeError(
            "no usable clip has a label; write labels into the clip table, or give them with "
            "`signpipe extract ... --labels FILE.csv`"
        )
    splits = split_clips(clips)
    clips = [replace(c, split=splits.of[c.clip_id]) for c in clips if c.clip_id in splits.of]
    if per_sign:
        train = [clip for clip in clips if clip.split == TRAIN]
        kept = {clip.clip_id for clip in few_labels(train, per_sign, seed)}
        clips = [clip for clip in clips if clip.split != TRAIN or clip.clip_id in kept]
    return clips, splits.how


def learnable(clips: Sequence[Clip]) -> list[Clip]:
    """The clips whose sign has a training clip. Raises SignpipeError if that is but one sign."""
    signs = {clip.label for clip in clips if clip.split == TRAIN}
    if len(signs) < 2:
        raise SignpipeError("fewer than two signs have training clips; label more clips")
    return [clip for clip in clips if clip.label in signs]


def fingerprint(clips: Sequence[Clip]) -> str:
    """Changes when a clip's label or split does."""
    return sha256_of_values(*((clip.clip_id, clip.label, clip.split) for clip in clips))


def few_labels(clips: Sequence[Clip], per_sign: int, seed: int = 0) -> list[Clip]:
    """At most `per_sign` clips of every sign, from as many signers as possible."""
    rng = np.random.default_rng(seed)
    clips = sorted(clips, key=lambda clip: clip.clip_id)
    shuffled = [clips[i] for i in rng.permutation(len(clips))]
    kept: list[Clip] = []
    for sign in sorted({clip.label for clip in clips}):
        turns: dict[str, int] = defaultdict(int)
        ranked = []
        for place, clip in enumerate(clip for clip in shuffled if clip.label == sign):
            ranked.append((turns[clip.signer], place, clip))
            turns[clip.signer] += 1
        kept += [clip for _, _, clip in sorted(ranked, key=lambda item: item[:2])[:per_sign]]
    return kept
