"""Figures of the extraction; run by hand, on a machine with nothing else to do.

    python tests/bench/extract.py speed FOLDER [--copies N] [--repeat N]
    python tests/bench/extract.py memory FOLDER [--clips 320]
    python tests/bench/extract.py unchanged [--clips 100000]

`speed`: signpipe, with and without `--face`, and pose-format's `videos_to_poses` (which always has
the face) in turn, as whole programs, start included, on N copies of the same videos, at 1 and 2
workers: CPU seconds a frame (of the program and its workers), wall seconds, cores in use. Needs the
extra `formats`. `memory`: resident memory of the one worker of a real extraction, and the largest
it had. `unchanged`: a second run over that many finished clips; sources and packs are made up.
"""

import argparse
import os
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.extraction.extract import run
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.settings import ExtractSettings
from signpipe.video.read import find_videos
from signpipe.workspace import Workspace, write_record

Tool = Callable[[Path, Path, int], int]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("what", choices=("speed", "memory", "unchanged"))
    parser.add_argument("folder", type=Path, nargs="?")
    parser.add_argument("--copies", type=int, default=1)
    parser.add_argument("--repeat", type=int, default=2)
    parser.add_argument("--clips", type=int)
    given = parser.parse_args()
    if given.what != "unchanged" and given.folder is None:
        parser.error("which FOLDER?")
    with tempfile.TemporaryDirectory() as scratch:
        if given.what == "speed":
            copy_videos(given.folder, Path(scratch, "videos"), given.copies)
            compare(Path(scratch, "videos"), given.repeat)
        elif given.what == "memory":
            clips = given.clips or 320
            copies = -(-clips // len(find_videos([given.folder])))
            copy_videos(given.folder, Path(scratch, "videos"), copies, most=clips)
            watch_memory(Path(scratch, "videos"), Workspace(Path(scratch, "workspace")))
        else:
            run_again(Path(scratch), given.clips or 100_000)


def copy_videos(folder: Path, target: Path, copies: int, most: int | None = None) -> None:
    target.mkdir()
    videos = [(copy, video) for copy in range(copies) for video in find_videos([folder])]
    for number, (_, video) in enumerate(videos[:most]):
        shutil.copyfile(video.path, target / f"{number:05d}{video.path.suffix.lower()}")


def compare(videos: Path, repeat: int) -> None:
    print("tool            workers   frames   wall s    CPU s   CPU ms/frame   cores")
    figures: dict[tuple[str, int], list[tuple[float, float]]] = {}
    for _ in range(repeat):
        for workers in (1, 2):
            for tool in (pose_format, signpipe, signpipe_face):
                figures.setdefault((tool.__name__, workers), []).append(
                    measure(tool, videos, workers)
                )
    for workers in (1, 2):
        theirs = figures["pose_format", workers]
        for name in ("signpipe", "signpipe_face"):
            pairs = list(zip(theirs, figures[name, workers], strict=True))
            cpu = statistics.median(their[0] / our[0] for their, our in pairs)
            wall = statistics.median(their[1] / our[1] for their, our in pairs)
            print(
                f"{name}, {workers} workers: {cpu:.2f} x fewer CPU seconds a frame and "
                f"{wall:.2f} x fewer wall seconds than pose-format"
            )


def measure(tool: Tool, videos: Path, workers: int) -> tuple[float, float]:
    """(CPU seconds a frame, wall seconds) of one run of a tool."""
    with tempfile.TemporaryDirectory() as scratch:
        started, before = time.monotonic(), _children_seconds()
        frames = tool(videos, Path(scratch), workers)
        wall, spent = time.monotonic() - started, _children_seconds() - before
    print(
        f"{tool.__name__:<14} {workers:>8} {frames:>8} {wall:>8.1f} {spent:>8.1f} "
        f"{1000 * spent / frames:>14.1f} {spent / wall:>7.2f}",
        flush=True,
    )
    return spent / frames, wall


def signpipe(videos: Path, scratch: Path, workers: int, *options: str) -> int:
    program = [sys.executable, "-m", "signpipe", "extract", str(videos), "-w", str(scratch)]
    subprocess.run(
        [*program, "--workers", str(workers), *options],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    outcomes = read_outcomes(Workspace(scratch).outcomes).values()
    return sum(outcome.frames for outcome in outcomes)


def signpipe_face(videos: Path, scratch: Path, workers: int) -> int:
    return signpipe(videos, scratch, workers, "--face")


def pose_format(videos: Path, scratch: Path, workers: int) -> int:
    for video in videos.iterdir():  # it writes its poses beside the videos, so it gets links
        os.symlink(video, scratch / video.name)
    program = Path(sys.executable).parent / "videos_to_poses"
    subprocess.run(
        [program, "--format", "mediapipe", "--directory", scratch, "--num-workers", str(workers)],
        check=True,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    from pose_format import Pose

    poses = [Pose.read(path.read_bytes()) for path in scratch.glob("*.pose")]
    assert len(poses) == len([*videos.iterdir()])
    return sum(len(pose.body.data) for pose in poses)


def _children_seconds() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def watch_memory(videos: Path, workspace: Workspace) -> None:
    """Extract with one worker; its resident memory every so many clips."""
    done = threading.Event()
    watcher = threading.Thread(target=_watch_worker, args=(workspace, done))
    watcher.start()
    try:
        result = run(workspace, [videos], workers=1)
    finally:
        done.set()
        watcher.join()
    print(f"{result.statuses}, {result.frames} frames")


def _watch_worker(workspace: Workspace, done: threading.Event) -> None:
    shown = 0
    while not done.wait(0.2):
        clips = len([*workspace.keypoints.glob("*.h5")])
        memory = _worker_memory()
        if memory and clips >= shown:
            shown = clips + 20
            print(f"{clips:>5} clips  {memory['VmRSS']:>5.0f} MB, most {memory['VmHWM']:.0f} MB")


def _worker_memory() -> dict[str, float]:
    """Megabytes by the system's names, of this process's child."""
    children = Path(f"/proc/self/task/{os.getpid()}/children").read_text().split()
    try:
        lines = Path(f"/proc/{children[0]}/status").read_text().splitlines()
    except (IndexError, OSError):
        return {}
    sizes = dict(line.split(":", 1) for line in lines)
    names = ("VmRSS", "VmHWM")  # absent of a process that has just ended
    return {name: int(sizes[name].split()[0]) / 1e3 for name in names if "VmRSS" in sizes}


def run_again(scratch: Path, clips: int) -> None:
    videos, workspace = scratch / "videos", Workspace(scratch / "workspace")
    settings = ExtractSettings()
    fingerprint = settings_fingerprint(settings)
    outcomes = []
    for number in range(clips):
        clip_id = f"sign{number // 100:04d}/{number:06d}"
        source, pack = videos / f"{clip_id}.mp4", workspace.pack(clip_id)
        for path in (source, pack):
            path.parent.mkdir(parents=True, exist_ok=True)
            with open(path, "wb") as handle:
                handle.truncate(100_000 + number)  # takes no room on the disk
        status = source.stat()
        made = Outcome(clip_id, str(source), "ok", "", clip_id, 0, 60, 29.97, 640, 480)
        identity = (status.st_size, status.st_mtime_ns, f"{number:064x}", fingerprint)
        outcomes.append(Outcome(*list(vars(made).values())[:10], 1.0, 0.5, 0.871, *identity))
    append_outcomes(workspace.outcomes, outcomes)
    write_record(workspace.keypoints, settings.model_dump(mode="json"), inputs={})
    for number in range(3):  # the first writes the clip table
        spent, started = time.process_time(), time.monotonic()
        result = run(workspace, [videos], workers=1)
        assert (result.done_before, result.frames) == (clips, 0)
        wall, spent = time.monotonic() - started, time.process_time() - spent
        print(f"run {number + 1} over {clips} finished clips: {wall:.1f} s, {spent:.1f} s of CPU")


if __name__ == "__main__":
    main()
