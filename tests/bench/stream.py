"""Signs in made-up streams, and false answers: run by hand, it takes some minutes.

    python tests/bench/stream.py [--split train|personal] [--fps 10 15 30] [--seeds 0 1 2]

Streams are the clips of one signer in random order, joined as `joined_stream` tells; a fifth of
them comes twice in a row. Of a clip counts the longest run of frames in which a hand was found
(gaps of up to five frames are bridged): many begin with the end of the take before and a rest. An
event and a clip belong together if what they share is at least half of what they cover together
(temporal IoU). Prints precision, recall and F1 of the events, and how far borders are off in
seconds; then events a minute on the idle clips of the open pack, one after the other; and, each
signer having taught a recogniser half of the signs by three takes, by the shipped encoder, how many
events a minute are named as one of these: on streams of the other half, which is movement that
means nothing to it, and on the idle clips, with and without two clips of that person's own taught
as idle; beside it how many of the taught signs, in a stream of further clips, are named rightly.
"""

import argparse
import csv
import os
import tempfile
from collections import defaultdict
from pathlib import Path
from time import process_time

import numpy as np
from joined_stream import Interval, Sign, join, rests

from signpipe.answers import NOT_SIGNING
from signpipe.landmarks.pack import Landmarks, open_pack
from signpipe.live.answered_stream import AnsweredSign, AnsweredStream
from signpipe.live.sign_stream import SignShown, SignStream
from signpipe.live.stream_settings import StreamSettings
from signpipe.recognizer import TaughtRecognizer
from signpipe.teaching import open_taught
from signpipe.workspace import Workspace

DATA = Path(os.environ.get("SIGNPIPE_SHARED_DATA", Path(__file__).parents[3] / "shared" / "data"))
IOU = 0.5
TAKES = 3  # of each taught sign
SHORTEST, GAP = 12, 5  # frames of a clip; of a gap in it
CHOSEN_ON = ("traduttore-a", "traduttore-c")  # idle clips of these chose the constants


def read_signs(folder: Path, pack: str, split: str) -> dict[str, list[Sign]]:
    """Clips by signer, those with a person and a hand in them."""
    with open(folder / "clips.csv", newline="") as handle:
        rows = {row["clip_id"]: row for row in csv.DictReader(handle)}
    signs = defaultdict(list)
    with open_pack(folder / pack) as clips:
        for clip_id, landmarks in zip(clips.clip_ids, clips.read_each(), strict=True):
            row = rows[clip_id]
            if row["split"] != split or not np.isfinite(landmarks.pose[:, [11, 12], 0]).all():
                continue
            sign = longest_run(landmarks)
            if len(sign) >= SHORTEST:
                signs[row["signer"]].append(Sign(sign, row["label"]))
    return signs


def longest_run(landmarks: Landmarks) -> Landmarks:
    """The most frames with a hand found, but for gaps of at most GAP frames."""
    seen = np.flatnonzero(landmarks.seen("left_hand") | landmarks.seen("right_hand"))
    runs = np.split(seen, np.flatnonzero(np.diff(seen) > GAP + 1) + 1)
    run = max(runs, key=len)
    at = slice(run[0], run[-1] + 1) if len(run) else slice(0)
    return Landmarks(landmarks.pose[at], landmarks.left_hand[at], landmarks.right_hand[at])


def iou(one: Interval, other: Interval) -> float:
    shared = min(one[1], other[1]) - max(one[0], other[0])
    return shared / (max(one[1], other[1]) - min(one[0], other[0])) if shared > 0 else 0.0


def matched(found: list[Interval], truth: list[Interval]) -> list[tuple[Interval, Interval]]:
    """Pairs that share enough; both are in order of time and disjoint."""
    pairs, first = [], 0
    for event in found:
        while first < len(truth) and truth[first][1] < event[0]:
            first += 1
        at = first
        while at < len(truth) and truth[at][0] < event[1]:
            if iou(event, truth[at]) >= IOU:
                pairs.append((event, truth[at]))
                first = at + 1
                break
            at += 1
    return pairs


