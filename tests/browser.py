"""A real browser whose camera plays drawn signers."""

import io
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-fake-ui-for-media-stream",
)


def write_camera(path: Path, frames: Iterable[np.ndarray]) -> None:
    """Frames (H, W, 3) uint8 RGB as the file that a fake camera plays over and over."""
    with path.open("wb") as file:
        for frame in frames:
            picture = io.BytesIO()
            Image.fromarray(frame).save(picture, "JPEG", quality=92)
            file.write(picture.getvalue())


def launch(playwright: Any, camera: Path | None, *flags: str) -> Any:
    """Chromium with a fake camera, or without any."""
    has_camera = (
        []
        if camera is None
        else [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera}",
        ]
    )
    return playwright.chromium.launch(
        executable_path=str(CHROMIUM), chromium_sandbox=False, args=[*FLAGS, *has_camera, *flags]
    )


def signing(clip: Path, rest: float = 1.0, slower: float = 1.2) -> list[np.ndarray]:
    """A camera's pictures, 30 a second, of a clip's sign between `rest` seconds of rest."""
    from signpipe.video.read import Video

    with Video(clip) as video:
        shown = list(video)
    times = np.arange(0, shown[-1][0] * slower, 1 / 30) / slower
    index = np.searchsorted([time for time, _ in shown], times, side="right") - 1
    still = round(30 * rest)
    first, last = shown[0][1], shown[-1][1]
    return [first] * still + [shown[i][1] for i in index] + [last] * still


def violations(page: Any, axe: str) -> list[str]:
    """What axe-core finds that keeps people out, in the page as it is now."""
    page.evaluate(axe)
    found = page.evaluate("axe.run()")
    return [
        f"{rule['id']}: {node['html']} {node['failureSummary']}"
        for rule in found["violations"]
        for node in rule["nodes"]
    ]
