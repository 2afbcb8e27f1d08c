"""export --format web: a static folder that recognises signs inside a browser."""

import json
import os
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from hashlib import sha256
from pathlib import Path

from signpipe.errors import SignpipeError, disk_full
from signpipe.export.browser_assets import PAGE, copy_assets, npm_packages
from signpipe.export.narrow_weights import WeightForm
from signpipe.export.onnx_file import write_onnx
from signpipe.live.stream_settings import StreamSettings
from signpipe.live.taught import Taught
from signpipe.live.taught_folder import read_folder
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.settings import ExtractSettings
from signpipe.workspace import TEMPORARY, write_json

# The look and the parts of a page that `signpipe app` has as well.
SHARED = PAGE.parents[1] / "app" / "static"
SHARED_FILES = (
    "camera.js",
    "dom.js",
    "icon.svg",
    "listeners.js",
    "pages.js",
    "player.js",
    "skeleton.js",
    "stage.js",
    "style.css",
    "taught.js",
    "views/live.js",
    "views/teach.js",
    "words.js",
)
# Before takes say more, a clip this near to the mean of a sign is taken for it. Measured within six
# signers, fine-tuned features: a sign is 0.16 away from its mean, another sign 0.5 (medians).
PRIOR_DISTANCE = 0.3
NOT_SERVED = ("package.json", "package-lock.json")
LISTED = "files.json"


def write_web(
    recognizer: Path, folder: Path, weights: WeightForm = "float", assets: Path | None = None
) -> int:
    """Make the folder, which must not be there yet, all at once; its size in bytes.

    `assets` is a folder with the npm packages, which are fetched otherwise. Raises SignpipeError if
    the recogniser or the packages cannot be had, or the disk is full; then nothing is left behind.
    """
    if folder.exists():
        raise SignpipeError(f"{folder} is there already; name another, or delete it first")
    card = read_card(recognizer)
    with npm_packages(assets) as packages, _made_aside(folder) as aside:
        _copy_page(aside)
        write_onnx(recognizer, aside / "model.onnx", weights)
        write_json(aside / "recognizer.json", about(recognizer, card))
        copy_assets(packages, aside, card.extract or ExtractSettings())
        return _list_files(aside)


def about(recognizer: Path, card: RecognizerCard) -> dict[str, object]:
    """What the page reads of the recogniser: its card, and how it watches, cuts and is taught."""
    taught = read_folder(recognizer) if card.kind == "taught" else None
    prior = taught.reference.prior if taught else None
    # What the file says of itself: of a taught recogniser, its threshold as it is now.
    now = Taught(taught).card if taught else card
    return {
        "card": now.model_dump(mode="json", exclude={"trained"}),
        "stream": asdict(StreamSettings()),
        "prior_distance": prior.distance if prior else PRIOR_DISTANCE,
    }


@contextmanager
def _made_aside(folder: Path) -> Iterator[Path]:
    """A new folder beside `folder`, that takes its name at the end."""
    folder.parent.mkdir(parents=True, exist_ok=True)
    aside = folder.parent / f".{secrets.token_hex(8)}{TEMPORARY}"
    aside.mkdir()
    try:
        yield aside
        os.rename(aside, folder)
    except OSError as error:
        if disk_full(error):
            raise SignpipeError(
                f"no space is left on the disk for {folder}; free some, and export again"
            ) from error
        raise
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _copy_page(folder: Path) -> None:
    (folder / "views").mkdir()
    for name in SHARED_FILES:
        shutil.copyfile(SHARED / name, folder / name)
    for path in sorted(PAGE.rglob("*")):
        if path.is_file() and path.name not in NOT_SERVED:
            shutil.copyfile(path, folder / path.relative_to(PAGE))


def _list_files(folder: Path) -> int:
    """Write what is to be kept for use without a network; the folder's size in bytes."""
    paths = [path for path in sorted(folder.rglob("*")) if path.is_file()]
    sizes = {str(path.relative_to(folder)): path.stat().st_size for path in paths}
    digest = sha256()
    for path in paths:
        digest.update(path.read_bytes())
    version = digest.hexdigest()[:16]
    listed = {"version": version, "files": sizes}
    (folder / LISTED).write_text(json.dumps(listed, indent=1) + "\n", encoding="utf-8")
    # A browser looks at this file to see whether anything is new.
    worker = folder / "worker.js"
    text = worker.read_text(encoding="utf-8").replace("VERSION_OF_THE_FILES", version)
    worker.write_text(text, encoding="utf-8")
    return sum(sizes.values())