def signs_in(landmarks: Landmarks, settings: StreamSettings) -> list[SignShown]:
    stream = SignStream(settings=settings)
    return [e for e in stream.extend(landmarks) + stream.end() if isinstance(e, SignShown)]


def streams(signs: dict[str, list[Sign]], resting: list, fps: float, seed: int):
    """(signer, stream, truth) for up to 100 clips of each signer who has at least 20."""
    for signer, clips in sorted(signs.items()):
        if len(clips) < 20:
            continue
        rng = np.random.default_rng([seed, len(clips)])
        order = rng.permutation(len(clips))[:100]
        chosen = [clips[i] for i in order for _ in range(1 + (rng.random() < 0.2))]
        for start in range(0, len(chosen), 20):
            yield signer, *join(chosen[start : start + 20], resting, fps, rng)


def read_idle(folder: Path) -> dict[str, list[Landmarks]]:
    """Clips of people who do not sign, by person."""
    with open(folder / "clips.csv", newline="") as handle:
        rows = {row["clip_id"]: row for row in csv.DictReader(handle)}
    idle = defaultdict(list)
    with open_pack(folder / "signs.h5") as clips:
        for i, clip_id in enumerate(clips.clip_ids):
            if rows[clip_id]["label"] == "_idle":
                idle[rows[clip_id]["signer"]].append(clips.read(i))
    return idle


def one_after_the_other(clips: list[Landmarks], fps: float) -> Landmarks:
    pose, left, right = (
        np.concatenate([getattr(clip, part) for clip in clips])
        for part in ("pose", "left_hand", "right_hand")
    )
    return Landmarks(pose, left, right, np.arange(len(pose)) / fps)


def measure(fps: float, made: list, settings: StreamSettings) -> str:
    """A row of the table: precision, recall, F1, and how far borders are off."""
    found = truth = 0
    off = []
    for _, landmarks, signs in made:
        events = [(event.start, event.end) for event in signs_in(landmarks, settings)]
        pairs = matched(events, [interval for interval, _ in signs])
        found, truth = found + len(events), truth + len(signs)
        off += [(event[0] - sign[0], event[1] - sign[1]) for event, sign in pairs]
    right, borders = len(off), np.array(off)
    (start, end), (far, wide) = np.median(borders, axis=0), np.quantile(abs(borders), 0.9, axis=0)
    return (
        f"| {fps} | {truth} | {found} | {right / found:.3f} | {right / truth:.3f} | "
        f"{2 * right / (found + truth):.3f} | {start:+.2f} ({far:.2f}) | {end:+.2f} ({wide:.2f}) |"
    )


def answered(recognizer: TaughtRecognizer, landmarks: Landmarks) -> list[AnsweredSign]:
    stream = AnsweredStream(recognizer)
    return [e for e in stream.extend(landmarks) + stream.end() if isinstance(e, AnsweredSign)]


def named_a_minute(recognizer: TaughtRecognizer, streams: list[Landmarks]) -> float:
    """Events that are named as one of the taught signs."""
    named = [e for one in streams for e in answered(recognizer, one) if e.answer.is_sign]
    return 60 * len(named) / sum(float(one.times[-1]) for one in streams)


