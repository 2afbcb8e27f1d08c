"""The task of fine-tuning with few labels: the encoders stay as they are, the classifiers learn.

Every clip, without a label or with one, teaches the classifiers the signs it likely shows: by the
labels that reach it along the graph of what is alike, and by its likeness to each sign's labelled
clips. With one label a sign among 12,800 clips val's top-1 is 9 to 17 points higher so than where
encoders learn too.
"""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from signpipe.model.class_means import Labels, Rows, nearest_mean, unit_rows
from signpipe.model.encoder import Features
from signpipe.model.whitening import Whitening
from signpipe.parts.store import Parts
from signpipe.settings import FinetuneSettings
from signpipe.training.classify import (
    FinetuneData,
    Labelled,
    accuracy,
    loss_and_hits,
    new_recognizer,
    nothing_left,
    probabilities,
)
from signpipe.training.features import JOINT_WEIGHT, descriptor, join, look, together, unit
from signpipe.training.label_propagation import arriving, neighbour_graph
from signpipe.training.loop import draw, pick_device

# Chosen on signers held out of a training split: what counts against how likely the graph finds a
# sign, of which it rules none out, is the likeness to its labelled clips over this temperature.
TEMPERATURE, LEAST = 0.1, 0.01
# Of a batch, drawn from all clips alike, and the rest from those with a label. With all of it val's
# top-1 is as good, but not where most clips show signs without a label; with half it is 1.5 lower.
ALIKE = 0.9
BLOCK = 4096  # clips at a time
# Unlabelled clips for each labelled one, at least: with about so many val is named as well as where
# encoders learn too, with 3 and one label a sign drawn signers never seen 3 to 10 points worse.
MANY = 15


def suited(settings: FinetuneSettings, train: Labelled, pool: NDArray[np.int64]) -> bool:
    """Whether no sign has more than a few labelled clips, and the `pool` has many without one."""
    most = np.bincount(train.labels).max()
    return bool(most <= settings.few_labels and len(pool) >= (1 + MANY) * len(train.rows))


class FewLabels:
    """The loop's task: cross-entropy of every stream, of features that are computed once.

    `pool` (N,) are the rows, in order, of all clips that are learned from, those of `data.train`
    among them. They are seen in their central window, and mirrored as often as the settings' swap.
    """

    description = "finetune"

    def __init__(
        self, settings: FinetuneSettings, parts: Parts, data: FinetuneData, pool: NDArray[np.int64]
    ) -> None:
        self.settings, self.val = settings, data.val
        self.frames = settings.encoder.frames
        self.recognizer = new_recognizer(settings, data)
        self.module: nn.Module = self.recognizer
        encoders, encoder = self.recognizer.encoders, settings.encoder
        seen = [
            look(encoders, parts, pool, encoder, mirrored=mirrored) for mirrored in (False, True)
        ]
        places = np.searchsorted(pool, data.train.rows)
        likely = likely_signs(alike(seen), places, data.train.labels, data.signs)
        # Both ways, one after the other: a clip's mirror image shows the same sign.
        self.seen = {m: together([way[m] for way in seen]) for m in encoders}
        self.likely, self.clips = torch.from_numpy(likely), len(pool)
        self.probability = np.full(len(pool), ALIKE / len(pool))
        labelled = probabilities(data.train.labels, settings.balance)
        self.probability[places] += (1 - ALIKE) * labelled
        self.swap = settings.mild.swap if settings.augmentation == "mild" else 0.5
        self.steps = settings.min_steps_per_epoch
        self.of_val = look(encoders, parts, data.val.rows, encoder) if data.val else None

    def parameter_groups(self) -> list[dict[str, Any]]:
        return [{"params": list(self.recognizer.classifiers.parameters()), "lr_scale": 1.0}]

    def loss(self, epoch: int, step: int) -> tuple[Tensor, dict[str, float], int]:
        rng, _ = draw(self.settings.seed, "few labels", epoch, step)
        chosen = rng.choice(self.clips, self.settings.batch_size, p=self.probability)
        swapped = rng.random(len(chosen)) < self.swap
        places = torch.from_numpy(chosen + self.clips * swapped)
        found = {m: _of(features, places) for m, features in self.seen.items()}
        targets = self.likely[torch.from_numpy(chosen)].to(pick_device())
        loss, hits = loss_and_hits(self.recognizer.classify(found), targets, self.settings)
        return loss, {"loss": float(loss.detach()), "train_top1": hits}, len(chosen)

    @torch.no_grad()
    def validate(self) -> dict[str, float]:
        """As of `Finetuning`."""
        if self.val is None or self.of_val is None:
            return {}
        logits = self.recognizer.classify({m: _of(f) for m, f in self.of_val.items()})
        return accuracy({m: of.cpu().numpy() for m, of in logits.items()}, self.val.labels)

    def saturated(self, epochs: list[dict[str, float]]) -> bool:
        """As of `Finetuning`."""
        return self.val is not None and nothing_left(epochs, self.settings)


def alike(seen: list[dict[str, Features]]) -> Rows:
    """(N, D) of length 1: what clips are compared by, from what was seen of them each way."""

    def side_by_side(found: dict[str, Features]) -> Rows:
        rows = unit({m: descriptor(features).numpy() for m, features in found.items()})
        return list(join(rows, JOINT_WEIGHT).values())[-1]

    both = unit_rows(np.sum([side_by_side(found) for found in seen], axis=0, dtype=np.float32))
    # Directions in which clips differ much anyway tell little: all are evened out.
    return Whitening.fit(both, np.zeros(len(both), np.int64))(both)


def likely_signs(rows: Rows, places: NDArray[np.intp], labels: Labels, signs: int) -> Rows:
    """(N, signs), each row with the sum 1: what clips with the features `rows` (N, D) likely show.

    Those at `places` (B,) show `labels` (B,), in which every number below `signs` occurs.
    """
    likely = arriving(neighbour_graph(rows), places, labels, signs)
    for start in range(0, len(rows), BLOCK):
        block = slice(start, start + BLOCK)
        near = nearest_mean(rows[places], labels, rows[block], signs)
        merit = np.log(likely[block] + LEAST) + near / TEMPERATURE
        odds = np.exp(merit - merit.max(axis=1, keepdims=True))
        likely[block] = odds / odds.sum(axis=1, keepdims=True)
    likely[places] = np.eye(signs)[labels]
    return likely


def _of(features: Features, places: Tensor | slice = slice(None)) -> Features:
    """Those of the clips at `places`, where it is trained."""
    device = pick_device()
    return Features(features.hand[places].to(device), features.trunk[places].to(device))
