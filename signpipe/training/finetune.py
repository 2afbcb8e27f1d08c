"""finetune: the encoders and new classifiers learn the user's signs from labelled clips."""

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from pydantic import ValidationError
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.cliptable import Clip, count_by, read_clips
from signpipe.errors import SignpipeError
from signpipe.model import distributed
from signpipe.model.backbone import load_backbone
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import (
    StreamClassifiers,
    combine,
    final,
    save_recognizer,
)
from signpipe.parts import prepare
from signpipe.parts.store import Parts, open_parts
from signpipe.progress import note
from signpipe.settings import ExtractSettings, FinetuneSettings, PrepareSettings
from signpipe.splits import (
    TRAIN,
    UNLABELLED,
    VAL,
    fingerprint,
    labelled_clips,
    learnable,
    tell_left_out,
)
from signpipe.training import training_runs
from signpipe.training.begun import Begun
from signpipe.training.devices import check_devices, train_on
from signpipe.training.encoders import (
    find_encoder,
    fitting_card,
    named_encoder,
    newest_encoder,
    origin,
    with_its_sizes,
)
from signpipe.training.loop import State, draw, fit, pick_device
from signpipe.training.metrics import mean_class, top_k
from signpipe.training.metrics_log import Logger
from signpipe.training.pretrain import pool_clips
from signpipe.training.pseudo_labels import Neighbourhood, PseudoLabels
from signpipe.training.scoring import score
from signpipe.training.views import random_views, stream_views
from signpipe.wording import counted
from signpipe.workspace import Workspace, read_record

SCRATCH = "scratch"


@dataclass(frozen=True)
class FinetuneResult:
    """`counts` has the clips of each split, `validation` the chosen checkpoint's row."""

    folder: Path
    recognizer: Path
    split: str
    counts: dict[str, int]
    signs: int
    dropped: tuple[str, ...]
    encoder: Path | None
    already: bool
    validation: dict[str, float]


@dataclass(frozen=True)
class Labelled:
    """Rows in the parts file and their signs' numbers, both (B,) int64."""

    rows: NDArray[np.int64]
    labels: NDArray[np.int64]

    @classmethod
    def of(cls, clips: list[Clip], parts: Parts, signs: list[str]) -> "Labelled":
        number = {sign: i for i, sign in enumerate(signs)}
        rows = [parts.rows[clip.clip_id] for clip in clips]
        return cls(np.array(rows, np.int64), np.array([number[c.label] for c in clips], np.int64))


@dataclass(frozen=True)
class FinetuneData:
    """What is learned: `train`, with so many `signs`, chosen by `val`.

    `backbone` is the encoder file it begins from; `pseudo` are clips without labels.
    """

    train: Labelled
    val: Labelled | None
    signs: int
    backbone: Path | None = None
    pseudo: PseudoLabels | None = None


