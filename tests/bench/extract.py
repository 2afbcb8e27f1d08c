"""signpipe's extraction against pose-format's, on the same clips, in turn; run by hand.

    python tests/bench/extract.py FOLDER [--repeat N]

prints CPU seconds a frame and wall seconds at 1 and 2 workers, start of the programs included,
and the cores in use. Needs the extra `formats` (pose-format). With `--memory CLIPS` it does what
one worker does with that many clips (the folder's over and over) and prints its memory as it goes.
"""

import argparse
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import h5py

from signpipe.landmarks.clip_worker import ClipJob, finish_clip
from signpipe.landmarks.holistic import Holistic
from signpipe.video.read import find_videos

SIGNPIPE = """
import sys
from pathlib import Path
import signpipe
workspace = signpipe.Workspace(Path(sys.argv[2]))
signpipe.extract(workspace, [Path(sys.argv[1])], workers=int(sys.argv[3]))
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--repeat", type=int, default=1)
    parser.add_argument("--memory", type=int, default=0, metavar="CLIPS")
    arguments = parser.parse_args()
    if arguments.memory:
        watch_memory(arguments.folder, arguments.memory)
        return
    print("tool          workers   frames   wall s    CPU s   CPU ms/frame   cores")
    for _ in range(arguments.repeat):
        for workers in (1, 2):
            for tool in (pose_format, signpipe):
                measure(tool, arguments.folder, workers)


def measure(tool: Callable[[Path, Path, int], int], folder: Path, workers: int) -> None:
    with tempfile.TemporaryDirectory() as scratch:
        started, before = time.monotonic(), _children_seconds()
        frames = tool(folder, Path(scratch), workers)
        wall, spent = time.monotonic() - started, _children_seconds() - before
    print(
        f"{tool.__name__:<12} {workers:>8} {frames:>8} {wall:>8.1f} {spent:>8.1f} "
        f"{1000 * spent / frames:>14.1f} {spent / wall:>7.2f}",
        flush=True,
    )


def signpipe(folder: Path, scratch: Path, workers: int) -> int:
    program = [sys.executable, "-c", SIGNPIPE, str(folder), str(scratch), str(workers)]
    subprocess.run(program, check=True, stderr=subprocess.DEVNULL)
    frames = 0
    for path in (scratch / "keypoints").rglob("*.h5"):
        with h5py.File(path) as file:
            frames += len(file["pose"])
    return frames


def pose_format(folder: Path, scratch: Path, workers: int) -> int:
    # It writes its poses beside the videos, so it gets links to them.
    for number, video in enumerate(find_videos([folder])):
        os.symlink(video.path, scratch / f"{number:04d}{video.path.suffix.lower()}")
    program = Path(sys.executable).parent / "videos_to_poses"
    subprocess.run(
        [program, "--format", "mediapipe", "--directory", scratch, "--num-workers", str(workers)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    from pose_format import Pose

    poses = (Pose.read(path.read_bytes()) for path in scratch.glob("*.pose"))
    return sum(len(pose.body.data) for pose in poses)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def watch_memory(folder: Path, clips: int) -> None:
    videos = find_videos([folder])
    with tempfile.TemporaryDirectory() as scratch, Holistic() as holistic:
        for number in range(clips):
            source = str(videos[number % len(videos)].path)
            finish_clip(ClipJob(str(number), source, Path(scratch, f"{number}.h5")), holistic)
            if number % 20 == 0 or number == clips - 1:
                pages = int(Path("/proc/self/statm").read_text().split()[1])
                megabytes = pages * resource.getpagesize() / 1e6
                print(f"{number + 1:>5} clips {megabytes:>7.0f} MB", flush=True)


if __name__ == "__main__":
    main()
