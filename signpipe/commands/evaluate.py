"""evaluate: how often a run is right."""

import json
from statistics import median
from typing import TYPE_CHECKING, Annotated, Any

import typer

from signpipe.commands.options import (
    ENCODER,
    FileOption,
    JsonOption,
    PresetOption,
    RedoOption,
    SetOption,
    WorkspaceOption,
    changes,
)
from signpipe.commands.output import print_streams
from signpipe.evaluation.schema import Protocol
from signpipe.settings import EvaluateSettings, resolve
from signpipe.wording import counted, times
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.evaluation.evaluate import EvaluateResult


LOWEST = 3  # signers that are listed


def evaluate(
    workspace: WorkspaceOption = DEFAULT,
    protocol: Annotated[Protocol, typer.Option(help="How to measure; see above.")] = ("finetuned"),
    split: Annotated[str, typer.Option(help="Which clips; test is for the final figure.")] = "val",
    run: Annotated[
        str | None,
        typer.Option(
            "--run",
            help="finetuned: the fine-tuning run to score (default: the newest); otherwise a name "
            "for the result (default: that of the encoder).",
        ),
    ] = None,
    encoder: Annotated[
        str | None,
        typer.Option(
            help=f"For all protocols but finetuned. {ENCODER}; default: the newest, or without one "
            "shipped."
        ),
    ] = None,
    from_scratch: Annotated[
        bool,
        typer.Option(
            "--from-scratch",
            help="fractions: without pretraining as well; cross-signer, open-set: without it.",
        ),
    ] = False,
    preset: PresetOption = "compact",
    settings: FileOption = None,
    set_: SetOption = None,
    json_: JsonOption = False,
    redo: RedoOption = False,
) -> None:
    """How often it is right: joint, motion and both, by one of the field's protocols.

    All protocols but the first start from an encoder; what is chosen is chosen on val.

    - `finetuned`: the recogniser of a fine-tuning run, with its calibration.
    - `linear`: the encoder is frozen, batch-norm statistics too; only a linear classifier learns.
    - `knn`: nothing learns; the nearest training clips name a clip.
    - `fractions`: fine-tunes with 1 to 100 % of the labels, several seeds; `--from-scratch` does
      so without pretraining as well.
    - `few-shot`: 1, 3 and 5 clips a sign are shown, within each signer; beside it random weights
      and raw keypoints.
    - `cross-validation`: clips are left out in turn, a signer's or one of every sign at a time;
      `finetuned` does so by itself where no clip is left for val or test.
    - `cross-signer`: signers are held out in turn, and named by a recogniser fine-tuned without
      them; rotates over train and val, and the split named.
    - `retrieval`: a dictionary of 1, 5 or all clips a sign is searched by signers who are not in
      it (`--set whose=own`: a signer's by that signer): recall, mean reciprocal rank, discounted
      cumulative gain; beside it the features without time warping, random weights, raw keypoints,
      and warping alone.
    - `open-set`: signs are held out in turn; how well clips of them, and of idle people (label
      `_idle`), are told from clips of the signs that were learned, and what "none of these" costs.

    Lists and numbers are settings: `--set 'fractions=[0.05,1]'`, `--set 'seeds=[0]'`,
    `--set folds=0` (each signer alone), `--set within=split`, `--set head=true`
    (few-shot with a linear head), and
    `--set finetune.epochs=5` for what is fine-tuned; `signpipe settings evaluate` lists them. What
    was fine-tuned is kept: interrupted, the same command goes on from there.

    `metrics.json` holds top-1, top-5 and their means over signs for joint, motion and both, with
    95 % intervals over signers (over clips, and a note, where signers are unknown), what was chosen
    and how, the split, its signers, the data's fingerprint, and how often the split had been scored
    before. Where every clip is named once, `by_signer` has the figures of each signer alone, for a
    mean hides whom a recogniser fails. Test is scored only with `--split test`.
    """
    from signpipe.evaluation import evaluate as stage

    result = stage.run(
        Workspace(workspace),
        resolve(EvaluateSettings, preset, settings, changes(set_)),
        protocol=protocol,
        split=split,
        run=run,
        encoder=encoder,
        from_scratch=from_scratch,
        redo=redo,
    )
    if json_:
        print(
            json.dumps(result.metrics or {"unknown": result.unknown}, indent=2, ensure_ascii=False)
        )
    else:
        show(result)


