"""linear: a softmax classifier on each stream's frozen descriptor."""

from functools import partial

from signpipe.evaluation.linear_probe import probes
from signpipe.evaluation.protocols.common import OF_LOGITS, Measured, Plan, Request
from signpipe.evaluation.protocols.frozen import WEIGHTS, Frozen, Members, Sides, planned, selection
from signpipe.evaluation.protocols.tables import calibrations
from signpipe.model.stream_classifiers import combine
from signpipe.training.metrics import Logits
from signpipe.workspace import Workspace


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no encoder or no clip to score."""
    measure = partial(measured, request)
    return planned(workspace, request, "linear", OF_LOGITS, "inverse_penalties", measure)


def measured(request: Request, frozen: Frozen, members: Members) -> Measured:
    """The probes' result; `members` may hold only some of the labels."""
    sides = Sides.of(frozen, members)
    penalties = request.settings.inverse_penalties
    logits: dict[str, Logits] = {}
    chosen: dict[str, float] = {}
    for stream, known in sides.train.items():
        asked, signs = sides.asked[stream], len(members.signs)
        tried = probes(known, sides.train_labels, asked, signs, penalties)
        chosen[stream], logits[stream] = sides.choose(tried)
    weight = None
    if len(logits) > 1:
        each = ((weight, combine(logits, weight)["both"]) for weight in WEIGHTS)
        weight, logits["both"] = sides.choose(each)
    scored, streams, how = sides.scored(members, logits, request.settings)
    return Measured(
        streams=streams,
        selection=selection("the penalty of each stream, then the streams' weight", members),
        joint_weight=weight,
        chosen={"inverse_penalty": chosen},
        bootstrap=how,
        calibration=calibrations(scored),
        scored=scored,
    )
