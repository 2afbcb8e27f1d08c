"""Whether the exported page answers as Python does, how fast, and in how much memory.

    python tests/bench/exported_page.py RECOGNIZER [--clips 100] [--assets FOLDER] [--camera 600]

Run by hand in headless Chromium, it takes some thirty minutes on two cores. Shows the page the
shared real clips and drawn ones as files, then a fake camera for so many seconds, and prints: clips
whose likeliest sign is Python's, how far landmarks are apart, pictures a second, milliseconds for
an answer, memory as time goes, and every address that the whole session has asked for.
"""

import argparse
import os
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "export")]

from browser import launch, signing, write_camera  # noqa: E402
from playwright.sync_api import sync_playwright  # noqa: E402
from static_server import serving  # noqa: E402
from test_exported_page import LOOK  # noqa: E402

from signpipe.demo.clips import clips_folder  # noqa: E402
from signpipe.export.web_folder import write_web  # noqa: E402
from signpipe.landmarks.pack import Landmarks  # noqa: E402
from signpipe.recognizer import Recognizer  # noqa: E402

DATA = Path(__file__).parents[3] / "shared" / "data"
PARTS = (("pose", 4), ("left_hand", 3), ("right_hand", 3))


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recognizer", type=Path)
    parser.add_argument("--clips", type=int, default=100)
    parser.add_argument("--assets", type=Path)
    parser.add_argument("--camera", type=float, default=600)
    given = parser.parse_args()
    shared = Path(os.environ.get("SIGNPIPE_SHARED_DATA", DATA)) / "videos" / "wlasl"
    real = sorted(shared.glob("*/*.mp4"))
    drawn = sorted(clips_folder().glob("*/*.mp4"), key=lambda p: (p.stem, p.parent.name))
    clips = [*real, *drawn][: given.clips]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        size = write_web(given.recognizer, Path(folder) / "page", assets=given.assets)
        print(f"the folder: {size / 1e6:.1f} MB")
        write_camera(Path(folder) / "camera.mjpeg", signing(drawn[0]))
        with serving(Path(folder) / "page") as address:
            browser = launch(playwright, Path(folder) / "camera.mjpeg")
            page = browser.new_context(viewport={"width": 1100, "height": 800}).new_page()
            asked: list[str] = []
            page.on("request", lambda request: asked.append(request.url))
            begun = time.monotonic()
            page.goto(f"{address}/#video")
            page.wait_for_selector("#file", timeout=120_000)
            print(f"loaded in {time.monotonic() - begun:.1f} s: {page.inner_text('footer')}")
            print(f"processor: {processor()}, load {os.getloadavg()[0]:.0f}")
            if clips:
                compare(page, clips, Recognizer.load(given.recognizer))
            if given.camera:
                watch(page, given.camera)
            print("asked for:", *sorted({url.removeprefix(address) for url in asked}), sep="\n  ")
            browser.close()


def compare(page: Any, clips: list[Path], recognizer: Recognizer) -> None:
    """Print how the page's answers and landmarks differ from Python's."""
    same, frames, seconds, answering = Counter[str](), 0, 0.0, []
    apart: dict[str, list[NDArray[np.float64]]] = {part: [] for part, _ in PARTS}
    missing: dict[str, list[NDArray[np.bool_]]] = {part: [] for part, _ in PARTS}
    # An input that the page itself does not look at.
    page.evaluate(
        "document.querySelector('main').append("
        "Object.assign(document.createElement('input'), { type: 'file', id: 'compared' }))"
    )
    for number, path in enumerate(clips, start=1):
        page.set_input_files("#compared", path)
        started = time.monotonic()
        found = page.evaluate(LOOK, "compared")
        seconds += time.monotonic() - started
        frames += len(found["parts"])
        answering.append(found["answered"])
        seen = recognizer.extract(path)
        assert seen.landmarks is not None
        size = {"width": seen.width, "height": seen.height}
        expected = recognizer.predict_landmarks(seen.landmarks, **size)
        named = recognizer.signs[int(np.argmax(found["logits"]))]
        kind = "drawn" if clips_folder() in path.parents else "real"
        same[kind] += named == expected[0][0]
        for part, numbers in PARTS:
            each, lost = differences(found["parts"], seen.landmarks, part, numbers)
            apart[part].append(each)
            missing[part].append(lost)
        if named != expected[0][0]:
            sure = ", ".join(f"{sign} {share:.0%}" for sign, share in expected[:2])
            print(f"  {path.parent.name}/{path.name}: {named}, in Python {sure}", flush=True)
        if number % 10 == 0:
            print(f"  {number} clips: {browser_memory():.0f} MB, same {dict(same)}", flush=True)
    print(f"the same likeliest sign: {dict(same)} of {len(clips)} clips")
    for part, _ in PARTS:
        far = np.concatenate(apart[part])
        if not far.size:
            continue
        print(f"  {part}: mean difference {far.mean():.5f} of the picture, ", end="")
        print(f"99.9 % within {np.percentile(far, 99.9):.4f}, ", end="")
        print(f"seen otherwise in {np.concatenate(missing[part]).mean():.2%} of frames")
    print(f"{frames} frames, {frames / seconds:.1f} a second")
    print(f"an answer takes {np.median(answering):.1f} ms (median of {len(answering)})")


def differences(
    theirs: list[dict[str, Any]], ours: Landmarks, part: str, numbers: int
) -> tuple[NDArray[np.float64], NDArray[np.bool_]]:
    """Of a part: every difference of an x or y, and whether a frame was seen by one alone."""
    frames = min(len(theirs), len(ours))
    seen = np.array([row[part] is not None for row in theirs[:frames]])
    both = seen & ours.seen(part)[:frames]
    each = [
        np.abs(
            np.reshape(theirs[at][part], (-1, numbers))[:23, :2] - getattr(ours, part)[at, :23, :2]
        ).ravel()
        for at in np.flatnonzero(both)
    ]
    return np.concatenate([*each, []]), seen != ours.seen(part)[:frames]


def watch(page: Any, seconds: float) -> None:
    """Print how fast the page looks at a camera's pictures, what it answers, and its memory."""
    page.click("#to-live")
    page.wait_for_selector(".checks .rate span")
    begun, told = time.monotonic(), 0.0
    rates: list[float] = []
    while (passed := time.monotonic() - begun) <= seconds:
        if passed >= told:
            heap = page.evaluate("performance.memory.usedJSHeapSize") / 1e6
            print(
                f"  {passed:4.0f} s: {browser_memory():.0f} MB, of scripts {heap:.0f} MB",
                flush=True,
            )
            told += seconds / 10
        page.wait_for_timeout(2000)
        text = page.inner_text(".checks .rate span")
        rates += [float(text)] if text.isdigit() else []
    print(f"camera: {np.median(rates):.0f} pictures a second, load {os.getloadavg()[0]:.0f}")
    print("  answers:", page.locator(".history li").all_inner_texts()[:5])


def processor() -> str:
    """What Linux calls it, and how many cores there are."""
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    name = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), "")
    return f"{name}, {os.cpu_count()} cores"


def browser_memory() -> float:
    """MB of this process's browser, all its processes, counting shared pages once."""
    parents = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            )
        except OSError:
            continue
    mine, total = {os.getpid()}, 0.0
    while more := {child for child, parent in parents.items() if parent in mine} - mine:
        mine |= more
    for process in mine - {os.getpid()}:
        try:
            lines = Path(f"/proc/{process}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue
        total += next((int(line.split()[1]) for line in lines if line.startswith("Pss:")), 0)
    return total / 1024


if __name__ == "__main__":
    main()