def show(result: "EvaluateResult") -> None:
    """Show the figures of every stream, and what they were measured on."""
    if result.unknown:
        print(result.unknown)
        return
    metrics = result.metrics
    signers = [signer for signer in metrics["signers"] if signer]
    by = counted(len(signers), "signer") if signers else "signers unknown"
    print(
        f"{metrics['protocol']}, run {metrics['run']} on split {metrics['split']}: "
        f"{counted(metrics['clips'], 'clip')}, {metrics['signs_scored']} of "
        f"{counted(metrics['signs'], 'sign')}, {by}"
    )
    print_streams(metrics)
    if metrics["cells"]:
        print(f"(these are: {metrics['headline']})")
    if metrics["protocol"] == "retrieval":
        _retrieval(metrics["summary"])
    elif metrics["summary"]:
        _summary(metrics["summary"])
    if metrics["bootstrap"]:
        _intervals(metrics)
    if metrics.get("open_set"):
        _open_set(metrics["open_set"])
    if metrics.get("rejected") is not None:
        print(f'answered with "none of these": {metrics["rejected"]:.1%} of these clips')
    _by_signer(metrics.get("by_signer", []))
    for stream, calibration in metrics["calibration"].items():
        print(f"expected calibration error of {stream}: {calibration['expected_error']:.3f}")
    if metrics["clips_of_unknown_signs"]:
        left_out = counted(metrics["clips_of_unknown_signs"], "clip")
        print(f"left out, of signs it never learned: {left_out}")
    if metrics["clips_seen_in_pretraining"]:
        seen = counted(metrics["clips_seen_in_pretraining"], "was", "were")
        print(f"{seen} seen in pretraining, without labels")
    if metrics.get("signers_seen_in_pretraining"):
        seen = counted(len(metrics["signers_seen_in_pretraining"]), "signer")
        print(f"of {seen} the encoder has seen clips in pretraining, without labels")
    if metrics["split"] == "val":
        print("val was chosen on, so these figures flatter; --split test reports")
    elif metrics["scored_before"]:
        print(f"{metrics['split']} had been scored {times(metrics['scored_before'])} before this")
    print(f"details: {result.folder}")


def _summary(cells: list[dict[str, Any]]) -> None:
    """A line a cell: top-1 and mean-class of every stream, in per cent."""
    names = list(cells[0]["streams"])
    width = max(len(_of(cell)) for cell in cells)
    print(f"{'top-1/mean-class':{width}}" + "".join(f"{name:>12}" for name in names))
    for cell in cells:
        pairs = [(f["top1"], f["mean_class"]) for f in cell["streams"].values()]
        shown = "".join(f"{f'{100 * top:.1f}/{100 * mean:.1f}':>12}" for top, mean in pairs)
        print(f"{_of(cell):{width}}{shown}")


def _retrieval(cells: list[dict[str, Any]]) -> None:
    """A line a cell: recall at 1, 5 and 10, mean reciprocal rank and gain, in per cent."""
    names = {"top1": "R@1", "top5": "R@5", "top10": "R@10", "mrr": "MRR", "dcg": "DCG"}
    width = max(len(_of(cell)) for cell in cells)
    print(" " * width + "".join(f"{name:>8}" for name in names.values()) + "   clips")
    for cell in cells:
        (found,) = cell["streams"].values()
        shown = "".join(f"{100 * found[name]:8.1f}" for name in names)
        print(f"{_of(cell):{width}}{shown}{cell['clips']:8}")


def _of(cell: dict[str, Any]) -> str:
    return ", ".join(f"{name} {value}" for name, value in cell["of"].items())


def _intervals(metrics: dict[str, Any]) -> None:
    """The intervals of the last stream, which is the answer."""
    how = metrics["bootstrap"]
    stream, figures = list(metrics["streams"].items())[-1]
    shown = (("top1", "top-1"), ("mean_class", "mean-class"))
    texts = [
        f"{name} {figures['intervals'][key][0]:.1%} to {figures['intervals'][key][1]:.1%}"
        for key, name in shown
        if key in figures["intervals"]
    ]
    if texts:
        note = f" ({how['note']})" if how["note"] else ""
        head = f"{how['level']:.0%} interval over {how['over']} of {stream}"
        print(f"{head}: {', '.join(texts)}{note}")


def _open_set(found: dict[str, Any]) -> None:
    """How well clips of other signs are told apart, and what it costs to say so."""
    print(f"clips that show none of its signs, told by {found['score']}:")
    for one in found["separations"]:
        if one["score"] == found["score"]:
            low, high = one["intervals"]["auroc"]
            print(
                f"  {one['unknown']} ({counted(one['clips'], 'clip')}): AUROC {one['auroc']:.3f} "
                f"({low:.3f} to {high:.3f}); {one['false_answers']:.1%} are named where "
                f"{found['kept']:.0%} of the signs are kept"
            )
    if found["without_threshold"]:
        folds = counted(found["without_threshold"], "fold")
        print(f"  {folds} of {found['folds']} had too few clips to choose a threshold by")
    named = ", ".join(f"{share:.1%} of {kind}" for kind, share in found["false_answers"].items())
    print(
        f"by the recognisers' own thresholds: top-1 {found['accuracy_with_rejection']:.1%} instead "
        f"of {found['accuracy']:.1%}, {found['rejected']:.1%} of known signs rejected; named all "
        f"the same: {named}"
    )
    errors = (f"{what} {c['expected_error']:.3f}" for what, c in found["calibration"].items())
    print(f"expected calibration error: {', '.join(errors)}")


def _by_signer(cells: list[dict[str, Any]]) -> None:
    """How far apart the signers are in the last stream, and whom it fails most."""
    if len(cells) < 2:
        return
    stream = list(cells[0]["streams"])[-1]
    ranked = sorted(cells, key=lambda cell: cell["streams"][stream]["top1"])
    tops = [cell["streams"][stream]["top1"] for cell in ranked]
    print(
        f"{len(cells)} signers, top-1 of {stream}: {tops[0]:.1%} to {tops[-1]:.1%}, "
        f"median {median(tops):.1%}; the lowest:"
    )
    for cell, top in zip(ranked[:LOWEST], tops, strict=False):
        print(f"  {cell['of']['signer']}: {top:.1%} of {counted(cell['clips'], 'clip')}")
