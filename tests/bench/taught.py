"""What a taught recogniser is worth on real signers; run by hand, it takes minutes.

    python tests/bench/taught.py WORKSPACE [--encoder ...] [--split personal] [--draws 100]

Imports the shared keypoints and the open ones into WORKSPACE, where a pretraining run of their pool
may lie already, and prints for each encoder (`shipped`, a run, a file):
  - ways of naming: top-1 with 1, 3 and 5 takes of each sign, the mean over signers, with the draws
    of the few-shot protocol; beside it the same for mirrored clips, as if by the other hand;
  - "none of these": half of a signer's signs are taught, the others are not; and idle clips.
What is known of an encoder of one's own beforehand is learned from the split train; signers of
another split are asked. `--split train` is what the ways of naming were chosen on.
"""

import argparse
import os
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, read_clips
from signpipe.evaluation.few_shot_probe import draw_shown, eligible, linear_head
from signpipe.extraction import import_keypoints
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.stored import stored_landmarks
from signpipe.live.at_rest import hands_rest
from signpipe.live.learn_reference import learn_reference, shipped_reference
from signpipe.live.reference import Reference
from signpipe.live.takes import Take, Takes
from signpipe.live.taught_folder import JOINT_WEIGHT
from signpipe.live.taught_signs import SCALE, TaughtSigns
from signpipe.model.backbone import load_backbone, new_encoders, read_backbone_card
from signpipe.model.calibration import reliability
from signpipe.model.class_means import Labels, Rows, class_sums, nearest_mean, unit_rows
from signpipe.model.rejection import auroc, false_answers
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.parts import prepare
from signpipe.parts.store import Parts, open_parts
from signpipe.training.encoders import named_encoder
from signpipe.training.features import embed, join, unit
from signpipe.workspace import Workspace

DATA = Path(__file__).parents[3] / "shared" / "data"
SHOTS = (1, 3, 5)
IDLE = "_idle"
LINEAR_DRAWS = 20  # of so many draws the linear head is fitted, which takes long
Naming = Callable[[Rows, Labels, Rows, int], Rows]


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("workspace", type=Path)
    parser.add_argument("--encoder", nargs="+", default=["shipped"])
    parser.add_argument("--split", default="personal")
    parser.add_argument("--draws", type=int, default=100)
    parser.add_argument("--rejection-draws", type=int, default=20)
    given = parser.parse_args()
    workspace = Workspace(given.workspace)
    shared = Path(os.environ.get("SIGNPIPE_SHARED_DATA", DATA))
    for name in ("keypoints", "open"):
        packs = [p for p in sorted((shared / name).glob("*.h5")) if p.stem != "letters"]
        target = workspace if name == "keypoints" else Workspace(workspace.root / "open")
        import_keypoints.run(target, packs, labels=shared / name / "clips.csv")
        prepare.run(target)
    for name in given.encoder:
        measure(workspace, name, given.split, given.draws, given.rejection_draws)


def measure(workspace: Workspace, name: str, split: str, draws: int, rejection_draws: int) -> None:
    encoder = named_encoder(workspace, name)
    parts, clips = open_parts(workspace.parts), list(read_clips(workspace.clips).values())
    train = [clip for clip in clips if clip.split == "train"]
    own = encoder != SHIPPED_FILE
    reference = learn_reference(encoder, parts, train) if own else shipped_reference()
    asked = [clip for clip in clips if clip.split == split and clip.label]
    plain, mirrored = (Seen.of(encoder, parts, asked, mirror) for mirror in (False, True))
    print(f"\n{name}, {split}: {len(asked)} clips; reference of {reference.clips}", flush=True)
    naming(plain, mirrored, reference.whitening, draws)
    plain.features = unit_rows(plain.features + mirrored.features)
    idle = Workspace(workspace.root / "open")
    sitting = [c for c in read_clips(idle.clips).values() if c.label == IDLE]
    looks = [Seen.of(encoder, open_parts(idle.parts), sitting, m) for m in (False, True)]
    looks[0].features = unit_rows(looks[0].features + looks[1].features)
    rested = at_rest(workspace, asked), at_rest(idle, sitting)
    rejecting(plain, looks[0], rested, reference, rejection_draws)


