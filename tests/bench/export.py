"""How near exported recognisers are to torch's, and how fast; run by hand, it takes minutes.

    python tests/bench/export.py RECOGNIZER [--clips 1612]

RECOGNIZER is the folder of a recogniser of the 21 signs of the shared keypoints. Prints, of the
clips of val: the largest difference of a logit, of a feature's cosine, and the answers that differ;
top-1 and file's size with weights of 32, 16 and 8 bits; and milliseconds a clip beside torch's.
"""

import argparse
import csv
import os
import tempfile
import time
from pathlib import Path

import numpy as np

from signpipe.export.onnx_file import write_onnx
from signpipe.landmarks.pack import Landmarks, open_pack
from signpipe.recognizer import Recognizer

DATA = Path(__file__).parents[3] / "shared" / "data"
SIZE = (640, 480)
FORMS = ("float", "half", "int8")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("recognizer", type=Path)
    parser.add_argument("--clips", type=int)
    given = parser.parse_args()
    keypoints = Path(os.environ.get("SIGNPIPE_SHARED_DATA", DATA)) / "keypoints"
    clips = val_clips(keypoints)[: given.clips]
    torch_ = Recognizer.load(given.recognizer)
    with tempfile.TemporaryDirectory() as folder:
        for form in FORMS:
            path = Path(folder) / f"{form}.onnx"
            write_onnx(given.recognizer, path, form)
            print(f"\n{form}: {path.stat().st_size / 1e6:.2f} MB")
            measure(clips, torch_, Recognizer.load(path))


def val_clips(keypoints: Path) -> list[tuple[str, Landmarks]]:
    """(label, landmarks) of every clip of the split val."""
    with (keypoints / "clips.csv").open(encoding="utf-8") as file:
        labels = {r["clip_id"]: r["label"] for r in csv.DictReader(file) if r["split"] == "val"}
    with open_pack(keypoints / "signs.h5") as pack:
        return [
            (labels[name], pack.read(i)) for i, name in enumerate(pack.clip_ids) if name in labels
        ]


def measure(clips: list[tuple[str, Landmarks]], torch_: Recognizer, other: Recognizer) -> None:
    """Print how `other` compares with `torch_` on the clips."""
    width, height = SIZE
    apart, cosines, right, same = [], [], np.zeros(2), 0
    seconds = np.zeros((2, len(clips)))
    for i, (label, landmarks) in enumerate(clips):
        logits = []
        for which, recognizer in enumerate((torch_, other)):
            begun = time.perf_counter()
            logits.append(recognizer._scorer.logits(landmarks, SIZE)[0])
            seconds[which, i] = time.perf_counter() - begun
            right[which] += recognizer.signs[int(logits[-1].argmax())] == label
        apart.append(float(np.abs(logits[0] - logits[1]).max()))
        same += logits[0].argmax() == logits[1].argmax()
        if i % 10 == 0:
            one, two = (r.embed(landmarks, width=width, height=height) for r in (torch_, other))
            cosines.append(1 - float(one @ two))
    print(f"  {len(clips)} clips, the largest difference of a logit {max(apart):.2e}")
    print(
        f"  features: 1 - cosine at most {max(cosines):.1e}; the same sign: {same} of {len(clips)}"
    )
    print(f"  top-1: torch {right[0] / len(clips):.2%}, this {right[1] / len(clips):.2%}")
    fast, slow = (np.percentile(1000 * seconds, at, axis=1) for at in (50, 95))
    print(f"  ms a clip, median: torch {fast[0]:.1f}, this {fast[1]:.1f}")
    print(f"  ms a clip, 95 %:   torch {slow[0]:.1f}, this {slow[1]:.1f}")


if __name__ == "__main__":
    main()
