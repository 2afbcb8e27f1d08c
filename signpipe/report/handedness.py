"""Signers who likely are left-handed, or whose recordings likely are mirrored.

Of one signer's clips the *lead* of the right hand is (right - left) / (right + left), where right
and left are how far each hand moved while it was detected: 1 if only the right hand was active, -1
if only the left was. A label is one-handed if most other signers lead with the same hand clearly; a
signer who mostly leads with the other hand there is pointed out. A mirrored recording and a
left-handed signer look the same in this.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, zip_longest

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import sha256_of_values

SAMPLE = 30  # clips of a signer, each with a pack of its own to be opened
OTHERS = 3  # signers to whom a signer is compared in a label, at least
CLEAR = 0.3  # a lead that tells a hand; below it, both are active
CLIPS = 8  # of one-handed labels, from which a signer is judged, at least
AGAINST = 0.8  # the share of them in which the other hand must lead
REST = 0.05  # picture heights that a resting hand may seem to move in a clip


@dataclass(frozen=True)
class Lead:
    """Which hand leads in one clip, in [-1, 1]; above 0 the right one."""

    signer: str
    label: str
    value: float


@dataclass(frozen=True)
class Handedness:
    """A signer in `clips` clips of one-handed labels: the share of them `against` the other
    signers' hand, and `agreement` in [-1, 1], the mean lead of that hand."""

    signer: str
    clips: int
    against: float
    agreement: float

    @property
    def other_handed(self) -> bool:
        return self.clips >= CLIPS and self.against >= AGAINST


def lead(landmarks: Landmarks, aspect: float) -> float:
    """The lead of the right hand in one clip; `aspect` is the picture's width / height."""
    right, left = (_travel(hand, aspect) for hand in (landmarks.right_hand, landmarks.left_hand))
    return (right - left) / (right + left + REST)


def _travel(hand: NDArray[np.float32], aspect: float) -> float:
    """How far the wrist moved, in picture heights, in frames that follow each other with it."""
    steps = np.diff(hand[:, 0, :2].astype(np.float64) * (aspect, 1), axis=0)
    return float(np.nansum(np.hypot(steps[:, 0], steps[:, 1])))


def sample(clips: Iterable[Clip]) -> list[Clip]:
    """Up to SAMPLE clips of every signer, taken from the labels in turn and by chance within.

    The same clips give the same sample. Clips of labels that too few signers have made are left
    out: there is nobody to compare with.
    """
    clips = [clip for clip in clips if clip.usable and clip.signer and clip.label]
    signers: dict[str, set[str]] = defaultdict(set)
    for clip in clips:
        signers[clip.label].add(clip.signer)
    by_signer: dict[str, dict[str, list[Clip]]] = defaultdict(lambda: defaultdict(list))
    # By a hash, for clips that follow each other were often made with the same hand.
    for clip in sorted(clips, key=lambda clip: sha256_of_values(clip.clip_id)):
        if len(signers[clip.label]) > OTHERS:
            by_signer[clip.signer][clip.label].append(clip)
    taken: list[Clip] = []
    for labels in by_signer.values():
        turns = chain.from_iterable(zip_longest(*labels.values()))
        taken += [clip for clip in turns if clip is not None][:SAMPLE]
    return taken


def judge(leads: Sequence[Lead]) -> list[Handedness]:
    """Every signer with clips of one-handed labels, those who differ most from the others first."""
    by_label: dict[str, dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for item in leads:
        by_label[item.label][item.signer].append(item.value)
    agreements: dict[str, list[float]] = defaultdict(list)
    for signers in by_label.values():
        means = {signer: float(np.mean(values)) for signer, values in signers.items()}
        for signer, values in signers.items():
            others = [mean for other, mean in means.items() if other != signer]
            if len(others) >= OTHERS and abs(usual := float(np.median(others))) >= CLEAR:
                agreements[signer] += [value * np.sign(usual) for value in values]
    judged = [
        Handedness(
            signer,
            len(values),
            float(np.mean(np.array(values) <= -CLEAR)),
            float(np.mean(values)),
        )
        for signer, values in agreements.items()
    ]
    return sorted(judged, key=lambda item: (not item.other_handed, item.agreement, item.signer))
