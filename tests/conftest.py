"""What several tests need: real data where it is present, and clips made on the spot."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

if TYPE_CHECKING:
    from signpipe.landmarks.pack import Landmarks
    from signpipe.workspace import Workspace

# One thread: tests are small, and threads that wait for each other would only slow them down.
# This comes before torch is imported by any of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

# In the background of a shell script Ctrl-C's signal is ignored, and programs started from here
# would inherit that.
signal.signal(signal.SIGINT, signal.default_int_handler)

MakeClip = Callable[..., Path]


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Landmarks that are kept stay out of the home of who runs the tests."""
    os.environ["SIGNPIPE_CACHE"] = str(tmp_path_factory.mktemp("cache"))


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips and packs; tests that use it are skipped where it is not."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SIGNPIPE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; SIGNPIPE_SHARED_DATA can name it")
    return folder


@pytest.fixture(scope="session")
def axe_if_any() -> str:
    """The source of axe-core, which looks for what keeps people out; "" where it is not there."""
    path = Path(os.environ.get("SIGNPIPE_AXE", ""))
    return path.read_text(encoding="utf-8") if path.is_file() else ""


@pytest.fixture(scope="session")
def dask_cluster(tmp_path_factory: pytest.TempPathFactory) -> "Iterator[str]":
    """The address of a Dask scheduler on this machine with two workers of one thread each.

    They can import this folder's tests. A task may lose one worker, the next fails it.
    """
    folder = tmp_path_factory.mktemp("dask")
    tests = Path(__file__).parent / "extraction"
    settings = {
        "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1",
        "PYTHONPATH": os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")]),
    }
    common = ["--scheduler-file", str(folder / "scheduler.json"), "--no-dashboard"]
    programs = [
        ["dask_scheduler", "--host", "127.0.0.1", "--port", "0", *common],
        ["dask_worker", "--nworkers", "2", "--nthreads", "1", "--memory-limit", "0"]
        + ["--local-directory", str(folder), *common],
    ]
    started = []
    try:
        for module, *options in programs:
            with (folder / f"{module}.log").open("w") as log:
                command = [sys.executable, "-m", f"distributed.cli.{module}", *options]
                started.append(
                    subprocess.Popen(command, env={**os.environ, **settings}, stderr=log)
                )
        limit = time.monotonic() + 60
        while not (folder / "scheduler.json").exists():
            assert time.monotonic() < limit, "the scheduler does not start"
            time.sleep(0.05)
        yield json.loads((folder / "scheduler.json").read_text())["address"]
    finally:
        for process in started[::-1]:
            process.terminate()
            process.wait()


@pytest.fixture(scope="module")
def playwright() -> Iterator[Any]:
    """Playwright, which drives browsers. Its event loop must end before another can run."""
    from browser import CHROMIUM

    if not CHROMIUM.exists():
        pytest.skip(f"there is no {CHROMIUM}; apt-get install chromium")
    with pytest.importorskip("playwright.sync_api").sync_playwright() as made:
        yield made


@pytest.fixture(scope="session")
def demo_clips() -> Path:
    """The folder of the clips that come with the package, <gesture>/<signer>_<repetition>.mp4."""
    from signpipe.demo.clips import clips_folder

    return clips_folder()


@pytest.fixture(scope="session")
def person() -> np.ndarray:
    """(320, 320, 3) uint8 RGB: a drawn person in whom Holistic finds the pose and both hands."""
    import cv2

    from signpipe.landmarks.holistic import CHECK_PICTURE

    return np.ascontiguousarray(cv2.imread(str(CHECK_PICTURE))[:, :, ::-1])


@pytest.fixture(scope="session")
def make_clip(person: np.ndarray) -> MakeClip:
    """`make_clip(path, frames=6, seed=0)` writes a clip of the person, moving by pixels."""
    from signpipe.video.write import write_video

    def make(path: Path, frames: int = 6, seed: int = 0) -> Path:
        steps = np.random.default_rng(seed).integers(-3, 4, size=(frames, 2)).cumsum(axis=0)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_video(path, [np.roll(person, tuple(step), axis=(0, 1)) for step in steps], 25)
        return path

    return make


def _walk(sign: int, signer: int, repetition: int, frames: int = 20) -> "Landmarks":
    """A made-up clip: a hand that moves in a way only the sign decides, by a signer's habits."""
    from signpipe.landmarks.pack import Landmarks

    rng = np.random.default_rng([sign, signer, repetition])
    habit = np.random.default_rng([7, signer]).normal(0, 0.02, (75, 2))
    time = np.linspace(0, 2 * np.pi, frames)
    pose = np.full((frames, 33, 4), np.nan, np.float32)
    pose[:, :23, 3] = 1
    pose[:, :23, :2] = 0.5 + habit[:23] + rng.normal(0, 0.003, (frames, 23, 2))
    pose[:, 11, 0], pose[:, 12, 0] = 0.65, 0.35
    turn = np.stack([np.cos((sign + 1) * time), np.sin((sign + 1) * time)], axis=1)
    pose[:, 16, :2] = (0.4, 0.6) + 0.1 * turn
    spread = (
        0.02
        + 0.02
        * np.arange(21)[None, :, None]
        * (1 + 0.3 * np.sin(time * (sign + 1)))[:, None, None]
        / 21
    )
    angle = np.arange(21) * (0.3 + 0.2 * sign)
    rays = np.stack([np.cos(angle), np.sin(angle)], axis=1)
    hand = np.full((frames, 21, 3), np.nan, np.float32)
    hand[..., :2] = pose[:, 16, None, :2] + spread * rays + rng.normal(0, 0.001, (frames, 21, 2))
    left = np.full((frames, 21, 3), np.nan, np.float32)
    return Landmarks(pose, left, hand)


