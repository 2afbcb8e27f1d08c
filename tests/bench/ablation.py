"""What each ingredient of pretraining is worth on real signers; run by hand, it takes many hours.

    python tests/bench/ablation.py WORKSPACE [--epochs N] [--seeds N ...] [--only NAME ...]
                                             [--k K ...] [--clips N] [--precision P] [--table]

Pretrains on the openly licensed clips of the shared data, as `compact` does, then with one thing
changed at a time, then with other K (the neighbours that joint and motion teach each other), and
measures the frozen features on people they have not seen: nearest class means of one and of five
clips on the personal signers (20 draws), k-NN on val. All with the first seed, then with the next.
Everything is kept in WORKSPACE: stopped, the same command goes on with the cell it was at. With
`--table` it prints what is finished, as ablation.csv has it; `signpipe report -w WORKSPACE` draws
it. With one epoch the queue is hardly full, and before it is, no neighbours attract.
"""

import argparse
import os
import re
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import read_clips, write_clips
from signpipe.evaluation import evaluate
from signpipe.evaluation.schema import Metrics, read_metrics
from signpipe.extraction import import_keypoints
from signpipe.settings import EvaluateSettings, PretrainSettings, resolve
from signpipe.tables import write_table
from signpipe.training import pretrain
from signpipe.workspace import Workspace, sha256_of_values

DATA = Path(__file__).parents[3] / "shared" / "data"
POOL, REST = "open", "aside"
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
K = (64, 256, 4096)  # 0 is "no transfer", and 1,024 is compact's own
# What is measured: protocol, split, settings, and what a column of the table is called.
FEW = EvaluateSettings(draws=20, shots=(1, 5))
KNN = EvaluateSettings(bootstrap=100)
COLUMNS = [f"{what}, {stream}" for what in ("k = 1", "k = 5", "k-NN val") for stream in STREAMS]
COLUMNS.append("k-NN val, mean-class")


def main() -> None:
    given = arguments()
    workspace = Workspace(given.workspace)
    wanted = {name: VARIANTS[name] for name in given.only}
    wanted |= {f"K = {k}": {"transfer_nearest": k} for k in given.k}
    if not given.table:
        fill(workspace, given.clips)
    for seed, (name, changes) in product(given.seeds, wanted.items()):
        run = f"{stem(given.epochs, name)}{seed}"
        if not given.table:
            changes = changes | {"epochs": given.epochs, "seed": seed, "precision": given.precision}
            learn(workspace, run, changes)
            print(run, *(f"{value:.1%}" for value in read(workspace, run) or ()), flush=True)
    show(workspace, given.epochs, list(wanted))


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    parser.add_argument("--only", nargs="*", choices=VARIANTS, default=list(VARIANTS))
    parser.add_argument("--k", type=int, nargs="*", default=list(K))
    parser.add_argument("--clips", type=int, help="of the pool at most, drawn alike by signer")
    parser.add_argument("--precision", default="fp32", choices=("fp32", "bf16"))
    parser.add_argument("--table", action="store_true", help="print what is there, and run nothing")
    return parser.parse_args()


def fill(workspace: Workspace, most: int | None) -> None:
    """Import both sets of clips; of the pool but `most` are set aside as a split of their own."""
    data = Path(os.environ.get("SIGNPIPE_SHARED_DATA", DATA))
    for folder, files in (("open", ("signs", "letters")), ("keypoints", ("signs", "personal"))):
        packs = [data / folder / f"{name}.h5" for name in files]
        import_keypoints.run(workspace, packs, labels=data / folder / "clips.csv")
    clips = read_clips(workspace.clips)
    pool = [clip for clip in clips.values() if clip.split in (POOL, REST)]
    kept = set(drawn([(clip.signer, clip.clip_id) for clip in pool], most))
    for clip in pool:
        split = POOL if clip.clip_id in kept else REST
        clips[clip.clip_id] = replace(clip, split=split)
    write_clips(workspace.clips, clips.values())


