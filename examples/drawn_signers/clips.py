"""The drawn clips, made again by `python -m drawn_signers FOLDER` in the folder `examples`."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from drawn_signers.gestures import GESTURES, Gesture
from drawn_signers.performance import FPS, perform, variation_of
from drawn_signers.render import Renderer
from drawn_signers.signers import SIGNERS, Signer
from signpipe.tables import write_table
from signpipe.video.write import write_video

SIZE = 320  # pixels along each side of the shipped clips
_CRF = 32  # they are small drawings: finer quality would cost bytes and show nothing


def render_clip(
    signer: Signer, gesture: Gesture, repetition: int, seed: int = 0, size: int = SIZE
) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames (size, size, 3) of one clip: RGB bytes, FPS a second."""
    renderer = Renderer(signer, size)
    performance = perform(signer, gesture, variation_of(signer, gesture, repetition, seed))
    for pose in performance.poses:
        yield renderer.draw(pose)


def generate(folder: Path, seed: int = 0, size: int = SIZE, repetitions: int = 2) -> list[Path]:
    """Write every gesture by every signer, `repetitions` times, and return the clips' paths.

    A clip is `<gesture>/<signer>_<repetition>.mp4`; `labels.csv` has a row `path,label,signer` for
    each, the path relative to `folder`. What was there under these names is replaced. Raises
    ValueError for repetitions below 1 and OSError when the folder cannot be written.
    """
    if repetitions < 1:
        raise ValueError(f"repetitions is {repetitions}, but must be at least 1")
    rows = []
    for gesture in GESTURES:
        for signer in SIGNERS:
            for repetition in range(repetitions):
                name = f"{gesture.name}/{signer.name}_{repetition}.mp4"
                frames = render_clip(signer, gesture, repetition, seed, size)
                write_video(folder / name, frames, FPS, _CRF)
                rows.append((name, gesture.name, signer.name))
    write_table(folder / "labels.csv", ("path", "label", "signer"), rows)
    return [folder / name for name, _, _ in rows]
