"""Which labelled clips train, which choose the checkpoint, which are reported."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from signpipe.cliptable import Clip
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.vocabulary import TEST as TEST
from signpipe.vocabulary import TRAIN as TRAIN
from signpipe.vocabulary import UNLABELLED as UNLABELLED
from signpipe.vocabulary import VAL as VAL
from signpipe.vocabulary import alike_labels
from signpipe.wording import counted, listed
from signpipe.workspace import sha256_of_values

# Splits whose clips may be learned from without labels; "" is a clip with no split.
POOL = (TRAIN, UNLABELLED, "")
SEED = 0  # of every split: another training seed must not mean another test set
NO_TRAIN = "no labelled clip has the split train; name one in the clip table"
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

    Once the table holds clips out, or names train, those without a split train as well, but not
    those of signers who are held out: these are in no split (see `left_out`). The same clips and
    seed give the same split. Raises SignpipeError if there is nothing to train on or fewer than two
    signs.
    """
    if len({clip.label for clip in clips}) < 2:
        raise SignpipeError(
            "fewer than two signs have labelled clips; write labels into the clip table"
        )
    if any(clip.split not in ("", UNLABELLED) for clip in clips):
        return _as_given(clips, seed)
    free = [clip for clip in clips if not clip.split]
    if not free:
        raise SignpipeError(NO_TRAIN)
    of = {clip.clip_id: clip.split for clip in clips}
    signers = {clip.signer for clip in free}
    if "" not in signers and len(signers) > 1:
        drawn = _by_signer(free, seed, (TEST, VAL))
        return Splits(of | drawn, "by signer", _signers_not_in_train(free, drawn))
    drawn = _stratified(free, seed, (TEST, VAL))
    return Splits(of | drawn, "stratified by sign, signers unknown")


def _as_given(clips: Sequence[Clip], seed: int) -> Splits:
    of = {clip.clip_id: clip.split for clip in clips if clip.split}
    held_out = _signers_held_out(clips)
    free = [clip for clip in clips if not clip.split and clip.signer not in held_out]
    of |= {clip.clip_id: TRAIN for clip in free}
    how = "as given, clips without one in train" if free else "as given"
    train = [clip for clip in clips if of.get(clip.clip_id) == TRAIN]
    if not train:
        raise SignpipeError(NO_TRAIN)
    if VAL in of.values():
        return Splits(of, how)
    signers = {clip.signer for clip in train}
    if "" not in signers and len(signers) > 1:
        drawn = _by_signer(train, seed, (VAL,))
        held = _signers_not_in_train(train, drawn)
        return Splits(of | drawn, f"{how}, val taken from train by signer", held)
    drawn = _stratified(train, seed, (VAL,))
    taken = "val taken from train by sign" if VAL in drawn.values() else "no val, too few clips"
    return Splits(of | drawn, f"{how}, {taken}")


def _signers_held_out(clips: Sequence[Clip]) -> set[str]:
    """The signers whose clips the table gives other splits than those learned from, and only so."""
    learned = {clip.signer for clip in clips if clip.split == TRAIN}
    return {clip.signer for clip in clips if clip.split not in POOL} - learned - {""}


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
    clips = [_with_split(c, splits.of[c.clip_id]) for c in clips if c.clip_id in splits.of]
    if per_sign:
        train = [clip for clip in clips if clip.split == TRAIN]
        kept = {clip.clip_id for clip in few_labels(train, per_sign, seed)}
        clips = [clip for clip in clips if clip.split != TRAIN or clip.clip_id in kept]
    return clips, splits.how


def left_out(table: Iterable[Clip]) -> list[str]:
    """Which of the labelled clips fine-tuning neither learns from nor chooses or tests by, and why.

    One sentence a reason. Raises SignpipeError as `split_clips`.
    """
    labelled = [clip for clip in table if clip.label]
    usable = [clip for clip in labelled if clip.usable]
    of = split_clips(usable).of
    statuses = sorted({clip.status or "not extracted" for clip in labelled if not clip.usable})
    free = [clip for clip in usable if clip.clip_id not in of]
    signers = listed(sorted({clip.signer for clip in free}))
    own = Counter(of[clip.clip_id] for clip in usable if clip.clip_id in of)
    unlabelled = own.pop(UNLABELLED, 0)
    reasons = [
        (len(labelled) - len(usable), f"without landmarks ({', '.join(statuses)})"),
        (len(free), f"without a split, of signers held out ({signers}); name their split"),
        (unlabelled, "of the split unlabelled: learned from without their label"),
        *(
            (count, f"of the split {split}, which `evaluate --split {split}` scores")
            for split, count in sorted(own.items())
            if split not in (TRAIN, VAL, TEST)
        ),
    ]
    return [f"{counted(count, 'labelled clip')} {why}" for count, why in reasons if count]


def tell_left_out(table: Iterable[Clip]) -> None:
    """Say which labelled clips are left out, and labels that may be one sign written two ways."""
    clips = list(table)
    for sentence in left_out(clips):
        note(f"left out: {sentence}")
    if alike := alike_labels(clip.label for clip in clips if clip.usable):
        note(alike)


def _with_split(clip: Clip, split: str) -> Clip:
    return clip if clip.split == split else replace(clip, split=split)  # copies are slow


def learnable(clips: Sequence[Clip]) -> list[Clip]:
    """The clips whose sign has a training clip. Raises SignpipeError if that is but one sign."""
    signs = {clip.label for clip in clips if clip.split == TRAIN}
    if len(signs) < 2:
        raise SignpipeError("fewer than two signs have training clips; label more clips")
    return [clip for clip in clips if clip.label in signs]


def can_learn(table: Iterable[Clip]) -> bool:
    """Whether enough clips are labelled for fine-tuning: of two signs at least, in train."""
    try:
        return bool(learnable(labelled_clips(table, None, SEED)[0]))
    except SignpipeError:
        return False


def fingerprint(clips: Sequence[Clip]) -> str:
    """Changes when a clip's label or split does."""
    return sha256_of_values(*((clip.clip_id, clip.label, clip.split) for clip in clips))


def few_labels(clips: Sequence[Clip], per_sign: int, seed: int = 0) -> list[Clip]:
    """At most `per_sign` clips of every sign, from as many signers as possible."""
    rng = np.random.default_rng(seed)
    clips = sorted(clips, key=lambda clip: clip.clip_id)
    by_sign: dict[str, list[Clip]] = defaultdict(list)
    for i in rng.permutation(len(clips)):
        by_sign[clips[i].label].append(clips[i])
    kept: list[Clip] = []
    for _, shuffled in sorted(by_sign.items()):
        turns: dict[str, int] = defaultdict(int)
        ranked = []
        for place, clip in enumerate(shuffled):
            ranked.append((turns[clip.signer], place, clip))
            turns[clip.signer] += 1
        kept += [clip for _, _, clip in sorted(ranked, key=lambda item: item[:2])[:per_sign]]
    return kept