class Finetuning:
    """The loop's task: cross-entropy of every stream on randomly drawn, augmented clips.

    Part of every batch may be clips with pseudo-labels: sure ones more often, all signs alike.
    """

    description = "finetune"

    def __init__(self, settings: FinetuneSettings, parts: Parts, data: FinetuneData) -> None:
        self.settings, self.parts, self.val = settings, parts, data.val
        self.frames = settings.encoder.frames
        torch.manual_seed(settings.seed)
        self.recognizer = StreamClassifiers(
            settings.encoder, data.signs, settings.streams, settings.classifier
        )
        if data.backbone:
            load_backbone(data.backbone, self.recognizer.encoders)
        self.module: nn.Module = self.recognizer.to(pick_device())
        train, pseudo = data.train, data.pseudo
        # A sign with n clips is drawn n^(1 - balance) times as often as one with a single clip.
        share = np.bincount(train.labels)[train.labels].astype(float) ** -settings.balance
        self.rows, self.labels, self.share = train.rows, train.labels, share / share.sum()
        if pseudo:
            # Few of them make up no more of a batch than of all clips.
            part = min(settings.unlabelled, len(pseudo.rows) / (len(pseudo.rows) + len(share)))
            even = pseudo.confidence / np.bincount(pseudo.labels, pseudo.confidence)[pseudo.labels]
            self.rows = np.concatenate([train.rows, pseudo.rows])
            self.labels = np.concatenate([train.labels, pseudo.labels])
            self.share = np.concatenate([(1 - part) * self.share, part * even / even.sum()])
        self.batch = min(settings.batch_size, len(self.rows))
        self.steps = max(settings.min_steps_per_epoch, round(len(train.rows) / self.batch))

    def parameter_groups(self) -> list[dict[str, Any]]:
        encoders = list(self.recognizer.encoders.parameters())
        classifiers = list(self.recognizer.classifiers.parameters())
        return [
            {"params": encoders, "share": self.settings.encoder_lr_scale},
            {"params": classifiers, "share": 1.0},
        ]

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        s = self.settings
        rng, generator = draw(s.seed, "views", epoch, step)
        chosen = rng.choice(len(self.rows), self.batch, p=self.share)
        rows, labels = self.rows[chosen], torch.from_numpy(self.labels[chosen])
        points, valid = random_views(self.parts, rows, s, self.frames, rng, generator)
        own = distributed.own_share(len(rows))  # chance is the same whatever the number of ranks
        labels = labels[own].to(pick_device())
        form = self.recognizer.settings.motion
        logits = self.parallel(stream_views(points[own], valid[own], pick_device(), form))
        losses = [
            F.cross_entropy(value, labels, label_smoothing=s.label_smoothing)
            for value in logits.values()
        ]
        hits = final(logits).argmax(dim=1) == labels
        loss = torch.stack(losses).sum()
        numbers = {"loss": float(loss.detach()), "train_top1": float(hits.float().mean())}
        return loss, numbers, len(rows)

    @cached_property
    def parallel(self) -> nn.Module:
        """The recogniser, whose gradients all ranks share."""
        return distributed.data_parallel(self.recognizer)

    def validate(self) -> dict[str, float]:
        """Accuracy on val, chosen on by `score`; without a val split the last epoch stays."""
        if self.val is None:
            return {}
        logits = final(score(self.recognizer, self.parts, self.val.rows, self.frames))
        top1, mean = top_k(logits, self.val.labels, 1), mean_class(logits, self.val.labels)
        return {"val_top1": top1, "val_mean_class": mean, "score": (top1 + mean) / 2}


