"""knn: the nearest labelled clips by their frozen descriptors name a clip."""

from functools import partial
from typing import Any

import numpy as np

from signpipe.evaluation.knn_probe import nearest, votes
from signpipe.evaluation.protocols.common import Measured, Plan, Request
from signpipe.evaluation.protocols.frozen import WEIGHTS, Frozen, Members, Sides, planned, selection
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
    ks, streams = request.settings.neighbours, list(sides.train)
    weights = [{stream: 1.0} for stream in streams]
    both = len(streams) > 1
    if both:
        weights += [{"joint": weight, "motion": 1 - weight} for weight in WEIGHTS]
    tables = nearest(sides.train, sides.asked, weights, max(ks))
    tried = [list(votes(one, sides.train_labels, len(members.signs), ks)) for one in tables]
    shares: dict[str, Logits] = {}
    chosen: dict[str, Any] = {}
    for stream, options in zip(streams, tried, strict=False):
        chosen[stream], shares[stream] = sides.choose(options)
    weight = None
    if both:
        weighed = zip(WEIGHTS, tried[len(streams) :], strict=True)
        each = (((weight, k), share) for weight, options in weighed for k, share in options)
        (weight, chosen["both"]), shares["both"] = sides.choose(each)
    logits = {stream: np.log(share + np.float32(1e-9)) for stream, share in shares.items()}
    scored, figures, how = sides.scored(members, logits, request.settings)
    return Measured(
        streams=figures,
        selection=selection("k of each stream, for both together with their weight", members),
        joint_weight=weight,
        chosen={"neighbours": chosen},
        bootstrap=how,
        scored=scored,
    )
