"""What each ingredient of pretraining is worth on real signers; run by hand, it takes an hour.

    python tests/bench/ablation.py WORKSPACE [--epochs N] [--only NAME ...]

In a workspace that accuracy.py has begun. Pretrains briefly, as `compact` does and then with one
thing changed at a time, and prints what the frozen features are worth, by stream: nearest class
means of one and of five clips on the personal signers (top-1, 20 draws), k-NN on val (top-1 and
mean-class). Everything is kept in WORKSPACE: stopped, the same command goes on.
"""

import argparse
from pathlib import Path
from typing import Any

from signpipe.evaluation import evaluate
from signpipe.evaluation.schema import Figures
from signpipe.settings import EvaluateSettings, PretrainSettings, resolve
from signpipe.training import pretrain
from signpipe.workspace import Workspace

STREAMS = ("joint", "motion", "both")
VARIANTS: dict[str, dict[str, Any]] = {
    "compact": {},
    "no neighbours that attract": {"positives": 0},
    "no fused contrast": {"contrast": ["hand", "trunk"]},
    "fused contrast alone": {"contrast": ["fused"]},
    "no consistency": {"consistency": "none"},
    "the paper's consistency": {"consistency": "feature"},
    "no transfer": {"transfer_nearest": 0},
    "no momentum": {"key_momentum": 0.0},
    "a third of the queue": {"queue": 4096},
    "SGD": {"optimizer": "sgd", "learning_rate": 0.01, "weight_decay": 1e-4},
    "the paper's augmentation": {"augmentation": "paper"},
    "no augmentation": {"augmentation": "none"},
}


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--only", nargs="+", choices=VARIANTS, default=list(VARIANTS))
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    print(f"{given.epochs} epochs | k = 1: {', '.join(STREAMS)} | k = 5 | k-NN on val", flush=True)
    for name in given.only:
        run = f"ablation-{given.epochs}-{'-'.join(name.replace(chr(39), '').split())}"
        changes = VARIANTS[name] | {"epochs": given.epochs, "precision": "fp32"}
        pretrain.run(workspace, resolve(PretrainSettings, changes=changes), run=run)
        columns = [*few_shot(workspace, run), nearest(workspace, run)]
        print(" | ".join([f"{name:26}", *columns]), flush=True)


def few_shot(workspace: Workspace, run: str) -> list[str]:
    """Top-1 on the personal signers by nearest class means of pretrained features."""
    settings = EvaluateSettings(draws=20, shots=(1, 5))
    asked = {"protocol": "few-shot", "split": "personal", "encoder": run}
    cells = evaluate.run(workspace, settings, **asked).metrics["summary"]
    own = [cell for cell in cells if cell["of"]["features"] == "pretrained"]
    assert [cell["of"]["shots"] for cell in own] == [1, 5]
    return [" ".join(f"{cell['streams'][s]['top1']:6.1%}" for s in STREAMS) for cell in own]


def nearest(workspace: Workspace, run: str) -> str:
    """Top-1 and mean-class accuracy on val."""
    result = evaluate.run(
        workspace, EvaluateSettings(bootstrap=100), protocol="knn", split="val", encoder=run
    )
    figures = [Figures(**result.metrics["streams"][stream]) for stream in STREAMS]
    return " ".join(f"{one.top1:.1%}/{one.mean_class:.1%}" for one in figures)


if __name__ == "__main__":
    main()
