"""From videos to a recogniser and its accuracy: which stage comes where."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from signpipe.evaluation import evaluate
from signpipe.evaluation.evaluate import EvaluateResult
from signpipe.extraction import extract
from signpipe.extraction.extract import ExtractResult
from signpipe.extraction.layouts import Layout
from signpipe.parts import prepare
from signpipe.parts.prepare import PrepareResult
from signpipe.settings import TrainSettings, resolve, under_new_names
from signpipe.splits import TEST
from signpipe.training import finetune, pretrain
from signpipe.training.begun import Begun
from signpipe.training.finetune import FinetuneResult
from signpipe.training.pretrain import PretrainResult
from signpipe.workspace import Workspace

RUN = "default"  # of pretrain and finetune
Result = TypeVar("Result")


@dataclass(frozen=True)
class TrainResult:
    """What each stage found and did."""

    extract: ExtractResult
    prepare: PrepareResult
    pretrain: PretrainResult | None
    finetune: FinetuneResult
    evaluate: EvaluateResult


def settings_of(
    workspace: Workspace,
    preset: str | None = None,
    file: Path | None = None,
    changes: dict[str, Any] | None = None,
    *,
    redo: bool = False,
) -> TrainSettings:
    """As `settings.resolve`, but without a `preset` what is not given is as the runs were begun.

    Raises SignpipeError.
    """
    begun = TrainSettings().model_dump()
    for stage in ("pretrain", "finetune"):
        record = Begun.of(workspace.run(stage, RUN), redo).record
        begun |= {stage: under_new_names(record["settings"])} if record else {}
    return resolve(TrainSettings, preset, file, changes, begun)


def run(
    workspace: Workspace,
    videos: Path | str | Sequence[Path | str],
    settings: TrainSettings | None = None,
    *,
    labels: Path | str | None = None,
    layout: Layout | None = None,
    pretraining: bool = False,
    workers: int | None = None,
    redo: bool = False,
    finished: Callable[[str, Any], None] = lambda stage, result: None,
) -> TrainResult:
    """Extract, prepare, fine-tune, and evaluate on test; with `pretraining` pretrain before that.

    Else fine-tuning begins from the workspace's newest encoder, or from the one that comes with
    signpipe. What is done already is not done again, except where clips or labels have changed.
    `redo` trains and evaluates anew, also with other settings than before. `finished` is called
    with a stage's name and its result as it ends. Raises SignpipeError as the stages do.
    """
    s = settings or TrainSettings()

    def done(stage: str, result: Result) -> Result:
        finished(stage, result)
        return result

    extracted = done(
        "extract",
        extract.run(workspace, videos, s.extract, labels=labels, layout=layout, workers=workers),
    )
    prepared = done("prepare", prepare.run(workspace, s.prepare))
    encoder = None
    if pretraining:
        encoder = done("pretrain", pretrain.run(workspace, s.pretrain, run=RUN, redo=redo))
    learned = done("finetune", finetune.run(workspace, s.finetune, run=RUN, redo=redo))
    scored = evaluate.run(workspace, s.evaluate, split=TEST, run=RUN, redo=redo)
    return TrainResult(extracted, prepared, encoder, learned, done("evaluate", scored))
