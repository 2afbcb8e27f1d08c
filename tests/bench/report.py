"""status and report on a made-up corpus; run by hand, on a machine with nothing else to do.

    python tests/bench/report.py FOLDER [--clips 100000] [--signs 1000] [--runs 4]

makes up a workspace of imported clips in FOLDER, unless one is there already, with so many
pretraining and fine-tuning runs and three evaluations of each (finetuned on val and on test, knn on
val), most of whose mistakes are between different pairs of signs; then prints how long `signpipe
status`, `signpipe report` and `signpipe report extraction` take as whole programs, start included:
seconds on the clock and of the processor.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import torch

from signpipe.cliptable import Clip, write_clips
from signpipe.evaluation import evaluate
from signpipe.evaluation.protocols.common import Measured, Plan, Request, Scored, figures
from signpipe.evaluation.protocols.tables import calibrations
from signpipe.extraction.outcomes import Outcome, append_outcomes
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.model.backbone import BackboneCard, new_encoders, save_backbone
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.parts.prepare import usable_outcomes, wanted_record
from signpipe.parts.store import open_parts, write_parts
from signpipe.settings import EvaluateSettings, FinetuneSettings, PrepareSettings, PretrainSettings
from signpipe.skeleton import KEYPOINTS
from signpipe.splits import fingerprint
from signpipe.training import training_runs
from signpipe.workspace import Workspace, sha256_of_file, write_record

FRAMES, PACK, SIGNERS, RIGHT = 4, 1000, 100, 0.6
SPLITS = ("train",) * 14 + ("val",) * 3 + ("test",) * 3  # of the signers, in turn
STREAMS = ("joint", "motion", "both")


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path)
    parser.add_argument("--clips", type=int, default=100_000)
    parser.add_argument("--signs", type=int, default=1000)
    parser.add_argument("--runs", type=int, default=4)
    given = parser.parse_args()
    workspace = Workspace(given.folder)
    if not workspace.clips.exists():
        make_clips(workspace, given.clips, given.signs)
        for number in range(given.runs):
            make_runs(workspace, f"run{number}", number)
    for command in (["status"], ["report"], ["report", "extraction"]):
        measure(command, workspace)


def make_clips(workspace: Workspace, clips: int, signs: int) -> None:
    """Packs of random landmarks, their journal, the clip table and the parts file."""
    rng = np.random.default_rng(0)
    outcomes, rows = [], []
    for first in range(0, clips, PACK):
        name = f"pack-{first // PACK:03}"
        ids = [f"clip-{number:06}" for number in range(first, min(first + PACK, clips))]
        write_pack(workspace.pack(name), {clip_id: landmarks(rng) for clip_id in ids})
        sha256 = sha256_of_file(workspace.pack(name))
        for index, clip_id in enumerate(ids):
            outcome = Outcome(
                clip_id, f"{name}.h5", "ok", pack=name, index=index, frames=FRAMES, sha256=sha256
            )
            outcome = replace(outcome, pose=1.0, left_hand=0.5, right_hand=0.9)
            signer = (first + index) % SIGNERS
            sign = f"sign-{int(rng.integers(signs)):04}"
            split = SPLITS[signer % len(SPLITS)]
            outcomes.append(outcome)
            rows.append(outcome.clip(sign, f"signer-{signer:03}", split))
    append_outcomes(workspace.outcomes, outcomes)
    write_clips(workspace.clips, rows)
    record = wanted_record(usable_outcomes(workspace), PrepareSettings())
    keypoints = ((row.clip_id, rng.random((FRAMES, KEYPOINTS, 3), np.float32)) for row in rows)
    write_parts(workspace.parts, keypoints, FRAMES * clips, record)


def landmarks(rng: np.random.Generator) -> Landmarks:
    shapes = ((FRAMES, 33, 4), (FRAMES, 21, 3), (FRAMES, 21, 3))
    return Landmarks(*(rng.random(shape, np.float32) for shape in shapes))


def make_runs(workspace: Workspace, name: str, seed: int) -> None:
    """An encoder and a recogniser of random weights, and evaluations of random answers."""
    settings = PretrainSettings(seed=seed)
    parts = open_parts(workspace.parts)
    inputs = {"parts": parts.record["inputs"]["keypoints"], "prepare": parts.record["settings"]}
    card = BackboneCard(encoder=settings.encoder, prepare=PrepareSettings())
    folder = workspace.run("pretrain", name)
    write_record(folder, settings.model_dump(mode="json"), inputs)
    (folder / "metrics.csv").write_text(curve(settings.epochs, "top1_joint", "top1_motion"))
    clips = labelled(workspace)
    pool = [(clip.clip_id, clip.split) for clip in clips if clip.split == "train"]
    training_runs.write_clip_list(folder / "clips.csv", pool)
    torch.manual_seed(seed)
    save_backbone(folder / "encoder.safetensors", new_encoders(card), card)
    tuned = FinetuneSettings(seed=seed, encoder=settings.encoder)
    encoder = sha256_of_file(folder / "encoder.safetensors")
    folder = workspace.run("finetune", name)
    inputs |= {"labels": fingerprint(clips), "encoder": encoder}
    origin = {"file": f"pretrain/{name}/encoder.safetensors", "sha256": encoder}
    write_record(folder, tuned.model_dump(mode="json"), inputs, began_from=origin)
    (folder / "metrics.csv").write_text(curve(tuned.epochs, "val_top1", "train_top1"))
    used = [(clip.clip_id, clip.split) for clip in clips]
    training_runs.write_clip_list(folder / "clips.csv", used)
    signs = tuple(sorted({clip.label for clip in clips}))
    torch.manual_seed(seed)
    made = StreamClassifiers(tuned.encoder, len(signs), tuned.streams, tuned.classifier)
    about = RecognizerCard(
        signs=signs, classifier=tuned.classifier, encoder=tuned.encoder, prepare={}
    )
    save_recognizer(folder / "recognizer", made, about)
    for protocol, split in (("finetuned", "val"), ("finetuned", "test"), ("knn", "val")):
        plan = evaluate.PROTOCOLS[protocol]
        evaluate.PROTOCOLS[protocol] = at_random(plan, signs, seed)
        chosen = {"encoder": name} if protocol == "knn" else {"run": name}
        asked = EvaluateSettings(bootstrap=100)
        evaluate.run(workspace, asked, protocol=protocol, split=split, **chosen)
        evaluate.PROTOCOLS[protocol] = plan


def labelled(workspace: Workspace) -> list[Clip]:
    from signpipe.cliptable import read_clips

    return sorted(read_clips(workspace.clips).values(), key=lambda clip: clip.clip_id)


def at_random(
    plan: Callable[[Workspace, Request], Plan], signs: tuple[str, ...], seed: int
) -> Callable[[Workspace, Request], Plan]:
    """A protocol whose answers are right at random, and else any sign."""

    def planned(workspace: Workspace, request: Request) -> Plan:
        made = plan(workspace, request)
        number = {sign: place for place, sign in enumerate(signs)}
        labels = np.array([number[clip.label] for clip in made.clips], np.int64)

        def measured(folder: Path) -> Measured:
            rng = np.random.default_rng(seed)
            logits = {
                stream: rng.random((len(labels), len(signs)), np.float32) for stream in STREAMS
            }
            for values in logits.values():
                right = np.flatnonzero(rng.random(len(labels)) < RIGHT)
                values[right, labels[right]] = 2
            scored = Scored(made.clips, list(signs), labels, logits)
            streams, how = figures([scored], request.settings)
            calibration = calibrations(scored)
            return Measured(streams, "none", 0.5, {}, how, calibration, scored=scored)

        return replace(made, measure=measured)

    return planned


def curve(epochs: int, *accuracies: str) -> str:
    """A metrics.csv with 100 steps an epoch."""
    lines = [",".join(("epoch", "step", "loss", *accuracies))]
    for epoch in range(1, epochs + 1):
        for step in [*range(1, 101), ""]:
            lines.append(f"{epoch},{step},{5 / epoch:.4f}" + ",0.5" * len(accuracies))
    return "\n".join(lines) + "\n"


def measure(command: list[str], workspace: Workspace) -> None:
    whole = [sys.executable, "-m", "signpipe", *command, "-w", str(workspace.root)]
    started = time.monotonic()
    process = subprocess.Popen(whole, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = time.monotonic() - started
    print(
        f"{' '.join(command):18} {seconds:7.1f} s, of the processor "
        f"{used.ru_utime + used.ru_stime:7.1f} s"
        + (f", exit {os.waitstatus_to_exitcode(status)}" if status else "")
    )


if __name__ == "__main__":
    main()
