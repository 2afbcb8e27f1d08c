"""What a dictionary costs: made-up clips of made-up signs, indexed and searched on one core.

    OMP_NUM_THREADS=1 python tests/bench/search.py [--clips 1000 10000 100000] [FOLDER]

Prints, for each number of clips, seconds and memory of `index`, of `index` after one clip was added
and one taken away, of loading the dictionary, and the milliseconds of a search: of the nearest
signs alone, and of all from a query's landmarks on.
"""

import argparse
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from signpipe.cliptable import read_clips, write_clips
from signpipe.extraction import import_keypoints
from signpipe.extraction.forgotten import forget
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.workspace import Workspace

A_PACK = 1000
FRAMES = 30
CLIPS_A_SIGN, SIGNERS = 20, 40
QUERIES = 60


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--clips", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--step", choices=["index", "search"], help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.step:
        print(json.dumps({"index": index, "search": search}[given.step](given.folder)))
        return
    for clips in given.clips:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measure(Path(folder), clips)


def measure(folder: Path, clips: int) -> None:
    workspace = Workspace(folder / "workspace")
    import_keypoints.run(workspace, [*packs(folder, clips)])
    rows = read_clips(workspace.clips).values()
    write_clips(workspace.clips, (replace(c, **named(int(c.clip_id))) for c in rows))
    print(f"{clips:,} clips")
    print(f"  index: {own_process('index', folder)}")
    write_pack(folder / "new.h5", {"1000001": made_up(np.random.default_rng(1))})
    import_keypoints.run(workspace, [folder / "new.h5"])
    rows = read_clips(workspace.clips)
    new = replace(rows["1000001"], label="new", signer="new")
    write_clips(workspace.clips, (rows | {"1000001": new}).values())
    forget(workspace, ["000000"])
    print(f"  one more and one less: {own_process('index', folder)}")
    print(f"  search: {own_process('search', folder)}", flush=True)


def own_process(step: str, folder: Path) -> dict[str, float]:
    """What a step prints, and the largest memory of its process."""
    command = [sys.executable, __file__, str(folder), "--step", step]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)


def index(folder: Path) -> dict[str, float]:
    from signpipe.search import indexing

    done = timed(lambda: indexing.run(Workspace(folder / "workspace"), folder / "dictionary"))
    return {"seconds": round(done, 1), "MB": peak()}


def search(folder: Path) -> dict[str, float]:
    from signpipe.search.dictionary import Dictionary

    started = time.perf_counter()
    dictionary = Dictionary.load(folder / "dictionary", cache=False)
    loaded = time.perf_counter() - started
    rng = np.random.default_rng(2)
    queries = [made_up(rng) for _ in range(QUERIES)]
    first = timed(lambda: dictionary.search(queries[0]))
    whole = [timed(lambda q=query: dictionary.search(q)) for query in queries]
    nearest = dictionary._nearest
    rows = rng.choice(len(dictionary.entries), QUERIES)
    alone = [
        timed(
            lambda r=row: nearest.find(
                nearest.features[r], nearest.sequences[r].astype(np.float32), top=10
            )
        )
        for row in rows
    ]
    return {
        "loading s": round(loaded, 2),
        "first search ms": ms(first),
        "whole search ms": ms(np.median(whole)),
        "nearest signs ms": ms(np.median(alone)),
        "95th percentile ms": ms(np.quantile(alone, 0.95)),
        "MB": peak(),
    }


def named(number: int) -> dict[str, str]:
    return {"label": f"sign {number // CLIPS_A_SIGN:05d}", "signer": f"s{number % SIGNERS}"}


def packs(folder: Path, clips: int) -> Iterator[Path]:
    rng = np.random.default_rng(0)
    for first in range(0, clips, A_PACK):
        path = folder / f"pack{first}.h5"
        write_pack(
            path, {f"{i:06d}": made_up(rng) for i in range(first, min(first + A_PACK, clips))}
        )
        yield path


def made_up(rng: np.random.Generator) -> Landmarks:
    """A person whose hand wanders in front of the chest."""
    pose = np.full((FRAMES, 33, 4), np.nan, np.float32)
    pose[:, :23, :2] = 0.5 + 0.02 * rng.standard_normal((23, 2))
    pose[:, [11, 12], 0], pose[:, :23, 3] = (0.65, 0.35), 1
    way = np.cumsum(0.02 * rng.standard_normal((FRAMES, 2)), axis=0)
    pose[:, 16, :2] = 0.5 + way
    hand = np.full((FRAMES, 21, 3), np.nan, np.float32)
    shape = 0.04 * rng.standard_normal((21, 2)) + 0.005 * rng.standard_normal((FRAMES, 21, 2))
    hand[..., :2] = pose[:, 16, None, :2] + shape
    return Landmarks(pose, np.full_like(hand, np.nan), hand)


def timed(function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    return time.perf_counter() - started


def ms(seconds: float) -> float:
    return round(1000 * float(seconds), 1)


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


if __name__ == "__main__":
    main()
