"""fractions: how accuracy grows with the labels, fine-tuned with and without pretraining.

What pretraining gives shows beside two stronger references: the encoder without pseudo-labels, and
scratch with more epochs.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from signpipe.cliptable import Clip
from signpipe.evaluation.predictions import cell_file, cell_name, write_predictions
from signpipe.evaluation.protocols.cells import CellTrainer, Start, find_start
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    figures,
)
from signpipe.evaluation.protocols.frozen import Members, members
from signpipe.evaluation.schema import Cell
from signpipe.progress import note
from signpipe.settings import FinetuneSettings
from signpipe.training import finetune
from signpipe.workspace import Workspace

PRETRAINED, LABELLED_ONLY, LONG = "pretrained", "pretrained-labelled-only", "scratch-long"
LONGER = 5  # times the epochs, of which val chooses one: scratch learns more slowly


@dataclass(frozen=True)
class Row:
    """One way to learn from a part of the labels: from an encoder or from scratch, and how."""

    backbone: Path | None
    settings: FinetuneSettings


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no clip to learn from or to score."""
    start = find_start(workspace, request, scratch=False)
    chosen = members(workspace, start.parts, request.split)
    rows = _rows(start, request.from_scratch or not start.backbone)
    pool = start.unlabelled(workspace, chosen.used)
    return start.plan(
        workspace,
        request,
        ("fractions", "seeds", "bootstrap", "level"),
        chosen.used + pool,
        chosen.scored,
        protocol="fractions",
        split=request.split,
        split_from=chosen.how,
        signs=len(chosen.signs),
        unknown=chosen.unknown,
        inputs={"starts": list(rows)},
        measure=lambda folder: _measure(workspace, request, start, chosen, pool, rows, folder),
        headline=f"the largest fraction, {next(iter(rows))}, mean over the seeds",
    )


def _rows(start: Start, scratch: bool) -> dict[str, Row]:
    """What is compared, by name; the first is the headline."""
    settings, rows = start.settings, {}
    if start.backbone:
        rows[PRETRAINED] = Row(start.backbone, settings)
        if settings.unlabelled:
            alone = settings.model_copy(update={"unlabelled": 0.0})
            rows[LABELLED_ONLY] = Row(start.backbone, alone)
    if scratch:
        rows[finetune.SCRATCH] = Row(None, settings)
        longer = settings.model_copy(update={"epochs": LONGER * settings.epochs})
        rows[LONG] = Row(None, longer)
    return rows


def _measure(
    workspace: Workspace,
    request: Request,
    start: Start,
    chosen: Members,
    pool: list[Clip],
    rows: dict[str, Row],
    folder: Path,
) -> Measured:
    asked = request.settings
    trainer = CellTrainer(workspace, start.parts, chosen.how, folder)
    cells: list[Cell] = []
    summary: list[Cell] = []
    # The labels that a fraction leaves out are hidden, not the clips.
    graph = cache(lambda: start.graph(pool, chosen.train))
    count = len(asked.fractions) * len(rows) * len(asked.seeds)
    for fraction, (name, row) in product(sorted(asked.fractions), rows.items()):
        of: dict[str, str | int | float] = {"fraction": fraction, "start": name}
        seeded: list[Scored] = []
        for seed in asked.seeds:
            note(f"fractions: {len(cells) + 1} of {count}, {fraction:.0%} {name}, seed {seed}")
            train = stratified(chosen.train, fraction, seed)
            settings = row.settings.model_copy(update={"seed": seed})
            clips, own = train + chosen.val, of | {"seed": seed}
            unlabelled = pool or len(train) < len(chosen.train)
            guided = row.backbone and settings.unlabelled and unlabelled
            began = (row.backbone, graph if guided else lambda: None)
            scored, weight = trainer.cell(cell_name(own), settings, clips, chosen.scored, *began)
            write_predictions(cell_file(folder, own), scored.clips, scored.signs, scored.logits)
            seeded.append(scored)
            cells.append(
                Cell(
                    of=own,
                    clips=len(chosen.scored),
                    streams=figures([scored], asked)[0],
                    joint_weight=weight,
                    trained_on=len(train),
                )
            )
        streams, how = figures(seeded, asked)
        summary.append(
            Cell(
                of=of,
                clips=len(chosen.scored),
                streams=streams,
                trained_on=cells[-1].trained_on,
                cells=len(seeded),
            )
        )
    first = next(cell for cell in summary if cell.of["fraction"] == max(asked.fractions))
    return Measured(
        streams=first.streams,
        selection=finetune.selection(start.settings, bool(chosen.val))
        + f"; the same val for every fraction; {LONG}: of {LONGER} times the epochs",
        bootstrap=how,
        cells=cells,
        summary=summary,
    )


def stratified(clips: Sequence[Clip], fraction: float, seed: int) -> list[Clip]:
    """`fraction` of every sign's clips, at least one; of the same seed a smaller one is a part."""
    by_sign: dict[str, list[Clip]] = defaultdict(list)
    for clip in sorted(clips, key=lambda clip: clip.clip_id):
        by_sign[clip.label].append(clip)
    rng = np.random.default_rng(seed)
    kept: list[Clip] = []
    for _, own in sorted(by_sign.items()):
        order = rng.permutation(len(own))
        kept += [own[i] for i in order[: max(1, round(fraction * len(own)))]]
    return kept