def run(
    workspace: Workspace,
    settings: FinetuneSettings | None = None,
    *,
    run: str | None = None,
    encoder: str | None = None,
    from_scratch: bool = False,
    logger: Logger | None = None,
    devices: int = 1,
    redo: bool = False,
) -> FinetuneResult:
    """Learn the labelled signs, from the newest pretrained encoder if there is one.

    `encoder` names a pretraining run or an encoder file; `run` names the result (default "default",
    or "scratch" without pretraining). `devices` processes share every batch. Prepares first where
    needed. What is not given is as the run was begun. A finished run is left alone, an unfinished
    one goes on; one whose clips, labels or encoder have changed is made again. Raises SignpipeError
    if there is nothing to learn from, or the run was begun with other settings.
    """
    name = run_name(run, from_scratch)
    folder = workspace.run("finetune", name)
    begun = Begun.of(folder, redo)
    settings = settings or begun.settings(FinetuneSettings)
    from_scratch = from_scratch or (encoder is None and bool(begun.option("from_scratch", None)))
    backbone = _start(workspace, begun, encoder, from_scratch)
    prepared = prepare.run(workspace)
    if not prepared.already:
        note(f"prepared {counted(prepared.clips, 'clip')} in {prepared.path}")
    parts = open_parts(workspace.parts)
    if backbone:
        card = fitting_card(backbone, parts, settings)
        settings = with_its_sizes(settings, backbone, card)
    rows = read_clips(workspace.clips).values()
    table = [clip for clip in rows if clip.clip_id in parts.rows]
    clips, how = labelled_clips(table, settings.labels_per_sign, settings.seed)
    tell_left_out(rows)
    known = learnable(clips)
    signs = sorted({clip.label for clip in known})
    check_devices(devices, min(settings.batch_size, sum(clip.split == TRAIN for clip in known)))
    began_from = origin(workspace, backbone)
    pool = unlabelled(workspace, parts, clips) if backbone and settings.unlabelled else []
    inputs = {
        "labels": fingerprint(known),
        "unlabelled": fingerprint(pool),
        "parts": parts.record["inputs"]["keypoints"],
        "prepare": parts.record["settings"],
        "encoder": began_from["sha256"] if began_from else None,
    }
    with workspace.lock(f"finetune-{name}"):
        # An encoder brings its own sizes.
        asked = settings.model_dump(mode="json", exclude={"encoder"} if backbone else set())
        about = {"began_from": began_from, "from_scratch": from_scratch, "prepared": len(parts)}
        finished = training_runs.RECOGNIZER
        made = training_runs.begin(folder, asked, inputs, finished, redo, **about)
        validation = {}
        if made:
            used = {clip.clip_id: clip.split for clip in clips + pool}
            training_runs.write_clip_list(made / "clips.csv", list(used.items()))
            near = [clip for clip in known if clip.split == TRAIN] + pool
            streams = settings.streams
            around = Neighbourhood.of(backbone, parts, near, streams) if backbone and pool else None
            start = (backbone, around, logger)
            validation = learn(workspace, settings, parts, known, signs, *start, made, how, devices)
            training_runs.end(made, folder)
    dropped = tuple(sorted({clip.label for clip in clips} - set(signs)))
    counts = count_by(known, "split")
    return FinetuneResult(
        folder,
        folder / "recognizer",
        how,
        counts,
        len(signs),
        dropped,
        backbone,
        made is None,
        validation,
    )


def run_name(run: str | None, from_scratch: bool) -> str:
    """The name of a run, where none is given."""
    return run or (SCRATCH if from_scratch else "default")


def _start(
    workspace: Workspace, begun: Begun, encoder: str | None, from_scratch: bool
) -> Path | None:
    """The encoder to begin from: as asked for, else the run's own, else the newest; or None."""
    given = named_encoder(workspace, encoder) if encoder else None
    found = begun.encoder(workspace, given, from_scratch)
    if found is None and not from_scratch:
        found = find_encoder(workspace, None)
        if found is None:
            note("no pretrained encoder in this workspace: learning from scratch")
    elif found and given is None and newest_encoder(workspace) not in (None, found):
        note(f"it was begun from {found}, and stays so; {newest_encoder(workspace)} is newer")
    return found


def unlabelled(workspace: Workspace, parts: Parts, labelled: list[Clip]) -> list[Clip]:
    """The clips beside `labelled` that may be learned from without a label, as split unlabelled."""
    own = {clip.clip_id for clip in labelled if clip.split != UNLABELLED}
    others = [clip for clip in pool_clips(workspace, parts, None) if clip.clip_id not in own]
    return [replace(clip, label="", split=UNLABELLED) for clip in others]


