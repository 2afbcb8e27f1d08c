"""Frozen features of many clips of a parts file: an encoder's, or as a reference the keypoints'."""

from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.model.class_means import unit_rows
from signpipe.model.encoder import Features as EncoderFeatures
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings
from signpipe.skeleton import LEFT_HAND, RIGHT_HAND, TRUNK
from signpipe.training.views import Window, resample, split_valid, stream_views, swap_hands

BATCH = 256
# Of the trunk's feature beside the hands', chosen on personal signers and on val: with equal say
# (1.0) few-shot accuracy is 2 to 3 points lower and k-NN's mean-class 6.
TRUNK_SHARE = 0.5
# The weight of joint where no val chooses it: of few clips motion learns less. With one clip a sign
# accuracy on personal signers is 2 to 9 points higher than with 0.5.
JOINT_WEIGHT = 0.8
Features = dict[str, NDArray[np.float32]]  # (B, D) by stream


def embed(
    encoders: nn.ModuleDict,
    parts: Parts,
    rows: NDArray[np.int64],
    settings: EncoderSettings,
    *,
    mirrored: bool = False,
) -> Features:
    """The descriptor (B, 2 C) of every stream for what `look` finds of the clips `rows`."""
    found = look(encoders, parts, rows, settings, mirrored=mirrored)
    return {stream: descriptor(features).numpy() for stream, features in found.items()}


@torch.no_grad()
def look(
    encoders: nn.ModuleDict,
    parts: Parts,
    rows: NDArray[np.int64],
    settings: EncoderSettings,
    *,
    mirrored: bool = False,
) -> dict[str, EncoderFeatures]:
    """What the encoder of every stream says of the clips `rows`, in their central window.

    `settings` are the encoders'. They are put into evaluation mode, so that batch-norm statistics
    are frozen too. `mirrored` clips are seen as if they had been signed with the other hand.
    """
    encoders.eval()
    device = next(encoders.parameters()).device
    collected: dict[str, list[EncoderFeatures]] = {stream: [] for stream in encoders}
    for sampled in sampled_views(parts, rows, settings.frames):
        points, valid = split_valid(sampled)
        if mirrored:
            points, valid = swap_hands(points, valid, torch.ones(len(points), dtype=torch.bool))
        views = stream_views(points, valid, device, settings.motion)
        for stream, encoder in encoders.items():
            found = encoder(*views[stream])
            collected[stream].append(EncoderFeatures(found.hand.cpu(), found.trunk.cpu()))
    return {stream: together(found) for stream, found in collected.items()}


def together(found: Sequence[EncoderFeatures]) -> EncoderFeatures:
    """Of some clips after others."""
    hand, trunk = (torch.cat([getattr(f, part) for f in found]) for part in ("hand", "trunk"))
    return EncoderFeatures(hand, trunk)


def joined(
    encoders: nn.ModuleDict,
    parts: Parts,
    rows: NDArray[np.int64],
    settings: EncoderSettings,
    joint_weight: float,
    *,
    ambidextrous: bool = False,
) -> NDArray[np.float32]:
    """(B, D) of length 1: what `embed` finds, the streams side by side as `join` puts them.

    If `ambidextrous`, the mean of a clip and its mirror image: a sign shown with the other hand is
    the same sign.
    """

    def seen(mirrored: bool) -> NDArray[np.float32]:
        found = unit(embed(encoders, parts, rows, settings, mirrored=mirrored))
        return list(join(found, joint_weight).values())[-1]

    return unit_rows(seen(False) + seen(True)) if ambidextrous else seen(False)


def descriptor(features: EncoderFeatures) -> Tensor:
    """(B, 2 C): the hand's and the trunk's feature side by side, each of unit length.

    The method's sum f = h + b is made for a classifier that learns with it; left as it is, the
    trunk, which tells signers apart rather than signs, drowns the hands.
    """
    hand, trunk = F.normalize(features.hand, dim=1), F.normalize(features.trunk, dim=1)
    return torch.cat([hand, TRUNK_SHARE * trunk], dim=1)


