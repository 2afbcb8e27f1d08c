"""One's own videos, from Python: own_videos.py [FOLDER [WORKSPACE]]

FOLDER has a folder for each sign. Without FOLDER the clips that come with signpipe are used.
"""

import sys
from pathlib import Path

import signpipe
from signpipe.cliptable import read_clips
from signpipe.demo.clips import clips_folder


def main(videos: Path, folder: Path) -> None:
    workspace = signpipe.Workspace(folder)
    labels = videos / "labels.csv"  # path,label,signer,split: says who signs

    extracted = signpipe.extract(workspace, [videos], labels=labels if labels.exists() else None)
    for clip in extracted.failures:
        print(f"{clip.source}: {clip.status}, {clip.reason}")

    signpipe.pretrain(workspace)
    learned = signpipe.finetune(workspace)
    print(f"{learned.signs} signs, split {learned.split}")

    measured = signpipe.evaluate(workspace, split="test")
    if measured.unknown:  # a single clip of each sign leaves none to try it on
        print(measured.unknown)
    for stream, figures in measured.metrics.get("streams", {}).items():
        print(f"{stream}: top-1 {figures['top1']:.1%} on {measured.metrics['clips']} clips")

    # The clip table says which clips are good: here the first of them.
    clip = next(Path(c.source) for c in read_clips(workspace.clips).values() if c.usable)
    with signpipe.Recognizer.load(signpipe.find_recognizer(workspace)) as recognizer:
        print(clip.name, recognizer.predict(clip, top=3).signs)


if __name__ == "__main__":
    words = [Path(word) for word in sys.argv[1:]]
    main(words[0] if words else clips_folder(), words[1] if len(words) > 1 else Path("own-python"))