def learn(
    workspace: Workspace,
    settings: FinetuneSettings,
    parts: Parts,
    clips: list[Clip],
    signs: list[str],
    backbone: Path | None,
    around: Neighbourhood | None,
    logger: Logger | None,
    folder: Path,
    how: str,
    devices: int = 1,
) -> dict[str, float]:
    """Train on those `clips` whose split is train, choose on those of val; returns val's figures.

    `around` has the training clips and others, that get pseudo-labels from theirs. Leaves
    checkpoint, metrics and recogniser in `folder`, and goes on from a checkpoint there.
    """
    extracted_with = _extract_settings(workspace)
    data = _finetune_data(parts, clips, signs, backbone, around)
    train_on(devices, _train, settings, workspace.parts, data, folder, logger)
    task = Finetuning(settings, parts, data)
    state = fit(task, settings, folder, logger)  # of nothing, if several devices did it
    recognizer, val, pseudo = task.recognizer, data.val, data.pseudo
    if state.best:
        recognizer.load_state_dict(state.best)
    recognizer.eval()
    alone = settings.streams != "both"
    weight = choose_weight(recognizer, parts, val, task.frames) if val and not alone else 0.5
    trained = {
        "split": how,
        "clips": count_by(clips, "split"),
        "unlabelled": len(pseudo.rows) if pseudo else 0,
        "selection": selection(settings, val is not None),
        "epoch": state.best_epoch or state.epoch,
        "settings": settings.model_dump(mode="json"),
        "pretrained": backbone is not None,
    }
    card = RecognizerCard(
        signs=tuple(signs),
        streams=settings.streams,
        classifier=settings.classifier,
        joint_weight=weight,
        encoder=settings.encoder,
        prepare=PrepareSettings.model_validate(parts.record["settings"]),
        extract=extracted_with,
        trained=trained,
    )
    save_recognizer(folder / "recognizer", recognizer, card)
    return _chosen(state)


def _finetune_data(
    parts: Parts,
    clips: list[Clip],
    signs: list[str],
    backbone: Path | None,
    around: Neighbourhood | None,
) -> FinetuneData:
    of_split = {
        name: Labelled.of([clip for clip in clips if clip.split == name], parts, signs)
        for name in (TRAIN, VAL)
    }
    train = of_split[TRAIN]
    val = of_split[VAL] if len(of_split[VAL].rows) else None
    if val is None:
        note("no clip is left to validate on: the last epoch is kept")
    pseudo = around.pseudo_label(train.rows, train.labels, len(signs)) if around else None
    if pseudo:
        count = len(pseudo.rows)
        alike = counted(count, "unlabelled clip resembles", "unlabelled clips resemble")
        note(f"{alike} labelled ones: learning from them too")
    return FinetuneData(train, val, len(signs), backbone, pseudo)


def _train(
    settings: FinetuneSettings, parts: Path, data: FinetuneData, folder: Path, logger: Logger | None
) -> None:
    """What each of several processes does."""
    fit(Finetuning(settings, open_parts(parts), data), settings, folder, logger)


def _extract_settings(workspace: Workspace) -> ExtractSettings | None:
    """Those of the workspace's keypoints; None if they were imported."""
    record = read_record(workspace.keypoints)
    try:
        return ExtractSettings.model_validate(record["settings"]) if record else None
    except ValidationError as error:
        raise SignpipeError(
            f"{workspace.keypoints / 'settings.json'} is not of this version of signpipe: "
            f"{error.errors()[0]['msg']}; extract again with --redo"
        ) from error


def selection(settings: FinetuneSettings, val: bool) -> str:
    """By what the epoch and the streams' weights are chosen, in words."""
    if not val:
        return "last epoch"
    rule = "epoch with the largest mean of top-1 and mean-class accuracy on val"
    if settings.streams != "both":
        return rule
    return f"{rule}, for the even mean of both streams; then the streams' weights likewise"


def _chosen(state: State) -> dict[str, float]:
    return state.rows[(state.best_epoch or state.epoch) - 1]


def choose_weight(recognizer: StreamClassifiers, parts: Parts, val: Labelled, frames: int) -> float:
    """The joint stream's weight in the mean of logits, chosen on val; ties go to the even mean."""
    logits = score(recognizer, parts, val.rows, frames)
    candidates = sorted(np.linspace(0.0, 1.0, 21).round(2), key=lambda weight: abs(weight - 0.5))

    def merit(weight: float) -> float:
        both = combine(logits, weight)["both"]
        return top_k(both, val.labels, 1) + mean_class(both, val.labels)

    return float(max(candidates, key=merit))
