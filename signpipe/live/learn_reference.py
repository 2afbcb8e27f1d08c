"""The reference of an encoder, from the labelled clips of a workspace."""

from collections import Counter
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from signpipe.cliptable import Clip
from signpipe.live.reference import Reference, load_reference
from signpipe.live.taught_folder import JOINT_WEIGHT, feature_width
from signpipe.model.backbone import load_backbone, new_encoders, read_backbone_card
from signpipe.model.shipped import REFERENCE_FILE, SHIPPED_FILE
from signpipe.parts.store import Parts
from signpipe.training.features import joined
from signpipe.workspace import sha256_of_file

FEWEST, MOST = 200, 20_000  # clips: of fewer, a whitening would be chance


def shipped_reference() -> Reference:
    """Of the encoder that comes with signpipe."""
    width = feature_width(read_backbone_card(SHIPPED_FILE))
    return load_reference(REFERENCE_FILE, sha256_of_file(SHIPPED_FILE), width)


def no_reference(encoder: Path) -> Reference:
    """Of an encoder file of which nothing is known."""
    width = feature_width(read_backbone_card(encoder))
    return Reference.none(sha256_of_file(encoder), width)


def learn_reference(encoder: Path, parts: Parts, clips: Iterable[Clip]) -> Reference:
    """Of an encoder file, from labelled clips in `parts`, which are prepared as it wants them.

    Only signs of which a signer has two clips count; if these are too few, nothing is known.
    """
    card, sha256 = read_backbone_card(encoder), sha256_of_file(encoder)
    usable = [clip for clip in clips if clip.label and clip.clip_id in parts.rows]
    counts = Counter((clip.label, clip.signer) for clip in usable)
    usable = [clip for clip in usable if counts[clip.label, clip.signer] > 1]
    if len(usable) < FEWEST or len({clip.label for clip in usable}) < 2:
        return no_reference(encoder)
    if len(usable) > MOST:
        usable = [usable[i] for i in np.linspace(0, len(usable) - 1, MOST).astype(int)]
    encoders = new_encoders(card)
    load_backbone(encoder, encoders)
    rows = np.array([parts.rows[clip.clip_id] for clip in usable], np.int64)
    features = joined(encoders, parts, rows, card.encoder, JOINT_WEIGHT, ambidextrous=True)
    labels, signers = (
        np.unique([getattr(clip, name) for clip in usable], return_inverse=True)[1]
        for name in ("label", "signer")
    )
    return Reference.fit(sha256, features, labels, signers)
