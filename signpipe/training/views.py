"""Views of clips: a window of each clip resampled to T frames, augmented, as joints and as motion.

Everything here works on whole batches. B clips, T frames, V = 49 keypoints.
"""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from signpipe.parts.motion import motion
from signpipe.parts.store import Parts
from signpipe.settings import Augmentation
from signpipe.skeleton import KEYPOINTS, LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_MIRROR

# Trunk joints below this visibility count as missing.
VISIBLE = 0.3


@dataclass(frozen=True)
class Window:
    """Which part of each clip is seen: start and length in [0, 1], (B,) float."""

    start: NDArray[np.float64]
    length: NDArray[np.float64]

    @classmethod
    def central(cls, batch: int, share: float = 0.95) -> "Window":
        """The evaluation's window."""
        return cls(np.full(batch, (1 - share) / 2), np.full(batch, share))

    @classmethod
    def random(
        cls, rng: np.random.Generator, frames: NDArray[np.int64], low: float, at_least: int
    ) -> "Window":
        """Lengths uniform in [low, 1], but at least `at_least` of the clip's own `frames` (B,)."""
        least: NDArray[np.float64] = np.clip(at_least / np.maximum(frames, 1), low, 1.0)
        length = least + (1 - least) * rng.random(len(frames))
        return cls(rng.random(len(frames)) * (1 - length), length)


def resample(parts: Parts, rows: NDArray[np.int64], window: Window, frames: int) -> Tensor:
    """(B, frames, 49, 3): each clip's window, linearly resampled.

    Between a frame with a hand and one without, the frame that has it counts alone.
    """
    first = parts.offsets[rows].astype(np.float64)
    count = parts.lengths(rows)
    steps = np.linspace(0.0, 1.0, frames)
    within = (window.start[:, None] + window.length[:, None] * steps) * (count[:, None] - 1)
    low = np.floor(within)
    high = np.minimum(low + 1, count[:, None] - 1)
    share = torch.from_numpy((within - low).astype(np.float32))[..., None]
    a = torch.from_numpy(parts.keypoints[(first[:, None] + low).astype(np.int64)])
    b = torch.from_numpy(parts.keypoints[(first[:, None] + high).astype(np.int64)])
    weight_a, weight_b = (1 - share) * (a[..., 2] > 0), share * (b[..., 2] > 0)
    total = (weight_a + weight_b).clamp(min=1e-6)[..., None]
    return (a * weight_a[..., None] + b * weight_b[..., None]) / total


def split_valid(sampled: Tensor) -> tuple[Tensor, Tensor]:
    """(B, T, 49, 3) -> points (B, T, 49, 2), zero where missing, and valid (B, T, 49) bool."""
    valid = sampled[..., 2] > 0
    valid[..., TRUNK] = sampled[..., TRUNK, 2] >= VISIBLE
    return sampled[..., :2] * valid[..., None], valid


def swap_hands(points: Tensor, valid: Tensor, which: Tensor) -> tuple[Tensor, Tensor]:
    """Mirror the clips `which` (B,) bool: hands change places, the trunk is mirrored in x.

    Hands need no mirroring, since both look like right hands already.
    """
    order = torch.arange(KEYPOINTS)
    order[RIGHT_HAND], order[LEFT_HAND] = (
        torch.arange(KEYPOINTS)[LEFT_HAND],
        torch.arange(KEYPOINTS)[RIGHT_HAND],
    )
    order[TRUNK] = TRUNK.start + torch.tensor(TRUNK_MIRROR)
    mirrored = points[:, :, order].clone()
    mirrored[:, :, TRUNK, 0] *= -1
    pick = which[:, None, None]
    swapped = torch.where(pick, valid[:, :, order], valid)
    return torch.where(pick[..., None], mirrored, points), swapped