class Seen:
    """Features of clips, with labels and signers as numbers."""

    def __init__(self, features: Rows, clips: list[Clip]) -> None:
        self.features = features
        self.labels = np.unique([clip.label for clip in clips], return_inverse=True)[1]
        self.signers = np.unique([clip.signer for clip in clips], return_inverse=True)[1]

    @classmethod
    def of(cls, encoder: Path, parts: Parts, clips: list[Clip], mirrored: bool) -> "Seen":
        card = read_backbone_card(encoder)
        encoders = new_encoders(card)
        load_backbone(encoder, encoders)
        rows = np.array([parts.rows[clip.clip_id] for clip in clips], np.int64)
        by_stream = unit(embed(encoders, parts, rows, card.encoder, mirrored=mirrored))
        return cls(list(join(by_stream, JOINT_WEIGHT).values())[-1], clips)


def at_rest(workspace: Workspace, clips: list[Clip]) -> NDArray[np.bool_]:
    outcomes = read_outcomes(workspace.outcomes)
    wanted = [outcomes[clip.clip_id] for clip in clips]
    found = {o.clip_id: hands_rest(seen) for o, seen in stored_landmarks(workspace, wanted)}
    return np.array([found[clip.clip_id] for clip in clips])


def mixed(share: float) -> Naming:
    """A sign's mean and its nearest take, so much of the latter."""

    def name(shown: Rows, labels: Labels, queries: Rows, signs: int) -> Rows:
        takes = queries @ shown.T
        nearest = np.stack([takes[:, labels == sign].max(axis=1) for sign in range(signs)], axis=1)
        return (1 - share) * nearest_mean(shown, labels, queries, signs) + share * nearest

    return name


def centred(share: float) -> Naming:
    """So much of the mean over the taught signs is taken off before rows are compared."""

    def name(shown: Rows, labels: Labels, queries: Rows, signs: int) -> Rows:
        middle = share * unit_rows(class_sums(shown, labels, signs)).mean(axis=0)
        return nearest_mean(shown - middle, labels, queries - middle, signs)

    return name


def naming(plain: Seen, mirrored: Seen, whitening: Callable[[Rows], Rows], draws: int) -> None:
    """Print the accuracy of each way of naming, in per cent."""
    ways: list[tuple[str, str, Naming]] = [
        ("class mean", "clip", nearest_mean),
        ("class mean and nearest take, half each", "clip", mixed(0.5)),
        ("nearest take", "clip", mixed(1.0)),
        ("linear head", "clip", linear_head),
        ("class mean, better of clip and mirror image", "better", nearest_mean),
        ("class mean, clip and mirror image together", "both", nearest_mean),
        ("the same, whitened (kept)", "white", nearest_mean),
        ("kept, and nearest take, half each", "white", mixed(0.5)),
        ("kept, centred on the taught signs", "white", centred(1.0)),
        ("kept, with a linear head", "white", linear_head),
    ]
    both = unit_rows(plain.features + mirrored.features)
    seen = {"clip": (plain.features, mirrored.features), "both": (both, both)}
    seen |= {"better": seen["clip"], "white": (whitening(both), whitening(both))}
    print("| way of naming | " + " | ".join(f"k = {k}" for k in SHOTS) + " | other hand |")
    print("|---|" + "---|" * (len(SHOTS) + 1))
    for title, how, way in ways:
        count = LINEAR_DRAWS if way is linear_head else draws
        better = how == "better"
        cells = [asked_in_turn(plain, *seen[how], shots, count, way, better) for shots in SHOTS]
        by_hand = [" / ".join(f"{100 * cell[i]:.1f}" for cell in cells) for i in (0, 1)]
        print(f"| {title} | {by_hand[0].replace(' / ', ' | ')} | {by_hand[1]} |", flush=True)


