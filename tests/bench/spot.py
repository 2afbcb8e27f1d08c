"""spot on recordings joined from real clips: run by hand, some 1.3 minutes of two cores a minute.

    python tests/bench/spot.py FOLDER RECOGNIZER [--minutes 5] [--gap 0]

Joins the clips of ../shared/data/videos/wlasl in random order (seed 0, again and again until it is
long enough) into FOLDER/<minutes>.mp4: 640 x 480, 25 frames a second, each fitted into the picture.
Half of the clips begin and end with the hands up, so that those have no rest between them; with a
gap, so many seconds of an empty picture part the clips.
Then `signpipe spot` writes JSON lines with an empty cache, and again an ELAN file with a full one.
The truth of a clip is from its first to its last frame with a hand that Holistic finds in the clip
by itself; an event is right from a temporal IoU of 0.5 on. Prints precision, recall, F1, borders,
the answers that name the clip's own sign, peak memory, speed, and whether both files agree.
"""

import argparse
import json
import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np
from stream import DATA, matched

from signpipe.landmarks.holistic import Holistic
from signpipe.video.read import Video, find_videos
from signpipe.video.write import write_video

SIZE, RATE = (640, 480), 25


def fitted(pixels: np.ndarray) -> np.ndarray:
    height, width, _ = pixels.shape
    scale = min(SIZE[0] / width, SIZE[1] / height)
    small = cv2.resize(pixels, (round(width * scale), round(height * scale)))
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    top, left = (SIZE[1] - small.shape[0]) // 2, (SIZE[0] - small.shape[1]) // 2
    picture[top : top + small.shape[0], left : left + small.shape[1]] = small
    return picture


def join(path: Path, minutes: float, gap: int) -> list[tuple[float, float, str]]:
    """Write the recording; the truth: start, end and sign of each clip."""
    clips = list(find_videos([DATA / "videos" / "wlasl"]))
    spans = known_spans(path.parent / "spans.json", [clip.path for clip in clips])
    rng = np.random.default_rng(0)
    order, frames = [], 0
    while frames < minutes * 60 * RATE:
        for i in rng.permutation(len(clips)):
            order.append(clips[i])
            frames += spans[str(clips[i].path)][2] + gap
    truth, at = [], 0
    for clip in order:
        first, last, count = spans[str(clip.path)]
        truth.append(((at + first) / RATE, (at + last) / RATE, clip.folder))
        at += count + gap
    if not path.exists():
        write_video(path, joined(order, gap), RATE)
    return truth


def known_spans(path: Path, clips: list[Path]) -> dict[str, tuple[int, int, int]]:
    """The first and last frame with a hand, and the count of frames; kept in a file."""
    if not path.exists():
        spans = {}
        with Holistic() as holistic:
            for clip in clips:
                with Video(clip) as video:
                    landmarks = holistic.landmarks(video)
                seen = np.flatnonzero(landmarks.seen("left_hand") | landmarks.seen("right_hand"))
                spans[str(clip)] = int(seen[0]), int(seen[-1]), len(landmarks)
        path.write_text(json.dumps(spans))
    return json.loads(path.read_text())


def joined(order: list, gap: int) -> Iterator[np.ndarray]:
    for clip in order:
        with Video(clip.path) as video:
            for _, pixels in video:
                yield fitted(pixels)
        for _ in range(gap):
            yield np.full((SIZE[1], SIZE[0], 3), 90, np.uint8)


@dataclass(frozen=True)
class Spent:
    """What the command took: seconds of the clock and of processors, MB of its processes."""

    wall: float
    cpu: float
    own: list[float]  # of the command itself, every half second
    peak: float  # of it and its workers together

    def __str__(self) -> str:
        tenth = max(1, len(self.own) // 10)
        early, late = (
            statistics.median(part) for part in (self.own[tenth:][:tenth], self.own[-tenth:])
        )
        return (
            f"{self.wall:.0f} s, {self.cpu:.0f} s of CPU; memory with its workers at most "
            f"{self.peak:.0f} MB; itself {early:.0f} MB in the second tenth of the run, "
            f"{late:.0f} MB in the last, {max(self.own):.0f} MB at most"
        )


def spot(recording: Path, recognizer: Path, out: Path, cache: Path) -> Spent:
    out.unlink(missing_ok=True)
    words = ["spot", str(recording), "--recognizer", str(recognizer), "--out", str(out)]
    began, before = time.monotonic(), cpu_of_children()
    program = subprocess.Popen(
        [sys.executable, "-m", "signpipe", *words],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "SIGNPIPE_CACHE": str(cache)},
    )
    own, together = [0.0], [0.0]
    while program.poll() is None:
        sizes = [resident(pid) for pid in [program.pid, *children(program.pid)]]
        own.append(sizes[0])
        together.append(sum(sizes))
        time.sleep(0.5)
    if program.returncode:
        sys.exit(f"spot ended with {program.returncode}")
    return Spent(time.monotonic() - began, cpu_of_children() - before, own, max(together))


def cpu_of_children() -> float:
    """Seconds; with those of children's children that were waited for."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def children(pid: int) -> list[int]:
    found = []
    for status in Path("/proc").glob("[0-9]*/stat"):
        try:
            if int(status.read_text().rpartition(")")[2].split()[1]) == pid:
                found.append(int(status.parent.name))
        except OSError:  # it has ended
            continue
    return found


def resident(pid: int) -> float:
    """MB in memory; 0 of a process that has ended. Pages that two share count twice."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("recognizer", type=Path)
    parser.add_argument("--minutes", type=float, default=5)
    parser.add_argument("--gap", type=float, default=0, help="seconds between two clips")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    name = f"{given.minutes:g}" + (f"-gap-{given.gap:g}" if given.gap else "")
    recording, cache = given.folder / f"{name}.mp4", given.folder / f"cache-{name}"
    truth = join(recording, given.minutes, round(given.gap * RATE))
    lines, elan = given.folder / f"{name}.jsonl", given.folder / f"{name}.eaf"
    spent = spot(recording, given.recognizer, lines, cache)
    rows = [json.loads(line) for line in lines.read_text().splitlines()]
    found = [(row["start"], row["end"]) for row in rows]
    pairs = matched(found, [(start, end) for start, end, _ in truth])
    off = np.abs(np.array([(a[0] - b[0], a[1] - b[1]) for a, b in pairs]))
    signs = {(start, end): sign for start, end, sign in truth}
    answers = {(row["start"], row["end"]): row["answer"] for row in rows}
    named = sum(answers[event] == signs[clip] for event, clip in pairs)
    print(f"{name} minutes: {len(truth)} signs, {len(found)} events, {len(pairs)} right")
    precision, recall = len(pairs) / len(found), len(pairs) / len(truth)
    both = 2 * len(pairs) / (len(found) + len(truth))
    print(f"precision {precision:.3f}, recall {recall:.3f}, F1 {both:.3f}")
    print("borders off, median:", np.median(off, axis=0).round(2), "s; named right:", named)
    length = sum(1 for _ in Video(recording)) / RATE
    print(f"{length:.0f} s of video, {length / spent.wall:.2f} x real time, load {os.getloadavg()}")
    print(spent)
    again = spot(recording, given.recognizer, elan, cache)
    from pympi.Elan import Eaf

    written = sorted(Eaf(str(elan)).get_annotation_data_for_tier("signpipe"))
    known = [(round(1000 * r["start"]), round(1000 * r["end"])) for r in rows]
    print("again, from the cache:", again)
    print("ELAN agrees:", [w[:2] for w in written] == known)


if __name__ == "__main__":
    main()