def teach(
    recognizer: TaughtRecognizer, clips: list[Sign], rng: np.random.Generator
) -> tuple[list[Sign], list[Sign]]:
    """Teach half of the signs by TAKES each; their further clips, and the clips of the others."""
    names = sorted({clip.label for clip in clips})
    known = {names[i] for i in rng.permutation(len(names))[: len(names) // 2]}
    shown: dict[str, int] = defaultdict(int)
    further, others = [], []
    for i in rng.permutation(len(clips)):
        clip = clips[i]
        if clip.label not in known:
            others.append(clip)
        elif shown[clip.label] < TAKES:
            shown[clip.label] += 1
            recognizer.add_take(clip.label, clip.landmarks)
        else:
            further.append(clip)
    return further, others


def taught_streams(clips: list[Sign], resting: list, fps: float, rng, recognizer):
    """Teach half of the signs; streams of their other clips with the truth, and of the rest."""
    further, others = teach(recognizer, clips, rng)
    return [
        [join(some[start : start + 20], resting, fps, rng) for start in range(0, len(some), 20)]
        for some in (further[:100], others[:100])
    ]


def measure_answers(signs: dict[str, list[Sign]], resting: list, idle: dict, fps: float) -> None:
    """Rows of the table of answers, one a signer."""
    print("| signer | rightly named | unrelated | " + " | ".join(idle) + " | with own idle |")
    for number, (signer, clips) in enumerate(sorted(signs.items())):
        with tempfile.TemporaryDirectory() as folder:
            workspace = Workspace(Path(folder))
            recognizer = open_taught(Path(folder) / "taught", workspace, "shipped")
            rng = np.random.default_rng([0, number])
            further, others = taught_streams(clips, resting, fps, rng, recognizer)
            right = truth = 0
            for landmarks, there in further:
                events = answered(recognizer, landmarks)
                labels = dict(there)
                places = {(event.start, event.end): event.answer.answer for event in events}
                pairs = matched([*places], [*labels])
                right += sum(places[event] == labels[sign] for event, sign in pairs)
                truth += len(there)
            unrelated = named_a_minute(recognizer, [landmarks for landmarks, _ in others])
            rates = [
                named_a_minute(recognizer, [one_after_the_other(own[2:], fps)])
                for own in idle.values()
            ]
            with_own = []
            for own in idle.values():
                for clip in own[:2]:
                    recognizer.add_take(NOT_SIGNING, clip)
                with_own.append(named_a_minute(recognizer, [one_after_the_other(own[2:], fps)]))
                recognizer.remove(NOT_SIGNING)
        cells = [f"{right / truth:.3f}", *(f"{rate:.1f}" for rate in (unrelated, *rates))]
        own_cell = " ".join(f"{rate:.1f}" for rate in with_own)
        print(f"| {signer} | " + " | ".join(cells) + f" | {own_cell} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--split", choices=("train", "personal"), default="personal")
    parser.add_argument("--fps", type=float, nargs="+", default=[10, 15, 30])
    parser.add_argument("--seeds", type=int, nargs="+", default=[0, 1, 2])
    given = parser.parse_args()
    settings = StreamSettings()
    idle = read_idle(DATA / "open")
    resting = rests([clip for person in CHOSEN_ON for clip in idle[person]])
    pack = "signs.h5" if given.split == "train" else "personal.h5"
    signs = read_signs(DATA / "keypoints", pack, given.split)
    print(
        f"{given.split}: {sum(map(len, signs.values()))} clips; an event is right from IoU {IOU} on"
    )
    print("| fps | signs | events | precision | recall | F1 | start off, median (90 %) | end off |")
    print("|---|---|---|---|---|---|---|---|")
    for fps in given.fps:
        made = [one for seed in given.seeds for one in streams(signs, resting, fps, seed)]
        print(measure(fps, made, settings), flush=True)
    frames, began = 0, process_time()
    for fps in given.fps:
        for person, clips in sorted(idle.items()):
            landmarks = one_after_the_other(clips, fps)
            found, frames = signs_in(landmarks, settings), frames + len(landmarks)
            minutes = len(landmarks) / fps / 60
            print(f"idle, {person}, {fps} fps: {len(found) / minutes:.1f} events a minute")
    spent = (process_time() - began) / frames
    print(f"{1e6 * spent:.0f} microseconds a frame", flush=True)
    measure_answers(signs, resting, idle, given.fps[-1])


if __name__ == "__main__":
    main()