@pytest.fixture(scope="session")
def walk() -> "Callable[..., Landmarks]":
    """`walk(sign, signer, repetition, frames=20)`: the landmarks of a made-up clip."""
    return _walk


@pytest.fixture
def signs_workspace(tmp_path: Path) -> "Workspace":
    """A workspace with 3 made-up signs, 5 signers and 4 clips of each, labelled, without splits."""
    from signpipe.extraction import import_keypoints
    from signpipe.landmarks.pack import write_pack
    from signpipe.workspace import Workspace

    clips = {
        f"s{signer}/{sign}/{repetition}": _walk(number, signer, repetition)
        for signer in range(5)
        for number, sign in enumerate(("drink", "house", "tree"))
        for repetition in range(4)
    }
    write_pack(tmp_path / "made_up.h5", clips)
    rows = [f"{name},{name.split('/')[1]},{name.split('/')[0]}" for name in clips]
    labels = tmp_path / "labels.csv"
    labels.write_text("\n".join(["clip_id,label,signer", *rows]) + "\n")
    workspace = Workspace(tmp_path / "workspace")
    import_keypoints.run(workspace, [tmp_path / "made_up.h5"], labels=labels)
    return workspace


@pytest.fixture(scope="session")
def small() -> dict[str, Any]:
    """Changes to the settings of pretrain and finetune that make both take a second."""
    return {
        "encoder.frames": 8,
        "encoder.joint_channels": (8, 8, 16),
        "encoder.part_channels": 32,
        "encoder.heads": 4,
        "encoder.hand_feedforward": 32,
        "encoder.trunk_feedforward": 32,
        "encoder.embedding": 16,
        "batch_size": 12,
        "min_steps_per_epoch": 1,
        "precision": "fp32",  # auto would time a busy machine
    }


@pytest.fixture(scope="session")
def make_encoder(tmp_path_factory: pytest.TempPathFactory) -> "Callable[..., Path]":
    """`make_encoder(seed=0)`: the file of a small encoder with random weights."""
    import torch

    from signpipe.model.backbone import BackboneCard, new_encoders, save_backbone
    from signpipe.settings import EncoderSettings, PrepareSettings

    def make(seed: int = 0) -> Path:
        torch.manual_seed(seed)
        settings = EncoderSettings(frames=4, part_channels=16, heads=2)
        card = BackboneCard(encoder=settings, prepare=PrepareSettings())
        path = tmp_path_factory.mktemp("encoder") / "encoder.safetensors"
        save_backbone(path, new_encoders(card), card)
        return path

    return make


@pytest.fixture(scope="session")
def gesture_recognizer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a recogniser of `wave` and `drum` with random weights."""
    import torch

    from signpipe.model.recognizer_card import RecognizerCard
    from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
    from signpipe.settings import EncoderSettings, PrepareSettings

    torch.manual_seed(0)
    encoder = EncoderSettings(frames=4, part_channels=16, heads=2)
    card = RecognizerCard(signs=("wave", "drum"), encoder=encoder, prepare=PrepareSettings())
    folder = tmp_path_factory.mktemp("gestures") / "recognizer"
    save_recognizer(folder, StreamClassifiers(encoder, 2), card)
    return folder


@pytest.fixture(scope="session")
def two_gestures(tmp_path_factory: pytest.TempPathFactory, demo_clips: Path) -> tuple[Path, float]:
    """A recording of a drawn signer who shows two gestures, and when the second begins."""
    from signpipe.video.read import Video
    from signpipe.video.write import write_video

    frames: list[np.ndarray] = []
    begins = 0
    for clip in ("wave/bo_0.mp4", "drum/bo_0.mp4"):
        begins = len(frames)
        with Video(demo_clips / clip) as video:
            frames += [pixels for _, pixels in video]
    path = tmp_path_factory.mktemp("recordings") / "my talk é.mp4"
    write_video(path, frames, 20)
    return path, begins / 20


@pytest.fixture
def taught_folder(make_encoder: "Callable[..., Path]", tmp_path: Path) -> Path:
    """The folder of a recogniser that was taught nothing yet; its features are 64 wide."""
    from dataclasses import replace

    from signpipe.live.learn_reference import no_reference
    from signpipe.live.taught_folder import create_folder
    from signpipe.live.taught_signs import Prior

    encoder = make_encoder()
    reference = replace(no_reference(encoder), prior=Prior(distance=0.6, temperature=0.5))
    create_folder(tmp_path / "taught", encoder, reference)
    return tmp_path / "taught"
