"""The task of fine-tuning: clips are classified by cross-entropy, those of pseudo-labels too."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.cliptable import Clip
from signpipe.model import distributed
from signpipe.model.backbone import load_backbone
from signpipe.model.momentum import StreamViews
from signpipe.model.stream_classifiers import StreamClassifiers, final
from signpipe.parts.store import Parts
from signpipe.settings import FinetuneSettings
from signpipe.training.loop import draw, pick_device
from signpipe.training.metrics import Logits, mean_class, top_k
from signpipe.training.prefetch import Prefetch
from signpipe.training.pseudo_labels import PseudoLabels
from signpipe.training.scoring import score
from signpipe.training.views import random_views, stream_views

# So many epochs without a better one on val, and in all of them this share of the training clips,
# augmented as they are, was named rightly: then fine-tuning stops.
PATIENCE, LEARNED = 4, 0.99


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

    `backbone` is the encoder file it begins from; `pseudo` are clips without labels; `weights` (B,)
    say how often a clip of train is drawn, None: all alike. `pool` (N,) are the rows, in order, of
    all clips that teach the classifiers alone, with few labels; None: the encoders learn as well.
    """

    train: Labelled
    val: Labelled | None
    signs: int
    backbone: Path | None = None
    pseudo: PseudoLabels | None = None
    weights: NDArray[np.float64] | None = None
    pool: NDArray[np.int64] | None = None

    @property
    def unlabelled(self) -> int:
        """How many clips are learned from without their label."""
        if self.pool is not None:
            return len(self.pool) - len(self.train.rows)
        return len(self.pseudo.rows) if self.pseudo else 0


class Finetuning:
    """The loop's task: cross-entropy of every stream on randomly drawn, augmented clips.

    Part of every batch may be clips with pseudo-labels: sure ones more often, all signs alike.
    """

    description = "finetune"

    def __init__(self, settings: FinetuneSettings, parts: Parts, data: FinetuneData) -> None:
        self.settings, self.parts, self.val = settings, parts, data.val
        self.frames = settings.encoder.frames
        self.recognizer = new_recognizer(settings, data)
        self.module: nn.Module = self.recognizer
        train, pseudo = data.train, data.pseudo
        self.rows, self.labels = train.rows, train.labels
        self.probability = probabilities(train.labels, settings.balance, data.weights)
        if pseudo:
            # Few of them make up no more of a batch than of all clips.
            part = min(settings.unlabelled, len(pseudo.rows) / (len(pseudo.rows) + len(train.rows)))
            even = pseudo.confidence / np.bincount(pseudo.labels, pseudo.confidence)[pseudo.labels]
            self.rows = np.concatenate([train.rows, pseudo.rows])
            self.labels = np.concatenate([train.labels, pseudo.labels])
            self.probability = np.concatenate(
                [(1 - part) * self.probability, part * even / even.sum()]
            )
        self.batch = min(settings.batch_size, len(self.rows))
        self.steps = max(settings.min_steps_per_epoch, round(len(train.rows) / self.batch))
        self.batches = Prefetch(self._batch, self.steps, settings.epochs)

    def parameter_groups(self) -> list[dict[str, Any]]:
        encoders = list(self.recognizer.encoders.parameters())
        classifiers = list(self.recognizer.classifiers.parameters())
        return [
            {"params": encoders, "lr_scale": self.settings.encoder_lr_scale},
            {"params": classifiers, "lr_scale": 1.0},
        ]

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        views, labels = self.batches(epoch, step)
        loss, hits = loss_and_hits(self.parallel(views), labels, self.settings)
        return loss, {"loss": float(loss.detach()), "train_top1": hits}, self.batch

    def _batch(self, epoch: int, step: int) -> tuple[StreamViews, Tensor]:
        """This rank's share of a step's clips, and their labels."""
        s = self.settings
        rng, generator = draw(s.seed, "views", epoch, step)
        chosen = rng.choice(len(self.rows), self.batch, p=self.probability)
        own = distributed.own_share(len(chosen))
        rows, labels = self.rows[chosen], torch.from_numpy(self.labels[chosen][own])
        points, valid = random_views(self.parts, rows, s, self.frames, rng, generator, own)
        form = self.recognizer.settings.motion
        return stream_views(points, valid, pick_device(), form), labels.to(pick_device())

    @cached_property
    def parallel(self) -> nn.Module:
        """The recogniser, whose gradients all ranks share."""
        return distributed.data_parallel(self.recognizer)

    def validate(self) -> dict[str, float]:
        """Accuracy on val, chosen on by `score`; without a val split the last epoch stays."""
        if self.val is None:
            return {}
        logits = score(self.recognizer, self.parts, self.val.rows, self.frames)
        return accuracy(logits, self.val.labels)

    def saturated(self, epochs: list[dict[str, float]]) -> bool:
        """On val every clip is named rightly; or none of training is left to learn, nor val better.

        Where the learning rate is still to fall by a step, val may become better by that.
        """
        return self.val is not None and nothing_left(epochs, self.settings)


def new_recognizer(settings: FinetuneSettings, data: FinetuneData) -> StreamClassifiers:
    """With new classifiers, and the encoders that it begins from."""
    torch.manual_seed(settings.seed)
    recognizer = StreamClassifiers(
        settings.encoder, data.signs, settings.streams, settings.classifier
    )
    if data.backbone:
        load_backbone(data.backbone, recognizer.encoders)
    return recognizer.to(pick_device())


def probabilities(
    labels: NDArray[np.int64], balance: float, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """How likely each labelled clip (B,) is drawn, in all 1.

    A sign with n clips is drawn n^(1 - balance) times as often as one with a single clip.
    """
    drawn = np.bincount(labels)[labels].astype(float) ** -balance
    drawn = drawn if weights is None else drawn * weights
    return drawn / drawn.sum()


def loss_and_hits(
    logits: dict[str, Tensor], targets: Tensor, settings: FinetuneSettings
) -> tuple[Tensor, float]:
    """Cross-entropy, summed over the streams, and the share of clips that is named rightly.

    `targets` are signs (B,), or how likely each sign is (B, S).
    """
    smoothing = settings.label_smoothing
    losses = [F.cross_entropy(of, targets, label_smoothing=smoothing) for of in logits.values()]
    signs = targets.argmax(dim=1) if targets.ndim == 2 else targets
    hits = final(logits).argmax(dim=1) == signs
    return torch.stack(losses).sum(), float(hits.float().mean())


def accuracy(logits: dict[str, Logits], labels: NDArray[np.int64]) -> dict[str, float]:
    """The figures on val, of which `score` chooses the epoch."""
    both = final(logits)
    top1, mean = top_k(both, labels, 1), mean_class(both, labels)
    return {"val_top1": top1, "val_mean_class": mean, "score": (top1 + mean) / 2}


def nothing_left(epochs: list[dict[str, float]], settings: FinetuneSettings) -> bool:
    """Whether val is named rightly as a whole, or training is, and val has not become better."""
    if not epochs:
        return False
    scores = [epoch["score"] for epoch in epochs]
    if max(scores) >= 1:  # the first such epoch is kept, whatever comes
        return True
    since, falls = (
        len(scores) - 1 - scores.index(max(scores)),
        max(settings.lr_milestones, default=0),
    )
    if settings.schedule == "steps" and len(epochs) < falls * settings.epochs:
        return False
    learned = all(epoch["train_top1"] >= LEARNED for epoch in epochs[-PATIENCE:])
    return since >= PATIENCE and learned
