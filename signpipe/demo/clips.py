"""Make the demo's clips: `python -m signpipe.demo.clips FOLDER`."""

import argparse
import csv
import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from signpipe.demo.gestures import GESTURES, Gesture
from signpipe.demo.performance import FPS, perform, variation_of
from signpipe.demo.signers import SIGNERS, Signer
from signpipe.video.write import write_video
from signpipe.workspace import write_text

SIZE = 320  # pixels along each side of the shipped clips
_CRF = 32  # they are small drawings: finer quality would cost bytes and show nothing


def clips_folder() -> Path:
    """The folder of the clips that come with the package: what `generate` makes by default."""
    return Path(__file__).parent / "videos"


def render_clip(
    signer: Signer, gesture: Gesture, repetition: int, seed: int = 0, size: int = SIZE
) -> Iterator[npt.NDArray[np.uint8]]:
    """The frames (size, size, 3) of one clip: RGB bytes, FPS a second."""
    # Needed for making clips only: the demo runs on the shipped ones, and where OpenCV lacks a
    # system library, extraction says which.
    from signpipe.demo.render import Renderer

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
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(("path", "label", "signer"))
    paths = []
    for gesture in GESTURES:
        for signer in SIGNERS:
            for repetition in range(repetitions):
                name = f"{gesture.name}/{signer.name}_{repetition}.mp4"
                frames = render_clip(signer, gesture, repetition, seed, size)
                write_video(folder / name, frames, FPS, _CRF)
                writer.writerow((name, gesture.name, signer.name))
                paths.append(folder / name)
    write_text(folder / "labels.csv", table.getvalue())
    return paths


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m signpipe.demo.clips", description=__doc__)
    parser.add_argument("folder", type=Path, help="where to write the clips and labels.csv")
    parser.add_argument("--seed", type=int, default=0, help="another seed, other variations")
    parser.add_argument("--repetitions", type=int, default=2, help="clips per signer and gesture")
    arguments = parser.parse_args()
    made = generate(arguments.folder, arguments.seed, repetitions=arguments.repetitions)
    print(f"{len(made)} clips in {arguments.folder}")


if __name__ == "__main__":
    main()
