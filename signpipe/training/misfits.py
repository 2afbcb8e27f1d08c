"""Misfits: all clips of one signer and sign look like one other sign, as other signers make it.

The label may be wrong, signs exchanged, or the signer has another form of the sign: a person has to
look (`report labels`).
"""

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.preprocessing import normalize

from signpipe.cliptable import Clip

LEAST = 4  # clips of a misfit: fewer often agree by chance
NEAREST = 3  # cells by which a clip is named
TEMPERATURE = 0.07  # a cell's vote is exp(similarity / TEMPERATURE)
MOST = 10_000  # cells that all clips are compared with, drawn at random from more
BLOCK = 256  # clips at a time


@dataclass(frozen=True)
class Misfit:
    """A cell of one signer and sign, whose `clips` (ids) were all named as one other sign."""

    signer: str
    label: str
    named: str
    clips: tuple[str, ...]


def misfits(clips: Sequence[Clip], named: Mapping[str, str]) -> list[Misfit]:
    """The cells of which all clips have one wrong answer, those with most clips first.

    `named` gives by clip id what was said of it by what has not seen its signer. Clips of unknown
    signers, and without an answer, are passed over.
    """
    cells: dict[tuple[str, str], list[str]] = defaultdict(list)
    for clip in clips:
        if clip.signer and clip.label and clip.clip_id in named:
            cells[clip.signer, clip.label].append(clip.clip_id)
    found = []
    for (signer, label), ids in cells.items():
        answers = {named[clip_id] for clip_id in ids}
        if len(ids) >= LEAST and len(answers) == 1 and label not in answers:
            found.append(Misfit(signer, label, answers.pop(), tuple(ids)))
    return sorted(found, key=lambda cell: (-len(cell.clips), cell.signer, cell.label))


def named_by_others(
    clips: Sequence[Clip], features: NDArray[np.float32], seed: int = 0
) -> dict[str, str]:
    """What each clip is called by the nearest cells of other signers, by clip id.

    A cell is the mean direction of the `features` (B, D) of one signer's clips of one sign, so that
    every signer counts alike. Clips of unknown signers neither name nor are named.
    """
    known = [place for place, clip in enumerate(clips) if clip.signer and clip.label]
    own = [(clips[place].signer, clips[place].label) for place in known]
    cells = sorted(set(own))
    signers = np.unique([signer for signer, _ in cells], return_inverse=True)[1]
    signs, of_cell = np.unique([label for _, label in cells], return_inverse=True)
    if len(set(signers.tolist())) < 2:
        return {}
    number = {cell: place for place, cell in enumerate(cells)}
    cell = np.array([number[pair] for pair in own])
    directions = normalize(features[known])
    sums = np.zeros((len(cells), directions.shape[1]), np.float32)
    np.add.at(sums, cell, directions)
    shown = np.arange(len(cells))
    if len(cells) > MOST:
        shown = np.sort(np.random.default_rng(seed).choice(shown, MOST, replace=False))
    means = normalize(sums[shown])
    answers = []
    for start in range(0, len(known), BLOCK):
        asked = slice(start, start + BLOCK)
        similar = directions[asked] @ means.T
        similar[signers[cell[asked], None] == signers[None, shown]] = -np.inf
        answers += _vote(similar, of_cell[shown], len(signs)).tolist()
    return {clips[p].clip_id: str(signs[a]) for p, a in zip(known, answers, strict=True) if a >= 0}


def possible(clips: Sequence[Clip]) -> bool:
    """Whether any cell of a known signer has clips enough to be a misfit."""
    cells = Counter((clip.signer, clip.label) for clip in clips if clip.signer)
    return max(cells.values(), default=0) >= LEAST


def weights(
    clips: Sequence[Clip], features: NDArray[np.float32], weight: float
) -> NDArray[np.float64]:
    """`weight` for the clips (B) of misfits that nobody has checked, 1 for all others."""
    cells = misfits(clips, named_by_others(clips, features))
    found = {clip_id for cell in cells for clip_id in cell.clips}
    doubted = [clip.clip_id in found and not clip.checked for clip in clips]
    return np.where(doubted, weight, 1.0)


def _vote(
    similar: NDArray[np.float32], of_cell: NDArray[np.int64], signs: int
) -> NDArray[np.int64]:
    """The sign (B,) with most votes of the nearest cells; -1 without any."""
    nearest = np.argsort(-similar, axis=1, kind="stable")[:, :NEAREST]
    found = np.take_along_axis(similar, nearest, axis=1).astype(np.float64)
    none = np.isneginf(found[:, 0])
    found[none] = 0
    votes = np.zeros((len(similar), signs))
    weights = np.exp((found - found[:, :1]) / TEMPERATURE)
    np.add.at(votes, (np.arange(len(similar))[:, None], of_cell[nearest]), weights)
    return np.where(none, -1, votes.argmax(axis=1))
