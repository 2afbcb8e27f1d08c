"""The encoder of one stream: hands and trunk apart, frame by frame, then over time.

Method page, "Encoder". Shapes: B clips, T frames, V joints, C = `part_channels`.
"""

from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor, nn

from signpipe.model import distributed
from signpipe.model.context import Context
from signpipe.model.graph_convolution import GraphConvolution, adjacency
from signpipe.model.norm import BatchNorm
from signpipe.settings import EncoderSettings
from signpipe.skeleton import (
    HAND_EDGES,
    HAND_NEIGHBOURS,
    HAND_SUBPART_EDGES,
    HAND_SUBPART_NEIGHBOURS,
    HAND_SUBPARTS,
    LEFT_HAND,
    RIGHT_HAND,
    TRUNK,
    TRUNK_EDGES,
    TRUNK_NEIGHBOURS,
    TRUNK_SUBPART_EDGES,
    TRUNK_SUBPART_NEIGHBOURS,
    TRUNK_SUBPARTS,
)


@dataclass(frozen=True)
class Features:
    """What an encoder says of B clips: hand and trunk (B, C)."""

    hand: Tensor
    trunk: Tensor

    @property
    def fused(self) -> Tensor:
        """f = h + b, (B, C)."""
        return self.hand + self.trunk


class FrameEncoder(nn.Module):
    """Joints of single frames -> one feature a frame: (V, M, 2) -> (M, C)."""

    def __init__(self, settings: EncoderSettings, part: str) -> None:
        super().__init__()
        hand = part == "hand"
        self.subparts = HAND_SUBPARTS if hand else TRUNK_SUBPARTS
        joints = 21 if hand else 7
        graph = adjacency(
            joints,
            HAND_EDGES if hand else TRUNK_EDGES,
            HAND_NEIGHBOURS if hand else TRUNK_NEIGHBOURS,
        )
        channels = (2, *settings.joint_channels)
        self.joints = nn.Sequential(*(GraphConvolution(a, b, graph) for a, b in pairwise(channels)))
        self.widen = nn.Linear(channels[-1], settings.part_channels)
        graph = adjacency(
            len(self.subparts),
            HAND_SUBPART_EDGES if hand else TRUNK_SUBPART_EDGES,
            HAND_SUBPART_NEIGHBOURS if hand else TRUNK_SUBPART_NEIGHBOURS,
        )
        self.parts = GraphConvolution(settings.part_channels, settings.part_channels, graph)

    def forward(self, x: Tensor) -> Tensor:
        x = self.widen(self._pool(self.joints(x)))  # (S, M, C)
        return self.parts(x).amax(dim=0)

    def _pool(self, x: Tensor) -> Tensor:
        """The largest values of each sub-part's joints: (V, M, C) -> (S, M, C).

        Sub-parts are limbs of equal length, joint after joint, and the root, to which the palm adds
        the limbs' first joints: views suffice, where indexing would copy joints.
        """
        *limbs, last = self.subparts
        root, others = torch.split(x, [1, len(x) - 1])
        by_limb = others.view(len(limbs), len(limbs[0]), *x.shape[1:])
        if len(last) > 1:
            root = torch.maximum(root, by_limb[:, 0].amax(dim=0, keepdim=True))
        return torch.cat([by_limb.amax(dim=1), root])


class TemporalBlock(nn.Module):
    """Two branches of temporal convolution, mixed and added to the input: (B, C, T) -> the same."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.wide = nn.Conv1d(channels, channels, 5, padding=2)
        self.deep = nn.Sequential(
            nn.Conv1d(channels, channels, 3, padding=1),
            nn.ReLU(),
            nn.Conv1d(channels, channels, 3, padding=1),
        )
        self.mix = nn.Sequential(
            nn.ReLU(), nn.Conv1d(2 * channels, channels, 1, bias=False), BatchNorm(channels)
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.relu(x + self.mix(torch.cat([self.wide(x), self.deep(x)], dim=1)))


class AttentionPool(nn.Module):
    """Mean of tokens by learned weights: (B, N, C), (B, N) bool -> (B, C).

    Tokens that are not valid get no weight; a clip without any valid token gives zero.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.score = nn.Linear(channels, 1)

    def forward(self, tokens: Tensor, valid: Tensor) -> Tensor:
        scores = self.score(tokens).squeeze(-1).masked_fill(~valid, float("-inf"))
        nothing = ~valid.any(dim=1, keepdim=True)
        weights = scores.masked_fill(nothing, 0.0).softmax(dim=1) * valid
        return (weights[..., None] * tokens).sum(dim=1)


