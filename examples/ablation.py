"""What each ingredient of the pretraining is worth: ablation.py [--workspace W] [--epochs N] ...

Pretrains without and with the consistency of hand and trunk, and without and with the knowledge
transfer between joint and motion, then with other K (neighbours) of the transfer; fine-tunes each
on the labelled clips, and scores it on val. Wants clips in the workspace (`signpipe extract` or
`signpipe import`), some with labels. What is finished is left alone when it is run again. The
defaults are quick; for figures to trust, give epochs, and several seeds.
"""

import argparse
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import signpipe
from signpipe.settings import FinetuneSettings, PretrainSettings, parse_changes, resolve

Row = tuple[str, dict[str, Any]]


def variants(usual: PretrainSettings, neighbours: Sequence[int]) -> Iterator[dict[str, Any]]:
    """The changed settings of every variant: the ingredients, then K."""
    form = usual.consistency if usual.consistency != "none" else "queue"
    transfer = usual.transfer_nearest or max(neighbours)
    for consistency, nearest in (("none", 0), (form, 0), ("none", transfer), (form, transfer)):
        yield {"consistency": consistency, "transfer_nearest": nearest}
    for nearest in neighbours:
        if nearest not in (0, transfer):
            yield {"consistency": form, "transfer_nearest": nearest}


def main(words: argparse.Namespace) -> list[Row]:
    """Run all variants; returns the streams' figures by the name of each."""
    workspace = signpipe.Workspace(words.workspace)
    changes = parse_changes(words.set) | {"epochs": words.epochs}
    usual = resolve(PretrainSettings, words.preset, None, changes)
    changes = parse_changes(words.finetune_set) | {"epochs": words.finetune_epochs}
    learner = resolve(FinetuneSettings, words.preset, None, changes)
    learner = learner.model_copy(update={"encoder": usual.encoder})
    rows: list[Row] = []
    for seed in words.seeds:
        suffix = f"e{words.epochs}-s{seed}"
        seeded = learner.model_copy(update={"seed": seed})
        rows.append(scored(workspace, seeded, f"ablation-scratch-{suffix}", None))
        for change in variants(usual, words.neighbours):
            name = "ablation-{consistency}-k{transfer_nearest}-".format(**change) + suffix
            signpipe.pretrain(
                workspace, usual.model_copy(update={**change, "seed": seed}), run=name
            )
            rows.append(scored(workspace, seeded, name, name))
    return rows


def scored(
    workspace: signpipe.Workspace, learner: FinetuneSettings, name: str, encoder: str | None
) -> Row:
    """Fine-tune from the encoder, or from scratch, and score on val."""
    signpipe.finetune(workspace, learner, run=name, encoder=encoder, from_scratch=not encoder)
    return name, signpipe.evaluate(workspace, run=name).metrics["streams"]


def parser() -> argparse.ArgumentParser:
    """The options."""
    made = argparse.ArgumentParser(description=(__doc__ or "").partition("\n\n")[2])
    add = made.add_argument
    add("-w", "--workspace", type=Path, default=Path("workspace"))
    add("--epochs", type=int, default=4, help="of pretraining")
    add("--finetune-epochs", type=int, default=4)
    add("--neighbours", type=int, nargs="+", default=[16, 64, 256], help="other K to try")
    add("--seeds", type=int, nargs="+", default=[0])
    add("--preset", default="compact")
    add("--set", action="append", default=[], help="a setting of pretrain, name=value")
    add("--finetune-set", action="append", default=[], help="a setting of finetune, name=value")
    return made


if __name__ == "__main__":
    given = parser().parse_args()
    found = main(given)
    print(f"{'top-1 on val':34}" + "".join(f"{name:>8}" for name in ("joint", "motion", "both")))
    for name, streams in found:
        print(f"{name:34}" + "".join(f"{figures['top1']:8.1%}" for figures in streams.values()))
    print(f"tables and pictures: signpipe report -w {given.workspace}")
