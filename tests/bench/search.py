"""What a dictionary costs, by its commands: made-up clips of made-up signs, indexed and searched.

    OMP_NUM_THREADS=1 python tests/bench/search.py [--clips 1000 10000 100000] [FOLDER]

For each number of clips a line a command, with seconds of wall and of CPU time and the largest
memory: `index`; the same again, with nothing to do; after one clip was added and one taken away;
`search --json` with one query and with QUERIES, as `.pose` files. The CPU time of one more query is
their difference. Below stands what a loaded dictionary takes for a search, in CPU time: of the
nearest signs alone, and of all from a query's landmarks on.
"""

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from signpipe.cliptable import read_clips, write_clips
from signpipe.extraction import import_keypoints
from signpipe.extraction.forgotten import forget
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.workspace import Workspace

A_PACK = 1000
FRAMES = 30
CLIPS_A_SIGN, SIGNERS = 20, 40
QUERIES = 50


@dataclass(frozen=True)
class Cost:
    """Of one process: seconds, and its largest memory in MB."""

    wall: float
    cpu: float
    memory: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--clips", type=int, nargs="+", default=[1000, 10_000, 100_000])
    parser.add_argument("--loaded", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.loaded:
        print(json.dumps(loaded(given.folder)))
        return
    for clips in given.clips:
        with tempfile.TemporaryDirectory(dir=given.folder) as folder:
            measure(Path(folder), clips)


def measure(folder: Path, clips: int) -> None:
    workspace = Workspace(folder / "workspace")
    import_keypoints.run(workspace, [*packs(folder, clips)])
    rows = read_clips(workspace.clips).values()
    write_clips(workspace.clips, (replace(c, **named(int(c.clip_id))) for c in rows))
    index = ("index", "-w", workspace.root, "-d", folder / "dictionary", "--encoder", "shipped")
    print(f"{clips:,} clips")
    tell("index", cost_of(*index))
    tell("index again", cost_of(*index))
    write_pack(folder / "new.h5", {"1000001": made_up(np.random.default_rng(1))})
    import_keypoints.run(workspace, [folder / "new.h5"])
    rows = read_clips(workspace.clips)
    new = replace(rows["1000001"], label="new", signer="new")
    write_clips(workspace.clips, (rows | {"1000001": new}).values())
    forget(workspace, ["000000"])
    tell("index, one more and one less", cost_of(*index))
    rng = np.random.default_rng(2)
    queries = [folder / f"query{number}.pose" for number in range(QUERIES)]
    for path in queries:
        path.write_bytes(pose_bytes(made_up(rng), 25, 640, 480))
    search = ("search", "-w", workspace.root, "-d", folder / "dictionary", "--json")
    one, many = cost_of(*search, queries[0]), cost_of(*search, *queries)
    tell("search, one query", one)
    tell(f"search, {QUERIES} queries", many)
    print(f"  one more query: {1000 * (many.cpu - one.cpu) / (QUERIES - 1):.0f} ms of CPU")
    command = [sys.executable, __file__, str(folder), "--loaded"]
    found = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    print(f"  loaded, ms of CPU: {json.loads(found)}", flush=True)


def cost_of(*words: object) -> Cost:
    """Of a command of signpipe."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "signpipe", *map(str, words)]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    if status:
        raise SystemExit(f"failed: {' '.join(command)}")
    wall = time.perf_counter() - started
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss // 1024)


def tell(what: str, cost: Cost) -> None:
    print(f"  {what}: {cost.wall:.1f} s, {cost.cpu:.1f} s of CPU, {cost.memory:,} MB", flush=True)


def loaded(folder: Path) -> dict[str, float]:
    from signpipe.search.dictionary import Dictionary

    dictionary = Dictionary.load(folder / "dictionary", cache=False)
    rng = np.random.default_rng(2)
    queries = [made_up(rng) for _ in range(QUERIES)]
    first = timed(lambda: dictionary.search(queries[0]))
    whole = [timed(lambda q=query: dictionary.search(q)) for query in queries]
    nearest = dictionary._nearest
    rows = rng.choice(len(dictionary.entries), QUERIES)
    asked = [(nearest.features[r], nearest.sequences[r].astype(np.float32)) for r in rows]
    alone = [timed(lambda a=one: nearest.find(*a, top=10)) for one in asked]
    return {
        "first search": ms(first),
        "whole search": ms(np.median(whole)),
        "nearest signs": ms(np.median(alone)),
        "95th percentile of it": ms(np.quantile(alone, 0.95)),
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
    started = time.process_time()
    function()
    return time.process_time() - started


def ms(seconds: float) -> float:
    return round(1000 * float(seconds), 1)


if __name__ == "__main__":
    main()