class Augmenter:
    """Random spatial augmentation of a batch; every draw comes from `generator`."""

    def __init__(self, kind: Augmentation, generator: torch.Generator) -> None:
        self.kind, self.generator = kind, generator

    def __call__(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """points (B, T, 49, 2), valid (B, T, 49) -> the same, augmented clip by clip."""
        augmented = {"mild": self._mild, "paper": self._paper, "release": self._release}
        points, valid = augmented[self.kind](points, valid)
        points, valid = swap_hands(points, valid, self._uniform(len(points)) < 0.5)
        return points * valid[..., None], valid

    def _uniform(self, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        return low + (high - low) * torch.rand(*shape, generator=self.generator)

    def _linear(self, batch: int, degrees: float, scale: float, shear: float) -> Tensor:
        """(B, 2, 2): rotation, scale per axis, shear."""
        angle = torch.deg2rad(self._uniform(batch, low=-degrees, high=degrees))
        cos, sin = angle.cos(), angle.sin()
        rotate = torch.stack([cos, -sin, sin, cos], dim=1).view(-1, 2, 2)
        stretch = torch.diag_embed(self._uniform(batch, 2, low=1 - scale, high=1 + scale))
        skew = torch.eye(2).repeat(batch, 1, 1)
        skew[:, 0, 1] = self._uniform(batch, low=-shear, high=shear)
        return rotate @ stretch @ skew

    def _drop(self, valid: Tensor, joints: float, hand: float) -> Tensor:
        """Lose joints for the whole window, and stretches of frames of one hand."""
        batch, frames, _ = valid.shape
        kept = self._uniform(batch, 1, KEYPOINTS) >= joints
        lost = self._uniform(batch) < hand
        start = self._uniform(batch) * frames
        length = self._uniform(batch) * frames / 3
        time = torch.arange(frames)
        stretch = (time >= start[:, None]) & (time < (start + length)[:, None]) & lost[:, None]
        side = (self._uniform(batch) < 0.5)[:, None, None]
        hands = torch.zeros(batch, frames, KEYPOINTS, dtype=torch.bool)
        hands[..., RIGHT_HAND] = stretch[..., None] & side
        hands[..., LEFT_HAND] = stretch[..., None] & ~side
        return valid & kept & ~hands

    def _mild(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """Ours: each part turned, stretched and moved a little by itself; a few joints lost."""
        batch = len(points)
        for part in (RIGHT_HAND, LEFT_HAND):
            points[:, :, part] = points[:, :, part] @ self._linear(batch, 15, 0.15, 0.1)[:, None]
        trunk = points[:, :, TRUNK] @ self._linear(batch, 8, 0.15, 0.1)[:, None]
        points[:, :, TRUNK] = trunk + self._uniform(batch, 1, 1, 2, low=-0.1, high=0.1)
        points = points + 0.01 * torch.randn(points.shape, generator=self.generator)
        return points, self._drop(valid, joints=0.05, hand=0.2)

    def _paper(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """The paper's: rotation and scale of the whole, a joint mask (the swap follows)."""
        linear = self._linear(len(points), 30, 0.25, 0.0)
        return points @ linear[:, None], self._drop(valid, joints=0.2, hand=0.0)

    def _release(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """The release's: a shear of everything, or 25 of 49 joints lost or mapped at random."""
        batch = len(points)
        shear = torch.eye(2).repeat(batch, 1, 1)
        shear[:, 0, 1] = self._uniform(batch, low=-1, high=1)
        shear[:, 1, 0] = self._uniform(batch, low=-1, high=1)
        random_map = self._uniform(batch, 2, 2, low=-1, high=1)
        chosen = self._uniform(batch, KEYPOINTS).argsort(dim=1) < 25
        sheared = (self._uniform(batch) < 0.5)[:, None]
        zeroed = (self._uniform(batch) < 0.5)[:, None]
        mapped = (chosen & ~sheared & ~zeroed)[:, None, :, None]
        lost = (chosen & ~sheared & zeroed)[:, None]
        points = torch.where(sheared[..., None, None], points @ shear[:, None], points)
        points = torch.where(mapped, points @ random_map[:, None], points)
        return points, valid & ~lost


def modalities(
    points: Tensor, valid: Tensor, device: torch.device | None = None
) -> dict[str, tuple[Tensor, Tensor]]:
    """Both modalities of a batch, `joint` and `motion`, each points and valid, on `device`."""
    points, valid = points.to(device), valid.to(device)
    return {"joint": (points, valid), "motion": motion(points, valid)}
