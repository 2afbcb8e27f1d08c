"""From which distance on no sign of a dictionary is close enough: tried with its own clips."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from signpipe.model.rejection import KEPT, Rejection, threshold_keeping
from signpipe.training.nearest_signs import NearestSigns
from signpipe.wording import counted

QUERIES = 500  # clips that are tried: more would say little more
FEW = 20  # with fewer the threshold would be that of chance


def fit(nearest: NearestSigns, signers: Sequence[str], seed: int = 0) -> Rejection:
    """The distance within which KEPT of the dictionary's clips find a sign, and what it keeps out.

    A clip looks for its sign among the clips of other signers (where they are known, else among all
    others), and then as a stranger among those of the other signs.
    """
    signer = nearest.signers
    across = "" not in signers and _tried(nearest, signer).any()
    if not across:  # every clip by itself
        signer = np.arange(len(signers))
    candidates = np.flatnonzero(_tried(nearest, signer))
    how = "other signers" if across else "other clips, since signers are not known to differ"
    if len(candidates) < FEW:
        few = counted(len(candidates), "clip has", "clips have")
        return Rejection(
            score="distance",
            chosen_on=f"nothing: only {few} another of its sign to be found by, by {how}",
        )
    rng = np.random.default_rng(seed)
    chosen = rng.permutation(candidates)[:QUERIES]
    known, unknown = [], []
    for row in chosen:
        found, stranger = _distances(nearest, row, signer != signer[row])
        known.append(found)
        unknown.append(stranger)
    threshold = threshold_keeping(known, KEPT)
    strangers = [distance for distance in unknown if distance < np.inf]
    return Rejection(
        score="distance",
        threshold=threshold,
        kept=float(np.mean([distance <= threshold for distance in known])),
        known=len(known),
        kept_out=float(np.mean([d > threshold for d in strangers])) if strangers else None,
        unknown=len(strangers),
        chosen_on=f"{counted(len(known), 'clip')} of the dictionary, each looked for among {how}",
    )


def _tried(nearest: NearestSigns, signer: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(C,): the clips whose sign another signer has made too."""
    pairs = np.unique(np.stack([nearest.signs, signer]), axis=1)[0]
    often: NDArray[np.bool_] = np.bincount(pairs, minlength=int(nearest.signs[-1]) + 1) > 1
    return often[nearest.signs]


def _distances(nearest: NearestSigns, row: int, allowed: NDArray[np.bool_]) -> tuple[float, float]:
    """Of the nearest sign among the clips that are allowed, and of the nearest but the clip's own;
    infinite if there is none."""
    assert nearest.sequences is not None
    sequence = nearest.sequences[row].astype(np.float32)
    found = nearest.find(nearest.features[row], sequence, top=2, allowed=allowed)
    others = [one for one in found if one.sign != nearest.signs[row]]
    first, other = (signs[0].distance if signs else np.inf for signs in (found, others))
    return first, other
