"""How `spot` tells signs apart that follow each other without a rest: run by hand, some minutes.

    python tests/bench/without_rests.py [--split train|personal] [--signers 6] [--clips 20]

Of each signer with four signs or more half of the signs are taught by three takes, by the shipped
encoder. Streams of that signer's clips at 25 frames a second, hands going straight from one to the
next: of the taught signs, of the others, of both in turn; and with rests. For each kind, events as
a live stream has them and as `spot` has them: precision, recall and F1 from a temporal IoU of 0.5
on, and how many of the right events are named rightly.
"""

import argparse
import tempfile
from collections import defaultdict
from functools import partial
from pathlib import Path

import numpy as np
from joined_stream import join, join_without_rests, rests
from stream import CHOSEN_ON, DATA, matched, read_idle, read_signs, teach

from signpipe.live.answered_stream import AnsweredSign, AnsweredStream
from signpipe.live.shots import AnsweredShots
from signpipe.search.spotting import RecognizerAnswers, spotting_stream
from signpipe.teaching import open_taught
from signpipe.workspace import Workspace

RATE = 25.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("train", "personal"), default="personal")
    parser.add_argument("--signers", type=int, default=6)
    parser.add_argument("--clips", type=int, default=20, help="clips in each stream")
    given = parser.parse_args()
    pack = "signs.h5" if given.split == "train" else "personal.h5"
    signs = read_signs(DATA / "keypoints", pack, given.split)
    idle = read_idle(DATA / "open")
    resting = rests([clip for person in CHOSEN_ON for clip in idle[person]])
    many = [c for _, c in sorted(signs.items()) if len({s.label for s in c}) > 3 and len(c) >= 40]
    counts: dict[tuple[str, str], np.ndarray] = defaultdict(lambda: np.zeros(4, int))
    for number, clips in enumerate(many[: given.signers]):
        with tempfile.TemporaryDirectory() as folder:
            taught = open_taught(Path(folder) / "taught", Workspace(Path(folder)), "shipped")
            rng = np.random.default_rng([1, number])
            known, others = (some[: given.clips] for some in teach(taught, clips, rng))
            answers = RecognizerAnswers(taught)
            both = [clip for pair in zip(known, others, strict=False) for clip in pair]
            streams = {
                "taught": join_without_rests(known, RATE, rng),
                "both": join_without_rests(both[: given.clips], RATE, rng),
                "others": join_without_rests(others, RATE, rng),
                "taught, rests": join(known, resting, RATE, rng),
                "others, rests": join(others, resting, RATE, rng),
            }
            new = partial(spotting_stream, answers, None, None, False)
            for kind, (landmarks, truth) in streams.items():
                live = AnsweredStream(answers)
                spot = AnsweredShots(new, width=None, height=None)
                for name, stream in (("live", live), ("spot", spot)):
                    events = stream.extend(landmarks) + stream.end()
                    found = {
                        (e.start, e.end): e.answer.answer
                        for e in events
                        if isinstance(e, AnsweredSign)
                    }
                    labels = dict(truth)
                    pairs = matched([*found], [*labels])
                    named = sum(found[event] == labels[sign] for event, sign in pairs)
                    counts[kind, name] += [len(truth), len(found), len(pairs), named]
    print("| stream | events | signs | found | precision | recall | F1 | named rightly |")
    print("|---|---|---|---|---|---|---|---|")
    for (kind, name), (truth, found, right, named) in counts.items():
        shares = f"{right / max(1, found):.3f} | {right / truth:.3f}"
        both = f"{2 * right / (found + truth):.3f}"
        print(f"| {kind} | {name} | {truth} | {found} | {shares} | {both} | {named} |")


if __name__ == "__main__":
    main()
