"""What pretraining is worth on real signers; run by hand, it takes hours on two cores.

    python tests/bench/accuracy.py WORKSPACE [--epochs N] [--fractions ...] [--seeds ...]

Imports the shared keypoints, pretrains on train + unlabelled, and prints tables of val and of the
personal signers (top-1 and mean-class, mean and spread over the seeds): few-shot, signer by signer;
scratch, k-NN, linear and fine-tuned by stream and label fraction; and val's signers one by one.
Everything is kept in WORKSPACE: stopped, the same command goes on. Test is never scored.
"""

import argparse
import os
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, get_args

from signpipe.evaluation import evaluate
from signpipe.evaluation.protocols import knn, linear
from signpipe.evaluation.protocols.common import Request, averaged
from signpipe.evaluation.protocols.fractions import stratified
from signpipe.evaluation.protocols.frozen import find, members
from signpipe.evaluation.schema import Figures
from signpipe.extraction import import_keypoints
from signpipe.settings import (
    Classifier,
    EvaluateSettings,
    FinetuneSettings,
    PretrainSettings,
    resolve,
)
from signpipe.training import finetune, pretrain
from signpipe.workspace import Workspace

DATA = Path(__file__).parents[3] / "shared" / "data"
STREAMS = ("joint", "motion", "both")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--epochs", type=int, help="of pretraining; default: the preset's")
    parser.add_argument("--fractions", type=float, nargs="+", default=[1.0, 0.1, 0.05, 0.01])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    keypoints = Path(os.environ.get("SIGNPIPE_SHARED_DATA", DATA)) / "keypoints"
    import_keypoints.run(workspace, sorted(keypoints.glob("*.h5")), labels=keypoints / "clips.csv")
    changes = {} if given.epochs is None else {"epochs": given.epochs}
    pretrain.run(workspace, resolve(PretrainSettings, changes=changes))
    few_shot(workspace)
    print("| labels | method | " + " | ".join(STREAMS) + " |\n|---|---|---|---|---|", flush=True)
    for fraction in given.fractions:
        for method, streams in frozen(workspace, fraction, given.seeds):
            print_row(f"{fraction:.0%}", method, streams)
    for fraction in given.fractions:
        for method, streams in finetuned(workspace, fraction, given.seeds):
            print_row(f"{fraction:.0%}", method, streams)
    one_by_one(workspace)


def frozen(
    workspace: Workspace, fraction: float, seeds: Sequence[int]
) -> Iterator[tuple[str, dict[str, Figures]]]:
    """k-NN and linear on val with a share of the labels; seeds differ in the clips drawn."""
    request = Request(encoder="default", settings=EvaluateSettings(bootstrap=100))
    encoder = find(workspace, request)
    whole = members(workspace, encoder.parts, "val")
    for method, measured in (("k-NN", knn.measured), ("linear", linear.measured)):
        each = []
        for seed in seeds if fraction < 1 else seeds[:1]:  # with all labels nothing is drawn
            some = replace(whole, train=stratified(whole.train, fraction, seed))
            each.append(measured(request, encoder, some).streams)
        yield method, {stream: averaged([one[stream] for one in each]) for stream in STREAMS}


def finetuned(
    workspace: Workspace, fraction: float, seeds: Sequence[int]
) -> Iterator[tuple[str, dict[str, Figures]]]:
    """Fine-tuned from the encoder and from scratch on val with a share of the labels.

    With both classifiers, since the better one differs: each start deserves its best.
    """
    for classifier in get_args(Classifier):
        settings = EvaluateSettings(
            fractions=(fraction,),
            seeds=tuple(seeds),
            finetune=FinetuneSettings(classifier=classifier),
        )
        run = f"bench-{fraction:g}-{classifier}"
        asked = {"protocol": "fractions", "split": "val", "run": run, "encoder": "default"}
        result = evaluate.run(workspace, settings, **asked, from_scratch=True)
        for cell in result.metrics["summary"]:
            method = f"{cell['of']['start']}, classifier={classifier}"
            yield method, {s: Figures(**cell["streams"][s]) for s in STREAMS}


def one_by_one(workspace: Workspace) -> None:
    """Top-1 of both streams for every signer of val, with all labels: pretrained and scratch."""
    found: dict[str, dict[str, tuple[int, float]]] = {}
    for name in ("default", "scratch"):
        scratch = name == "scratch"
        encoder = None if scratch else "default"
        finetune.run(workspace, run=name, encoder=encoder, from_scratch=scratch)
        for cell in evaluate.run(workspace, run=name, split="val").metrics["by_signer"]:
            own = found.setdefault(cell["of"]["signer"], {})
            own[name] = cell["clips"], cell["streams"]["both"]["top1"]
    print("| signer | clips | fine-tuned | scratch |\n|---|---|---|---|")
    for signer, own in sorted(found.items(), key=lambda item: item[1]["default"][1]):
        clips, best = own["default"]
        print(f"| {signer} | {clips} | {best:.0%} | {own['scratch'][1]:.0%} |", flush=True)


def few_shot(workspace: Workspace) -> None:
    """Nearest class means and a linear head within each personal signer."""
    settings = EvaluateSettings(head=True, draws=20)
    result = evaluate.run(
        workspace, settings, protocol="few-shot", split="personal", encoder="default"
    )
    print("| k | features | classifier | " + " | ".join(STREAMS) + " | both, by signer |")
    print("|---|---|---|---|---|---|---|")
    for cell in result.metrics["summary"]:
        of = cell["of"]
        shares = " | ".join(_shares(Figures(**cell["streams"][s])) for s in STREAMS)
        signers = " ".join(_by_signer(result.metrics["cells"], of))
        print(f"| {of['shots']} | {of['features']} | {of['classifier']} | {shares} | {signers} |")
    print(flush=True)


def _by_signer(cells: list[dict[str, Any]], of: dict[str, Any]) -> Iterator[str]:
    for cell in cells:
        if of.items() <= cell["of"].items():
            yield f"{cell['of']['signer']} {cell['streams']['both']['top1']:.0%}"


def print_row(labels: str, method: str, streams: dict[str, Figures]) -> None:
    """One line of the table, such as `79.5±0.3/58.1±0.4` for each stream."""
    shown = [_shares(streams[stream]) for stream in STREAMS]
    print(f"| {labels} | {method} | " + " | ".join(shown) + " |", flush=True)


def _shares(figures: Figures) -> str:
    names = ("top1", "mean_class")
    spread = {name: f"±{figures.spread[name]:.1%}" if figures.spread else "" for name in names}
    return "/".join(f"{getattr(figures, name):.1%}{spread[name]}" for name in names)


if __name__ == "__main__":
    main()
