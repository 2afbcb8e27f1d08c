"""fractions: how accuracy grows with the labels, fine-tuned with and without pretraining."""

from collections import defaultdict
from collections.abc import Sequence
from functools import cache
from itertools import product
from pathlib import Path

import numpy as np

from signpipe.cliptable import Clip
from signpipe.evaluation.protocols.cells import Start, Trainer, find_start
from signpipe.evaluation.protocols.common import (
    Measured,
    Plan,
    Request,
    Scored,
    figures,
    fingerprint,
    seen_in_pretraining,
)
from signpipe.evaluation.protocols.frozen import Members, members
from signpipe.evaluation.schema import Cell
from signpipe.progress import note
from signpipe.training import finetune
from signpipe.workspace import Workspace

PRETRAINED = "pretrained"


def plan(workspace: Workspace, request: Request) -> Plan:
    """Raises SignpipeError if there is no clip to learn from or to score."""
    start = find_start(workspace, request, scratch=False)
    chosen = members(workspace, start.parts, request.split)
    starts: dict[str, Path | None] = {PRETRAINED: start.backbone} if start.backbone else {}
    if request.from_scratch or not start.backbone:
        starts[finetune.SCRATCH] = None
    pool = start.unlabelled(workspace, chosen.used)
    data = fingerprint(start.parts, chosen.used + pool)
    given = request.given("fractions", "seeds", "bootstrap", "level")
    return Plan(
        protocol="fractions",
        stage=start.stage,
        run=start.run,
        split=request.split,
        split_from=chosen.how,
        clips=chosen.scored,
        signs=len(chosen.signs),
        unknown=chosen.unknown,
        seen=seen_in_pretraining(workspace, start.sha256, chosen.scored),
        data=data,
        settings=given | {"finetune": start.settings.model_dump(mode="json")},
        inputs={"encoder": start.sha256, "data": data, "starts": list(starts)},
        measure=lambda folder: _measure(workspace, request, start, chosen, pool, starts, folder),
        headline=f"the largest fraction, {next(iter(starts))}, mean over the seeds",
        resumable=True,
    )


def _measure(
    workspace: Workspace,
    request: Request,
    start: Start,
    chosen: Members,
    pool: list[Clip],
    starts: dict[str, Path | None],
    folder: Path,
) -> Measured:
    asked = request.settings
    trainer = Trainer(workspace, start.parts, chosen.how, folder)
    cells: list[Cell] = []
    summary: list[Cell] = []
    # The labels that a fraction leaves out are hidden, not the clips.
    graph = cache(lambda: start.graph(chosen.train + pool))
    count = len(asked.fractions) * len(starts) * len(asked.seeds)
    for fraction, name in product(sorted(asked.fractions), starts):
        of: dict[str, str | int | float] = {"fraction": fraction, "start": name}
        seeded: list[Scored] = []
        for seed in asked.seeds:
            note(f"fractions: {len(cells) + 1} of {count}, {fraction:.0%} {name}, seed {seed}")
            train = stratified(chosen.train, fraction, seed)
            settings = start.settings.model_copy(update={"seed": seed})
            clips, key = train + chosen.val, f"{fraction:g}-{name}-{seed}"
            began = (starts[name], graph if starts[name] else lambda: None)
            scored, weight = trainer.cell(key, settings, clips, chosen.scored, *began)
            seeded.append(scored)
            cells.append(
                Cell(
                    of=of | {"seed": seed},
                    clips=len(chosen.scored),
                    streams=figures([scored], asked)[0],
                    joint_weight=weight,
                    trained_on=len(train),
                )
            )
        streams, how = figures(seeded, asked)
        own = cells[-len(seeded) :]
        summary.append(
            Cell(
                of=of,
                clips=len(chosen.scored),
                streams=streams,
                trained_on=own[0].trained_on,
                cells=len(seeded),
            )
        )
    first = next(cell for cell in summary if cell.of["fraction"] == max(asked.fractions))
    return Measured(
        streams=first.streams,
        selection=finetune.selection(start.settings, bool(chosen.val))
        + "; the same val for every fraction",
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
