"""evaluate: how good a run is on a named split, by one of the field's protocols.

The protocols are modules of `signpipe.evaluation.protocols`; what all of them leave behind is
described in `signpipe.evaluation.schema`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from signpipe.errors import SignpipeError
from signpipe.evaluation import split_use_log
from signpipe.evaluation.protocols import (
    cross_signer,
    cross_validation,
    few_shot,
    finetuned,
    fractions,
    knn,
    linear,
    open_set,
    retrieval,
)
from signpipe.evaluation.protocols.common import Measured, Plan, Request, by_signer
from signpipe.evaluation.protocols.tables import write_tables
from signpipe.evaluation.schema import VERSION, Metrics, read_metrics, write_metrics
from signpipe.progress import note
from signpipe.settings import EvaluateSettings, under_new_names
from signpipe.splits import VAL
from signpipe.training import training_runs
from signpipe.vocabulary import split_named
from signpipe.workspace import Workspace, read_json

PROTOCOLS: dict[str, Callable[[Workspace, Request], Plan]] = {
    "finetuned": finetuned.plan,
    "linear": linear.plan,
    "knn": knn.plan,
    "fractions": fractions.plan,
    "few-shot": few_shot.plan,
    "cross-signer": cross_signer.plan,
    "cross-validation": cross_validation.plan,
    "open-set": open_set.plan,
    "retrieval": retrieval.plan,
}


FROM_SCRATCH = ("fractions", "cross-signer", "open-set")


@dataclass(frozen=True)
class EvaluateResult:
    """`metrics` is what metrics.json holds.

    It is empty where no clip is left to score; `unknown` then says in a sentence what can be known.
    """

    folder: Path
    metrics: dict[str, Any]
    already: bool
    unknown: str = ""


def run(
    workspace: Workspace,
    settings: EvaluateSettings | None = None,
    *,
    protocol: str = "finetuned",
    split: str = VAL,
    run: str | None = None,
    encoder: str | None = None,
    from_scratch: bool = False,
    redo: bool = False,
) -> EvaluateResult:
    """Score `split` by a protocol.

    `finetuned` scores the recogniser of the fine-tuning run `run` (default: the newest). The others
    start from `encoder` (a pretraining run or an encoder file, default: the newest), and `run`
    names the result (default: as the encoder's run); `from_scratch` lets fractions, cross-signer
    and open-set train without an encoder (fractions: as well). Writes metrics.json and the tables
    and pictures beside it to `evaluate/<run>-<split>/`, other protocols to
    `evaluate/<run>-<protocol>-<split>/`.
    Where clips are so few that an automatic split has no val or test, they are left out in turn
    instead (cross-validation).
    Raises SignpipeError if there is nothing to score or to score with.
    """
    if protocol not in PROTOCOLS:
        raise SignpipeError(f"there is no protocol {protocol!r}; there are {', '.join(PROTOCOLS)}")
    _refuse_what_has_no_say(protocol, encoder, from_scratch)
    asked = settings or EvaluateSettings()
    split = split_named(split) or split  # dev is val
    request = Request(split, run, encoder, from_scratch, redo, asked)
    instead = False
    if protocol == "finetuned" and cross_validation.stands_in(workspace, request):
        protocol, instead = "cross-validation", True
    try:
        plan = PROTOCOLS[protocol](workspace, request)
    except cross_validation.NothingToScore as error:
        return EvaluateResult(workspace.root / "evaluate", {}, False, str(error))
    if instead:
        note(f"clips are too few for a split {split}: some are left out in turn instead")
    infix = "" if protocol == "finetuned" else f"{protocol}-"
    name = f"{plan.run}-{infix}{re.sub('[^A-Za-z0-9._-]', '_', plan.split)}"
    folder = workspace.run("evaluate", name)
    path = folder / "metrics.json"
    with workspace.lock(f"evaluate-{name}"):
        if path.exists() and not redo:
            metrics = read_json(path)
            with_what = under_new_names(metrics.get("settings") or {})
            then = (metrics.get("version"), metrics.get("inputs"), with_what)
            if then == (VERSION, plan.inputs, plan.settings):
                metrics = read_metrics(path).model_dump(mode="json")  # checked
                return EvaluateResult(folder, metrics, already=True)
        made = folder
        if plan.resumable:
            made = (
                training_runs.begin(folder, plan.settings, plan.inputs, path.name, redo) or folder
            )
        measured = plan.measure(made)
        (made / path.name).unlink(missing_ok=True)  # of an older result, whose tables now go
        if measured.scored:
            write_tables(made, measured.scored, measured.calibration)
        before = split_use_log.count(workspace, plan.split)
        split_use_log.add(workspace, plan.split, plan.run, protocol)
        # Last: its presence says that the rest is whole.
        metrics = write_metrics(made / path.name, _metrics(plan, measured, before))
        training_runs.end(made, folder)
    return EvaluateResult(folder, metrics, already=False)


def _refuse_what_has_no_say(protocol: str, encoder: str | None, from_scratch: bool) -> None:
    if protocol in ("finetuned", "cross-validation") and encoder:
        raise SignpipeError("--encoder is for the other protocols; --run names a fine-tuning run")
    if from_scratch and protocol not in FROM_SCRATCH:
        raise SignpipeError(f"--from-scratch has no say in {protocol}, which trains no encoder")
    if from_scratch and encoder and protocol != "fractions":
        raise SignpipeError("--encoder and --from-scratch exclude each other")


def _metrics(plan: Plan, measured: Measured, before: dict[str, int]) -> Metrics:
    return Metrics(
        protocol=plan.protocol,
        split=plan.split,
        stage=plan.stage,
        run=plan.run,
        clips=len(plan.clips),
        signers=sorted({clip.signer for clip in plan.clips}),
        streams=measured.streams,
        headline=plan.headline,
        averages=plan.averages,
        both=plan.both,
        joint_weight=measured.joint_weight,
        selection=measured.selection,
        chosen=measured.chosen,
        signs=plan.signs,
        signs_scored=len({clip.label for clip in plan.clips}),
        clips_of_unknown_signs=plan.unknown,
        clips_seen_in_pretraining=plan.seen.clips if plan.seen else None,
        signers_seen_in_pretraining=list(plan.seen.signers) if plan.seen else None,
        split_from=plan.split_from,
        bootstrap=measured.bootstrap,
        calibration=measured.calibration,
        cells=measured.cells,
        summary=measured.summary,
        open_set=measured.open_set,
        rejected=measured.rejected,
        by_signer=by_signer(measured.scored) if measured.scored else [],
        data=plan.data,
        scored_before=sum(before.values()),
        scored_by=before,
        settings=plan.settings,
        inputs=plan.inputs,
    )