def raw_keypoints(parts: Parts, rows: NDArray[np.int64], settings: EncoderSettings) -> Features:
    """What encoders of these settings are given, flattened to (B, frames * 98) for each stream."""
    collected: dict[str, list[NDArray[np.float32]]] = {"joint": [], "motion": []}
    for sampled in sampled_views(parts, rows, settings.frames):
        views = stream_views(*split_valid(sampled), form=settings.motion)
        for stream, (points, _) in views.items():
            collected[stream].append(points.flatten(1).numpy())
    return {stream: np.concatenate(arrays) for stream, arrays in collected.items()}


def strong_keypoints(parts: Parts, rows: NDArray[np.int64], settings: EncoderSettings) -> Features:
    """As `raw_keypoints`, and made the most of without learning: what an encoder has to surpass.

    The hand that is seen longer comes first, as if all were right-handed; hands (first in each
    frame, then altogether) and trunk are of unit length and centred over the clips `rows`, the
    trunk's share being `TRUNK_SHARE`.
    """
    collected: dict[str, list[NDArray[np.float32]]] = {"joint": [], "motion": []}
    for sampled in sampled_views(parts, rows, settings.frames):
        points, valid = right_handed(*split_valid(sampled))
        views = stream_views(points * valid[..., None], valid, form=settings.motion)
        for stream, (found, _) in views.items():
            collected[stream].append(found.numpy())
    return {stream: _balanced(np.concatenate(arrays)) for stream, arrays in collected.items()}


def _balanced(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(B, T, 49, 2) -> (B, T * 98): hands and trunk centred, of unit length times their share."""
    clips = len(points)
    hands = unit_hands(points)
    flat = {"hands": hands.reshape(clips, -1), "trunk": points[:, :, TRUNK].reshape(clips, -1)}
    each = unit({part: rows - rows.mean(axis=0) for part, rows in flat.items()})
    return np.concatenate([each["hands"], np.float32(TRUNK_SHARE) * each["trunk"]], axis=1)


def unit_hands(points: NDArray[np.float32]) -> NDArray[np.float32]:
    """(B, T, 49, 2) -> (B, T, 84): the hands, in each frame together of length 1.

    Each frame's hands count alike, whether they are open or closed, one or both.
    """
    hands = points[:, :, : TRUNK.start].reshape(*points.shape[:2], -1)
    return hands / np.maximum(np.linalg.norm(hands, axis=2, keepdims=True), np.float32(1e-12))


def right_handed(points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """Clips (B, T, 49, 2), (B, T, 49) with the hand first that is seen longer."""
    right, left = (valid[:, :, hand].any(dim=2).sum(dim=1) for hand in (RIGHT_HAND, LEFT_HAND))
    return swap_hands(points, valid, left > right)


def sampled_views(parts: Parts, rows: NDArray[np.int64], frames: int) -> Iterator[Tensor]:
    """(B, frames, 49, 3) of the clips' central windows, a batch at a time."""
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        yield resample(parts, batch, Window.central(len(batch)), frames)


@torch.no_grad()
def calibrate_batch_norm(
    encoders: nn.ModuleDict, parts: Parts, rows: NDArray[np.int64], settings: EncoderSettings
) -> None:
    """Set the batch-norm statistics of random weights to those of the clips `rows`.

    Without this their features nearly coincide, and would be too weak a reference.
    """
    encoders.eval()
    norms = [m for m in encoders.modules() if isinstance(m, nn.modules.batchnorm._BatchNorm)]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # the mean over all batches
        norm.train()
    device = next(encoders.parameters()).device
    for sampled in sampled_views(parts, rows, settings.frames):
        views = stream_views(*split_valid(sampled), device, settings.motion)
        for stream, encoder in encoders.items():
            encoder(*views[stream])
    encoders.eval()


def unit(features: Features) -> Features:
    """Every row with length 1; a row of zeros stays as it is."""
    return {stream: unit_rows(rows) for stream, rows in features.items()}


def join(features: Features, joint_weight: float) -> Features:
    """Add `both`: the streams' rows side by side, scaled so that similarities are averaged.

    The inner product of two such rows is `joint_weight` times that of their joint features and the
    rest times that of their motion features. With one stream only, nothing is added.
    """
    if len(features) == 1:
        return features
    scale = {"joint": np.sqrt(joint_weight), "motion": np.sqrt(1 - joint_weight)}
    both = np.concatenate([scale[s] * features[s] for s in ("joint", "motion")], axis=1)
    return {**features, "both": both.astype(np.float32)}
