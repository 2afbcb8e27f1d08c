"""What several tests need: real data where it is present, and clips made on the spot."""

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

# One thread: tests are small, and threads that wait for each other would only slow them down.
# This comes before torch is imported by any of them.
os.environ.setdefault("OMP_NUM_THREADS", "1")

MakeClip = Callable[..., Path]


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """The folder of real clips and packs; tests that use it are skipped where it is not."""
    beside = Path(__file__).resolve().parents[2] / "shared" / "data"
    folder = Path(os.environ.get("SIGNPIPE_SHARED_DATA", beside))
    if not folder.is_dir():
        pytest.skip(f"there is no {folder}; SIGNPIPE_SHARED_DATA can name it")
    return folder


@pytest.fixture(scope="session")
def demo_clips() -> Path:
    """The folder of the clips that come with the package, <gesture>/<signer>_<repetition>.mp4."""
    from signpipe.demo.clips import clips_folder

    if not any(clips_folder().glob("*/*.mp4")):
        pytest.skip("the package's own clips have not been made")
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
