"""The page's speed; run by hand, on a machine with nothing else to do.

    python tests/bench/page.py [--seconds 20] [--minutes 0]

A browser's camera plays a drawn signer who rests, signs and rests. Printed are: the seconds from
the command to its address, to the first landmarks, and of all that until the first taught sign is
answered; pictures a second through the page, and those that `Holistic` reaches in a loop over the
same pictures, before and after; the seconds from hands that have come down to the answer in the
browser. With --minutes the stream goes on, and the memory of the server, of the landmark process
and of the page is printed every half minute.
"""

import argparse
import os
import sys
import tempfile
import time
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

sys.path[:0] = [str(Path(__file__).parents[1]), str(Path(__file__).parents[1] / "app")]

from browser import signing, write_camera  # noqa: E402
from page_visits import RunningPage, running_page, visiting  # noqa: E402

from signpipe.demo.clips import clips_folder  # noqa: E402
from signpipe.landmarks.holistic import Holistic  # noqa: E402

# Notes when messages come, by the clock that the pictures' times are of.
LISTEN = """
window.noted = [];
const Before = window.WebSocket;
window.WebSocket = class extends Before {
  constructor(...all) {
    super(...all);
    this.addEventListener("message", (event) => {
      const { is, seconds, up, rate } = JSON.parse(event.data);
      window.noted.push({ is, seconds, up, rate, at: performance.now() / 1000 });
    });
  }
};
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=20, help="of stream that is measured")
    parser.add_argument("--minutes", type=float, default=0, help="of stream to watch memory over")
    options = parser.parse_args()
    frames = signing(clips_folder() / "wave" / "ada_0.mp4")
    with tempfile.TemporaryDirectory() as folder:
        camera = Path(folder) / "camera.mjpeg"
        write_camera(camera, frames)
        loop(frames, "before")
        measure(Path(folder) / "workspace", camera, options)
        loop(frames, "after")
    print(f"load of the machine: {', '.join(f'{load:.1f}' for load in os.getloadavg())}")


def loop(frames: list[np.ndarray], when: str, wanted: int = 150) -> None:
    """Tell how fast `Holistic` alone is, in this process."""
    chosen = [(i / 30, frames[i % len(frames)]) for i in range(wanted)]
    with Holistic() as holistic:
        begun, busy = time.monotonic(), time.process_time()
        holistic.landmarks(chosen)
        seconds, busy = time.monotonic() - begun, time.process_time() - busy
    print(
        f"Holistic in a loop {when}: {wanted / seconds:.1f} pictures a second, "
        f"{1000 * busy / wanted:.1f} ms of a core each"
    )


def measure(workspace: Path, camera: Path, options: argparse.Namespace) -> None:
    from playwright.sync_api import sync_playwright

    begun = time.monotonic()
    with (
        sync_playwright() as playwright,
        running_page(workspace) as running,
        visiting(playwright, running) as visits,
    ):
        print(f"command to address: {time.monotonic() - begun:.1f} s")
        begun = time.monotonic()
        page = visits.open(camera, view="teach", script=LISTEN)
        page.wait_for_selector(".checks .good")
        print(f"browser's start to first landmarks: {time.monotonic() - begun:.1f} s")
        page.fill("#sign", "wave")
        page.click("button:has-text('Record') >> nth=0")
        page.click("button:has-text('Keep'):not(:disabled)")
        page.wait_for_selector("text=Kept.")
        page.click("#to-live")
        page.wait_for_selector(".answer:has-text('wave')")
        print(f"browser's start to first taught sign answered: {time.monotonic() - begun:.1f} s")
        busy = processor_time(running.process.pid)
        page.evaluate("window.noted.length = 0")
        page.wait_for_timeout(1000 * options.seconds)
        noted = page.evaluate("window.noted")
        tell(noted, [a - b for a, b in zip(processor_time(running.process.pid), busy, strict=True)])
        watch(running, page, options.minutes)


def tell(noted: list[dict], busy: list[float]) -> None:
    frames = [one["at"] for one in noted if one["is"] == "frame"]
    each = " and ".join(f"{1000 * seconds / len(frames):.1f} ms" for seconds in busy)
    print(
        f"through the page: {(len(frames) - 1) / (frames[-1] - frames[0]):.1f} pictures a second; "
        f"server and landmark process take {each} of a core each"
    )
    down, waits = None, []
    for one in noted:
        if one["is"] == "hands" and not one["up"]:
            down = one["seconds"]
        elif one["is"] == "answer" and down is not None:
            waits.append(one["at"] - down)
            down = None
    listed = ", ".join(f"{wait:.2f}" for wait in waits)
    print(f"hands down to answer: median {np.median(waits):.2f} s of {len(waits)} ({listed})")


def watch(running: RunningPage, page: Any, minutes: float) -> None:
    """Tell the memory of the server, of the landmark process and of the page's script."""
    end = time.monotonic() + 60 * minutes
    for half in count():
        if time.monotonic() >= end:
            break
        page.evaluate("window.noted.length = 0")
        heap = page.evaluate("performance.memory.usedJSHeapSize") / (1 << 20)
        sizes = ", ".join(f"{megabytes:.0f}" for megabytes in memory(running.process.pid))
        print(f"after {half / 2:.1f} minutes: {sizes} MB, and {heap:.0f} in the page", flush=True)
        page.wait_for_timeout(30_000)


def processes(pid: int) -> list[str]:
    """A process and its children."""
    found = [str(pid)]
    for thread in Path(f"/proc/{pid}/task").iterdir():
        found += (thread / "children").read_text().split()
    return found


def processor_time(pid: int) -> list[float]:
    """Seconds that a process and each of its children have worked."""
    tick = os.sysconf("SC_CLK_TCK")
    stats = [Path(f"/proc/{one}/stat").read_text() for one in processes(pid)]
    return [sum(map(int, stat.rpartition(")")[2].split()[11:13])) / tick for stat in stats]


def memory(pid: int) -> list[float]:
    """Of a process and its children, in MB, without what they share with others."""
    found = []
    for one in processes(pid):
        for line in Path(f"/proc/{one}/smaps_rollup").read_text().splitlines():
            if line.startswith("Private_Dirty:"):
                found.append(int(line.split()[1]) / 1024)
    return found


if __name__ == "__main__":
    main()