def drawn(clips: Sequence[tuple[str, str]], most: int | None) -> list[str]:
    """`most` of the clips, each (signer, clip id), the same share of every signer's; None: all."""
    order = sorted(clips, key=lambda clip: (clip[0], sha256_of_values(clip[1])))
    step = len(order) / min(most or len(order), len(order))
    return [order[int(place)][1] for place in np.arange(0, len(order) - 1e-6, step)]


def learn(workspace: Workspace, run: str, changes: dict[str, Any]) -> None:
    """Pretrain a cell of the table and measure it; what is there already is left alone."""
    settings = resolve(PretrainSettings, changes=changes)
    pretrain.run(workspace, settings, run=run, splits=[POOL])
    for protocol, split, asked in (("few-shot", "personal", FEW), ("knn", "val", KNN)):
        evaluate.run(workspace, asked, protocol=protocol, split=split, encoder=run)


def stem(epochs: int, name: str) -> str:
    """What the names of a variant's runs begin with; the seed follows."""
    return f"ablation-{epochs}-{'-'.join(re.findall('[A-Za-z0-9]+', name.replace(chr(39), '')))}-"


def read(workspace: Workspace, run: str) -> list[float] | None:
    """The figures of COLUMNS; None if the cell is not finished."""
    paths = [
        workspace.run("evaluate", f"{run}-{of}") / "metrics.json"
        for of in ("few-shot-personal", "knn-val")
    ]
    if not all(path.exists() for path in paths):
        return None
    few, knn = (read_metrics(path) for path in paths)
    values = [cell.streams[s].top1 for cell in of_pretrained(few) for s in STREAMS]
    return [*values, *(knn.streams[s].top1 for s in STREAMS), knn.streams["both"].mean_class]


def of_pretrained(metrics: Metrics) -> Iterator[Any]:
    own = [cell for cell in metrics.summary if cell.of["features"] == "pretrained"]
    assert [cell.of["shots"] for cell in own] == list(FEW.shots)
    yield from own


def show(workspace: Workspace, epochs: int, names: Sequence[str]) -> None:
    """Print mean and spread over the finished seeds, and of what differs from the first name.

    A difference is that of two cells with one seed. ablation.csv has every cell.
    """
    found = {name: finished(workspace, stem(epochs, name)) for name in names}
    rows = [[name, seed, *v] for name, of in found.items() for seed, v in of.items()]
    write_table(workspace.root / "ablation.csv", ["variant", "seed", *COLUMNS], rows)
    head = f" | seeds | {' | '.join(COLUMNS)} |\n|{'---|' * (len(COLUMNS) + 2)}"
    print(f"\n| {epochs} epochs{head}")
    for name, of in found.items():
        line(name, of, "{:.1f}")
    first = next(iter(found.values()))
    print(f"\n| less {names[0]}{head}")
    for name, of in list(found.items())[1:]:
        line(name, {s: of[s] - first[s] for s in of.keys() & first.keys()}, "{:+.1f}")


def finished(workspace: Workspace, start: str) -> dict[str, NDArray[np.float64]]:
    """The figures of the finished cells whose runs' names begin like that, by seed."""
    seeds = {run.removeprefix(start) for run in workspace.runs("pretrain") if start in run}
    found = {seed: read(workspace, start + seed) for seed in sorted(seeds) if seed.isdigit()}
    return {seed: np.array(values) for seed, values in found.items() if values}


def line(name: str, of: dict[str, NDArray[np.float64]], form: str) -> None:
    """A row of a table, in per cent."""
    if of:
        values = 100 * np.array(list(of.values()))
        cells = [form.format(mean) for mean in values.mean(axis=0)]
        if len(of) > 1:
            spread = values.std(axis=0, ddof=1)
            cells = [f"{mean} ± {s:.1f}" for mean, s in zip(cells, spread, strict=True)]
        print(f"| {name} | {', '.join(sorted(of))} | {' | '.join(cells)} |", flush=True)


if __name__ == "__main__":
    main()
