"""What one new clip costs, in a workspace of many: made-up keypoints, imported and prepared.

    python tests/bench/prepare.py [--clips 100000] [--frames 12] [FOLDER]

Prints seconds of the whole and of the second `prepare`, after one clip was added, and their ratio.
"""

import argparse
import resource
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np

from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.parts import prepare
from signpipe.workspace import Workspace

A_PACK = 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", nargs="?", type=Path)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--frames", type=int, default=12)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=given.folder) as folder:
        measure(Path(folder), given.clips, given.frames)


def measure(folder: Path, clips: int, frames: int) -> None:
    workspace = Workspace(folder / "workspace")
    paths = [*packs(folder, clips, frames)]
    timed("import", lambda: import_keypoints.run(workspace, paths))
    whole = timed("prepare, all clips", lambda: prepare.run(workspace))
    write_pack(folder / "new.h5", {"one more": made_up(np.random.default_rng(1), frames)})
    timed("import of one more", lambda: import_keypoints.run(workspace, [folder / "new.h5"]))
    one = timed("prepare, one more", lambda: prepare.run(workspace))
    print(f"all / one more: {whole / one:.1f}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"largest memory: {peak:.0f} MB")


def packs(folder: Path, clips: int, frames: int) -> Iterator[Path]:
    rng = np.random.default_rng(0)
    some = [made_up(rng, frames) for _ in range(50)]
    for first in range(0, clips, A_PACK):
        path = folder / f"pack{first}.h5"
        last = min(first + A_PACK, clips)
        write_pack(path, {f"{i:06d}": some[i % len(some)] for i in range(first, last)})
        yield path


def made_up(rng: np.random.Generator, frames: int) -> Landmarks:
    shapes = (frames, 33, 4), (frames, 21, 3), (frames, 21, 3)
    return Landmarks(*(rng.random(shape).astype(np.float32) for shape in shapes))


def timed(what: str, function: Callable[[], object]) -> float:
    started = time.perf_counter()
    function()
    seconds = time.perf_counter() - started
    print(f"{what}: {seconds:.1f} s", flush=True)
    return seconds


if __name__ == "__main__":
    main()
