"""A real browser whose camera plays drawn signers."""

import io
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
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


@contextmanager
def chromium(camera: Path | None = None, *flags: str) -> Iterator[Any]:
    """Playwright's browser with a fake camera, or without any."""
    from playwright.sync_api import sync_playwright

    has_camera = (
        []
        if camera is None
        else [
            "--use-fake-device-for-media-stream",
            f"--use-file-for-fake-video-capture={camera}",
        ]
    )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM),
            chromium_sandbox=False,
            args=[*FLAGS, *has_camera, *flags],
        )
        yield browser
        browser.close()
