"""Clips of a workspace that are likely the same recording twice, the gravest first.

Of extracted clips: the same part of source files of the same bytes. Of imported ones, which have no
source here: landmarks of the same bytes. A duplicate in two splits is a leak: what is measured on
the one was learned from the other.
"""

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from signpipe.cliptable import USABLE, Clip
from signpipe.extraction.outcomes import Outcome
from signpipe.landmarks.pack import Landmarks
from signpipe.video.recordings import DuplicateGroup, Recording, find_duplicates


def crossing(group: DuplicateGroup) -> str:
    """What a group is found across, in words; "" for a mere repetition."""
    several = (("splits", group.splits), ("labels", group.labels), ("signers", group.signers))
    found = [f"{name} {', '.join(values)}" for name, values in several if len(values) > 1]
    return ("leak: " if group.crosses_splits else "") + "; ".join(found)


def fingerprint(landmarks: Landmarks) -> str:
    """Changes when any bit of the pose or a hand does."""
    digest = hashlib.sha256()
    for array in (landmarks.pose, landmarks.left_hand, landmarks.right_hand):
        digest.update(array.tobytes())
    return digest.hexdigest()


def duplicates_among(
    clips: Iterable[Clip],
    outcomes: Mapping[str, Outcome],
    fingerprints: Mapping[str, str],
    splits: Mapping[str, str],
) -> list[DuplicateGroup]:
    """Groups of clips with the same content, leaks first, then the largest.

    `fingerprints` are those of imported clips' landmarks, `splits` what each clip is used as, both
    by clip id. Clips without landmarks are left out: all empty files are alike.
    """
    groups = find_duplicates(_recordings(clips, outcomes, fingerprints, splits))
    return sorted(groups, key=lambda g: (not g.crosses_splits, not crossing(g), -len(g.clips)))


def _recordings(
    clips: Iterable[Clip],
    outcomes: Mapping[str, Outcome],
    fingerprints: Mapping[str, str],
    splits: Mapping[str, str],
) -> Iterator[Recording]:
    for clip in clips:
        outcome = outcomes.get(clip.clip_id)
        if outcome is None or outcome.status not in USABLE:
            continue
        content = outcome.sha256 if outcome.settings else fingerprints.get(clip.clip_id)
        if content:
            yield Recording(
                clip.clip_id,
                Path(outcome.source),
                clip.label,
                splits.get(clip.clip_id, clip.split),
                clip.signer,
                outcome.segment,
                content,
            )