def asked_in_turn(
    seen: Seen, rows: Rows, mirror: Rows, shots: int, draws: int, way: Naming, best: bool
) -> tuple[float, float]:
    """Top-1, the mean over signers: of clips, and of their mirror images."""
    found = []
    for signer in np.unique(seen.signers):
        own = np.flatnonzero(seen.signers == signer)
        labels = np.unique(seen.labels[own], return_inverse=True)[1]
        kept = eligible(labels, shots)
        if not kept.any():
            continue
        own, labels = own[kept], np.unique(labels[kept], return_inverse=True)[1]
        right = []
        for draw in range(draws):
            shown = draw_shown(labels, shots, np.random.default_rng([shots, draw]))
            taught = rows[own][shown], labels[shown]
            signs = int(labels.max()) + 1
            here = way(*taught, rows[own][~shown], signs)
            there = way(*taught, mirror[own][~shown], signs)
            both = np.maximum(here, there)
            pair = (both, both) if best else (here, there)
            right.append([(s.argmax(axis=1) == labels[~shown]).mean() for s in pair])
        found.append(np.mean(right, axis=0))
    first, second = np.mean(found, axis=0)
    return float(first), float(second)


def rejecting(
    seen: Seen,
    idle: Seen,
    rested: tuple[NDArray[np.bool_], NDArray[np.bool_]],
    reference: Reference,
    draws: int,
) -> None:
    """Print how well clips of signs that are not taught are told, and idle ones."""
    whitening, prior = reference.whitening, reference.prior
    names = ["AUROC", "false answers at 95 % kept", "kept", "kept and right", "false answers"]
    names += ["idle AUROC", "idle answered", "calibration error", "threshold", "temperature"]
    print("\n| k | " + " | ".join(names) + " |\n|---|" + "---|" * len(names))
    own_rest, idle_rest = rested
    print(f"hands rest in {own_rest.mean():.1%} of the signs, {idle_rest.mean():.1%} of idle clips")
    for shots in SHOTS:
        found = []
        for signer in np.unique(seen.signers):
            own = np.flatnonzero(seen.signers == signer)
            signs = np.flatnonzero(np.bincount(seen.labels[own]) > shots)
            if len(signs) < 4:
                continue
            cells = []
            for draw in range(draws):
                rng = np.random.default_rng([shots, draw])
                known = rng.permutation(signs)[: len(signs) // 2]
                inside = np.isin(seen.labels[own], known)
                shown = np.zeros(len(own), bool)
                shown[inside] = draw_shown(seen.labels[own][inside], shots, rng)
                taught = TaughtSigns.of(
                    takes(seen.features[own][shown], seen.labels[own][shown]), whitening
                )
                rejection = taught.rejection(prior)
                places = {sign: i for i, sign in enumerate(taught.signs)}
                labels = np.array([places[f"sign {s}"] for s in seen.labels[own][inside & ~shown]])
                features = [
                    seen.features[own][inside & ~shown],
                    seen.features[own][~inside],
                    idle.features,
                ]
                rests = own_rest[own][inside & ~shown], own_rest[own][~inside], idle_rest
                cosines = [taught.similarity(whitening(rows)) for rows in features]
                unknown = [taught.unknownness(rows) for rows in cosines]
                answered = [
                    ~(rejection.rejects(u) | rest) for u, rest in zip(unknown, rests, strict=True)
                ]
                right = cosines[0].argmax(axis=1) == labels
                logits = SCALE * cosines[0] / rejection.temperature
                cells.append(
                    [
                        auroc(unknown[0], unknown[1]),
                        false_answers(unknown[0], unknown[1]),
                        answered[0].mean(),
                        (answered[0] & right).mean(),
                        answered[1].mean(),
                        auroc(unknown[0], unknown[2]),
                        answered[2].mean(),
                        reliability(logits, labels).expected_error,
                        rejection.threshold if rejection.threshold is not None else np.nan,
                        rejection.temperature,
                    ]
                )
            found.append(np.mean(cells, axis=0))
        means = np.mean(found, axis=0)
        print(f"| {shots} | " + " | ".join(f"{value:.3f}" for value in means) + " |", flush=True)


def takes(features: Rows, labels: Labels) -> Takes:
    listed = [Take(take_id=str(i), sign=f"sign {label}") for i, label in enumerate(labels)]
    return Takes("", features, tuple(listed))


if __name__ == "__main__":
    main()
