"""knn: the nearest labelled clips by their frozen descriptors name a clip."""

from functools import partial
from itertools import chain
from typing import Any

import numpy as np

from signpipe.evaluation.knn_probe import votes
from signpipe.evaluation.protocols.common import Measured, Plan, Request
from signpipe.evaluation.protocols.frozen import WEIGHTS, Frozen, Members, Sides, planned, selection
from signpipe.training.features import join, unit
from signpipe.training.metrics import Logits
from signpipe.workspace import Workspace

BOTH = "similarity is the mean of the streams' cosine similarities, joint weighed by joint_weight"


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no encoder or no clip to score."""
    measure = partial(measured, request)
    return planned(workspace, request, "knn", BOTH, "neighbours", measure)


def measured(request: Request, frozen: Frozen, members: Members) -> Measured:
    """The neighbours' result; `members` may hold only some of the labels."""
    sides = Sides.of(frozen, members)
    ks = request.settings.neighbours
    shares: dict[str, Logits] = {}
    chosen: dict[str, Any] = {}
    for stream, known in sides.train.items():
        asked = sides.asked[stream]
        tried = votes(known, sides.train_labels, asked, len(members.signs), ks)
        chosen[stream], shares[stream] = sides.choose(tried)
    weight = None
    if len(shares) > 1:
        each = chain.from_iterable(_weighed(sides, len(members.signs), ks, w) for w in WEIGHTS)
        (weight, chosen["both"]), shares["both"] = sides.choose(each)
    logits = {stream: np.log(share + np.float32(1e-9)) for stream, share in shares.items()}
    scored, streams, how = sides.scored(members, logits, request.settings)
    return Measured(
        streams=streams,
        selection=selection("k of each stream, for both together with their weight", members),
        joint_weight=weight,
        chosen={"neighbours": chosen},
        bootstrap=how,
        scored=scored,
    )


def _weighed(sides: Sides, signs: int, ks: tuple[int, ...], weight: float) -> Any:
    known = join(unit(sides.train), weight)["both"]
    asked = join(unit(sides.asked), weight)["both"]
    for k, share in votes(known, sides.train_labels, asked, signs, ks):
        yield (weight, k), share