class Encoder(nn.Module):
    """Encodes one stream of B clips: points (B, T, 49, 2), valid (B, T, 49) bool -> Features.

    One network serves both hands; the trunk has its own. Only detected hands pass through the
    frame encoder: an undetected one is a row of zeros, with no say in the batch statistics. A
    `dense` encoder, for evaluation alone, lets all pass and makes those zero afterwards: the same
    numbers, with no shape that depends on them.
    """

    def __init__(self, settings: EncoderSettings) -> None:
        super().__init__()
        self.dense = False
        channels = settings.part_channels
        self.hand_frames = FrameEncoder(settings, "hand")
        self.trunk_frames = FrameEncoder(settings, "trunk")
        blocks = settings.temporal_blocks
        self.hand_time = nn.Sequential(*(TemporalBlock(channels) for _ in range(blocks)))
        self.trunk_time = nn.Sequential(*(TemporalBlock(channels) for _ in range(blocks)))
        self.hand_context = Context(settings, 2 * channels, settings.hand_feedforward)
        self.trunk_context = Context(settings, channels, settings.trunk_feedforward)
        self.hand_pool = AttentionPool(channels)
        self.trunk_pool = AttentionPool(channels)
        self.channels = channels

    def forward(self, points: Tensor, valid: Tensor) -> Features:
        batch, frames = points.shape[:2]
        # Both hands side by side in one batch: (2 B, T, ...), right hands first.
        hands = torch.cat([points[:, :, RIGHT_HAND], points[:, :, LEFT_HAND]])
        seen = torch.cat([valid[:, :, hand].any(dim=2) for hand in (RIGHT_HAND, LEFT_HAND)])
        hand = self._hands(hands, seen)
        hand = self.hand_time(hand.transpose(1, 2)).transpose(1, 2)
        both = torch.cat(hand.chunk(2), dim=-1)  # (B, T, 2 C)
        tokens = torch.cat(self.hand_context(both).chunk(2, dim=-1), dim=1)  # (B, 2 T, C)
        h = self.hand_pool(tokens, torch.cat(seen.chunk(2), dim=1))

        trunk = points[:, :, TRUNK].flatten(0, 1).transpose(0, 1)
        trunk = self.trunk_frames(trunk).view(batch, frames, -1)
        trunk = self.trunk_time(trunk.transpose(1, 2)).transpose(1, 2)
        everywhere = torch.ones(batch, frames, dtype=torch.bool, device=points.device)
        b = self.trunk_pool(self.trunk_context(trunk), everywhere)
        return Features(h.float(), b.float())

    def _hands(self, hands: Tensor, seen: Tensor) -> Tensor:
        """Hands (2 B, T, 21, 2), of which those `seen` (2 B, T) were detected, to (2 B, T, C)."""
        clips, frames = seen.shape
        if self.dense:
            encoded = self.hand_frames(hands.flatten(0, 1).transpose(0, 1))
            return encoded.view(clips, frames, -1) * seen[..., None]
        hand = hands.new_zeros(clips, frames, self.channels)
        # Ranks wait for each other in the batch norm, also one whose clips show no hand.
        if seen.any() or distributed.world_size() > 1:
            encoded = self.hand_frames(hands[seen].transpose(0, 1))
            hand = hand.to(encoded.dtype).index_put((seen,), encoded)
        return hand
