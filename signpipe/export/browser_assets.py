"""What a page needs of others: MediaPipe Holistic with its models, and onnxruntime, from npm."""

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from signpipe.errors import SignpipeError
from signpipe.export.browser_graph import HAND_LANDMARK, POSE_LANDMARK, browser_graph
from signpipe.landmarks.graph import (
    POSE_MODELS,
    mediapipe_folder,
    mediapipe_version,
    without_segmentation,
)
from signpipe.settings import ExtractSettings
from signpipe.workspace import read_json

PAGE = Path(__file__).parent / "page"
HOLISTIC, RUNTIME = "@mediapipe/holistic", "onnxruntime-web"
COPIED = {
    HOLISTIC: {
        "holistic.js": "mediapipe",
        "holistic_solution_simd_wasm_bin.js": "mediapipe",
        "holistic_solution_simd_wasm_bin.wasm": "mediapipe",
    },
    RUNTIME: {
        "dist/ort.wasm.min.mjs": "ort",
        "dist/ort-wasm-simd-threaded.mjs": "ort",
        "dist/ort-wasm-simd-threaded.wasm": "ort",
    },
}
# The very files of extraction; the npm package has them in one archive, with the face's.
MODELS = {
    "pose_detection/pose_detection.tflite": "pose_detection.tflite",
    "holistic_landmark/hand_recrop.tflite": "hand_recrop.tflite",
    "hand_landmark/hand_landmark_full.tflite": HAND_LANDMARK,
}
LICENCES = {HOLISTIC: "Apache-2.0", RUNTIME: "MIT"}
CODES = re.compile(r"(code|errno|syscall)\b")  # lines of npm's that say little to people
OFFLINE = (
    "; where there is no network, run `npm ci` elsewhere in a copy of {page} and name that folder "
    "with --assets"
)


@contextmanager
def npm_packages(assets: Path | None = None) -> Iterator[Path]:
    """The folder `node_modules` with what the page needs, fetched unless `assets` has it.

    `assets` is such a folder, or the one it lies in. Raises SignpipeError if it lacks a package, or
    has another version, or npm is missing or fails.
    """
    if assets is not None:
        found = next((p for p in (assets / "node_modules", assets) if (p / RUNTIME).is_dir()), None)
        if found is None:
            raise SignpipeError(
                f"{assets} has no {RUNTIME}; run `npm ci` in it with the package.json and "
                f"package-lock.json of {PAGE}"
            )
        _check_versions(found)
        yield found
        return
    with TemporaryDirectory(prefix="signpipe-") as folder:
        for name in ("package.json", "package-lock.json"):
            shutil.copy(PAGE / name, folder)
        _fetch(Path(folder))
        yield Path(folder) / "node_modules"


def _fetch(folder: Path) -> None:
    npm = shutil.which("npm")
    offline = OFFLINE.format(page=PAGE)
    if npm is None:
        raise SignpipeError(f"the page needs npm, which is not installed; install Node.js{offline}")
    words = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"]
    done = subprocess.run(words, cwd=folder, capture_output=True, text=True, errors="replace")
    if done.returncode:
        lines = [line.removeprefix("npm error ").strip() for line in done.stderr.splitlines()]
        told = next((line for line in lines if line and not CODES.match(line)), "no reason given")
        raise SignpipeError(f"npm could not fetch what the page needs ({told[:200]}){offline}")


def _check_versions(packages: Path) -> None:
    wanted = read_json(PAGE / "package.json")["dependencies"]
    for name, version in wanted.items():
        found = read_json(packages / name / "package.json").get("version")
        if found != version:
            raise SignpipeError(
                f"{packages} has {name} {found}, and the page needs {version}; run `npm ci` there "
                f"with the package-lock.json of {PAGE}"
            )


def copy_assets(packages: Path, folder: Path, settings: ExtractSettings) -> None:
    """Copy what the page needs into its folder, without what only face and segmentation need.

    `settings` are those of extraction. Raises SignpipeError if a file is missing or unknown.
    """
    target = folder / "mediapipe"
    try:
        for package, files in COPIED.items():
            for name, place in files.items():
                (folder / place).mkdir(exist_ok=True)
                shutil.copyfile(packages / package / name, folder / place / Path(name).name)
        pose = f"pose_landmark_{POSE_MODELS[settings.model_complexity]}.tflite"
        model = (packages / HOLISTIC / pose).read_bytes()
        (target / POSE_LANDMARK).write_bytes(without_segmentation(model))
    except FileNotFoundError as error:
        raise SignpipeError(f"{error.filename} is missing; run `npm ci` there again") from error
    (target / "graph.binarypb").write_bytes(browser_graph(settings))
    for source, name in MODELS.items():
        shutil.copyfile(mediapipe_folder() / "modules" / source, target / name)
    versions = read_json(PAGE / "package.json")["dependencies"]
    told = [f"{name} {versions[name]}: {licence}" for name, licence in LICENCES.items()]
    told += [f"models of mediapipe {mediapipe_version()}: Apache-2.0"]
    (folder / "licences.txt").write_text("\n".join(["signpipe: MIT", *told]) + "\n")
