"""report results: one page with a paper's tables and pictures, from what the runs left behind.

Nothing is scored here. Only for the picture of the embeddings clips go through the encoders.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from torch import nn

from signpipe.errors import SignpipeError
from signpipe.evaluation import split_use_log
from signpipe.model.backbone import load_backbone, new_encoders, read_backbone_card
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.model.stream_classifiers import load_recognizer
from signpipe.parts.store import open_parts
from signpipe.pictures.page import Page
from signpipe.progress import track
from signpipe.report.report_page import reported_clips, write_report
from signpipe.report.results.ablation import groups, trials
from signpipe.report.results.embedding import LEAST, Embedded, sample, tsne
from signpipe.report.results.evaluations import (
    Evaluation,
    main_evaluation,
    marked,
    read_evaluations,
)
from signpipe.report.results.footage_reader import FootageReader
from signpipe.report.results.report_writer import folder_of
from signpipe.report.results.run_histories import read_runs
from signpipe.report.results.single_changes import single_changes
from signpipe.report.results_page import LEAD, TITLE, ResultsFindings, build
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.training.features import embed, join, unit
from signpipe.training.loop import pick_device
from signpipe.training.training_runs import ENCODER
from signpipe.wording import counted
from signpipe.workspace import Workspace, sha256_while_unchanged

STAGES = ("pretrain", "finetune")


@dataclass(frozen=True)
class ResultsReport:
    """The page, the folder of the files behind it, how many evaluations it tells of; (what,
    command) for what cannot be shown yet; and which results are unread and why."""

    path: Path
    folder: Path
    evaluations: int
    missing: tuple[tuple[str, str], ...]
    unread: tuple[str, ...]


def run(workspace: Workspace, *, out: Path | str | None = None) -> ResultsReport:
    """Write a self-contained HTML page; `out` defaults to `report/results.html` inside.

    The PNG and CSV behind it lie in a folder of the page's name beside it. What has not been run is
    named on the page with the command that does it; what cannot be read is named too, and the rest
    goes on. Raises SignpipeError if there is no clip table, or something cannot be written.
    """
    reported_clips(workspace)
    path = Path(out or workspace.root / "report" / "results.html")
    folder = folder_of(path)
    findings = gather(workspace)
    reader = FootageReader(workspace)
    report = write_report(
        workspace, path, Page(TITLE, LEAD), lambda report: build(findings, report, reader)
    )
    return ResultsReport(
        path, folder, len(findings.evaluations), tuple(report.missing), tuple(findings.unread)
    )


def gather(workspace: Workspace) -> ResultsFindings:
    """Read all that the page tells."""
    evaluations, unread = read_evaluations(workspace)
    evaluations = marked(workspace, evaluations)
    runs = {}
    for stage in STAGES:
        runs[stage], more = read_runs(workspace, stage)
        unread += more
    main = main_evaluation(evaluations)
    if main:
        try:
            _ = main.predictions
        except SignpipeError as error:
            unread.append(str(error))
            main = None
    splits = {name for one in evaluations for name in one.metrics.split.split("+")}
    return ResultsFindings(
        runs=runs,
        evaluations=evaluations,
        main=main,
        compared=groups(trials(evaluations, runs["pretrain"], runs["finetune"])),
        changed=single_changes(evaluations, runs["pretrain"]),
        embedded=_embedded(workspace, main) if main else [],
        scored={name: sum(split_use_log.count(workspace, name).values()) for name in splits},
        unread=unread,
    )


@dataclass(frozen=True)
class _Source:
    """Encoders to look with, and what they were made for."""

    encoders: nn.ModuleDict
    settings: EncoderSettings
    prepare: PrepareSettings
    joint_weight: float = 0.5


def _embedded(workspace: Workspace, main: Evaluation) -> list[Embedded | str]:
    """The evaluation's clips as its pretrained encoder, and as its recogniser sees them."""
    looks: list[tuple[str, str, Callable[[], _Source | None]]] = [
        ("pretrained", "Pretrained, without labels", lambda: _pretrained(workspace, main)),
        ("finetuned", "Fine-tuned", lambda: _finetuned(workspace, main)),
    ]
    found: list[Embedded | str] = []
    for key, what, load in looks:
        try:
            if source := load():
                found.append(_look(workspace, main, source, key, what))
        except SignpipeError as error:
            found.append(f"{what.lower()}: {error}")
    return found


def _pretrained(workspace: Workspace, main: Evaluation) -> _Source | None:
    """Of the encoder that the evaluation began from, if it is still there."""
    wanted = main.metrics.inputs.get("encoder")
    if wanted is None:
        return None
    own = [workspace.run("pretrain", name) / ENCODER for name in workspace.runs("pretrain")]
    for path in (*own, SHIPPED_FILE):
        if path.exists() and sha256_while_unchanged(path) == wanted:
            card = read_backbone_card(path)
            encoders = new_encoders(card)
            load_backbone(path, encoders)
            return _Source(encoders, card.encoder, card.prepare)
    raise SignpipeError("the encoder that was scored is not in this workspace")


def _finetuned(workspace: Workspace, main: Evaluation) -> _Source | None:
    if main.metrics.stage != "finetune":
        return None
    folder = workspace.run("finetune", main.metrics.run) / "recognizer"
    recognizer, card = load_recognizer(folder)
    if sha256_while_unchanged(folder / "model.safetensors") != main.metrics.inputs.get(
        "recognizer"
    ):
        raise SignpipeError(f"{folder} has been made again since; evaluate again with --redo")
    return _Source(recognizer.encoders, card.encoder, card.prepare, card.joint_weight)


def _look(workspace: Workspace, main: Evaluation, source: _Source, key: str, what: str) -> Embedded:
    parts = open_parts(workspace.parts)
    if source.prepare != PrepareSettings.model_validate(parts.record["settings"]):
        raise SignpipeError(f"{workspace.parts} has been prepared otherwise since")
    predictions = [clip for clip in main.predictions if clip.clip_id in parts.rows]
    if len(predictions) < LEAST:
        few = counted(len(predictions), "clip")
        raise SignpipeError(f"{few} of {main.name} are too few to see it")
    chosen = sample(predictions)
    rows = np.array([parts.rows[clip.clip_id] for clip in chosen], np.int64)
    features = unit(embed(source.encoders.to(pick_device()), parts, rows, source.settings))
    features = join(features, source.joint_weight)
    coordinates = {}
    with track(f"t-SNE, {key}", len(features), "pictures") as tracker:
        for stream, values in features.items():
            coordinates[stream] = tsne(values)
            tracker.advance()
    return Embedded(key, what, chosen, len(predictions), coordinates)
