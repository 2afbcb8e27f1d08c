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
from signpipe.settings import Augmentation, MildAugmentation, MotionForm, Views
from signpipe.skeleton import KEYPOINTS, LEFT_HAND, RIGHT_HAND, TRUNK, TRUNK_MIRROR

# Trunk joints below this visibility count as missing.
VISIBLE = 0.3


@dataclass(frozen=True)
class Window:
    """Which part of each clip is seen, and how evenly.

    `start` and `length` are in [0, 1], (B,) float. A clip with `bend` b in (-1, 1) runs at 1 + b
    times its speed at the window's start, at 1 - b times at the end.
    """

    start: NDArray[np.float64]
    length: NDArray[np.float64]
    bend: NDArray[np.float64] | float = 0.0

    @classmethod
    def central(cls, batch: int, share: float = 0.95) -> "Window":
        """The evaluation's window."""
        return cls(np.full(batch, (1 - share) / 2), np.full(batch, share))

    @classmethod
    def random(
        cls,
        rng: np.random.Generator,
        frames: NDArray[np.int64],
        low: float,
        at_least: int,
        speed: float = 0.0,
    ) -> "Window":
        """Lengths uniform in [low, 1], but at least `at_least` of the clip's own `frames` (B,).

        Bends are uniform in [-speed, speed].
        """
        least: NDArray[np.float64] = np.clip(at_least / np.maximum(frames, 1), low, 1.0)
        length = least + (1 - least) * rng.random(len(frames))
        start = rng.random(len(frames)) * (1 - length)
        return cls(start, length, rng.uniform(-speed, speed, len(frames)) if speed else 0.0)

    def of(self, own: slice) -> "Window":
        """Of some of the clips."""
        bend = self.bend[own] if isinstance(self.bend, np.ndarray) else self.bend
        return Window(self.start[own], self.length[own], bend)

    def places(self, frames: int) -> NDArray[np.float64]:
        """(B, frames): where in each clip the frames are taken, in [0, 1]."""
        time = np.linspace(0.0, 1.0, frames)
        bent = time + np.reshape(self.bend, (-1, 1)) * time * (1 - time)
        return self.start[:, None] + self.length[:, None] * bent


def resample(parts: Parts, rows: NDArray[np.int64], window: Window, frames: int) -> Tensor:
    """(B, frames, 49, 3): each clip's window, linearly resampled.

    Between a frame with a hand and one without, the frame that has it counts alone.
    """
    first = parts.offsets[rows].astype(np.float64)
    count = parts.lengths(rows)
    within = window.places(frames) * (count[:, None] - 1)
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


def swap_hands(
    points: Tensor, valid: Tensor, which: Tensor, trunk: bool = True
) -> tuple[Tensor, Tensor]:
    """Mirror the clips `which` (B,) bool: hands change places, and `trunk` is mirrored in x.

    Hands need no mirroring, since both look like right hands already.
    """
    order = torch.arange(KEYPOINTS)
    order[RIGHT_HAND], order[LEFT_HAND] = (
        torch.arange(KEYPOINTS)[LEFT_HAND],
        torch.arange(KEYPOINTS)[RIGHT_HAND],
    )
    if trunk:
        order[TRUNK] = TRUNK.start + torch.tensor(TRUNK_MIRROR)
    mirrored = points[:, :, order].clone()
    if trunk:
        mirrored[:, :, TRUNK, 0] *= -1
    pick = which[:, None, None]
    swapped = torch.where(pick, valid[:, :, order], valid)
    return torch.where(pick[..., None], mirrored, points), swapped


class Augmenter:
    """Random spatial augmentation of a batch; every draw comes from `generator`.

    Of a batch of `whole` clips, only those of the slice `own` are given and augmented; what is
    drawn for them does not depend on that.
    """

    def __init__(
        self,
        kind: Augmentation,
        generator: torch.Generator,
        mild: MildAugmentation = MildAugmentation(),
        whole: int | None = None,
        own: slice = slice(None),
    ) -> None:
        self.kind, self.generator, self.mild = kind, generator, mild
        self.whole, self.own = whole, own

    def __call__(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """points (B, T, 49, 2), valid (B, T, 49) -> the same, augmented clip by clip."""
        if self.kind == "none":
            return points, valid
        augmented = {"mild": self._mild, "paper": self._paper, "release": self._release}
        points, valid = augmented[self.kind](points, valid)
        swap = self.mild.swap if self.kind == "mild" else 0.5
        which = self._uniform(len(points)) < swap
        # The release exchanges the hands alone; the others mirror the person.
        points, valid = swap_hands(points, valid, which, trunk=self.kind != "release")
        return points * valid[..., None], valid

    def _uniform(self, clips: int, *shape: int, low: float = 0.0, high: float = 1.0) -> Tensor:
        drawn = torch.rand(self.whole or clips, *shape, generator=self.generator)
        return low + (high - low) * drawn[self.own]

    def _normal(self, clips: int, *shape: int) -> Tensor:
        return torch.randn(self.whole or clips, *shape, generator=self.generator)[self.own]

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
        batch, mild = len(points), self.mild
        for part, degrees, distance in (
            (RIGHT_HAND, mild.hand_rotation, mild.hand_translation),
            (LEFT_HAND, mild.hand_rotation, mild.hand_translation),
            (TRUNK, mild.trunk_rotation, mild.trunk_translation),
        ):
            linear = self._linear(batch, degrees, mild.scale, mild.shear)
            points[:, :, part] = points[:, :, part] @ linear[:, None]
            if distance:
                moved = self._uniform(batch, 1, 1, 2, low=-distance, high=distance)
                points[:, :, part] = points[:, :, part] + moved
        points = points + mild.noise * self._normal(*points.shape)
        return points, self._drop(valid, joints=mild.joint_dropout, hand=mild.hand_dropout)

    def _paper(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """The paper's: rotation and scale of the whole, a joint mask (the swap follows).

        A masked joint is a zero; its hand is still there.
        """
        linear = self._linear(len(points), 30, 0.25, 0.0)
        kept = self._uniform(len(points), 1, KEYPOINTS, 1) >= 0.2
        return points @ linear[:, None] * kept, valid

    def _release(self, points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
        """The release's: a shear of everything, or 25 of 49 joints made zero or mapped at random.

        A joint made zero is not missing: its hand is still there.
        """
        batch = len(points)
        shear = torch.eye(2).repeat(batch, 1, 1)
        shear[:, 0, 1] = self._uniform(batch, low=-1, high=1)
        shear[:, 1, 0] = self._uniform(batch, low=-1, high=1)
        random_map = self._uniform(batch, 2, 2, low=-1, high=1)
        chosen = self._uniform(batch, KEYPOINTS).argsort(dim=1) < 25
        sheared = (self._uniform(batch) < 0.5)[:, None]
        zeroed = (self._uniform(batch) < 0.5)[:, None]
        mapped = (chosen & ~sheared & ~zeroed)[:, None, :, None]
        kept = ~(chosen & ~sheared & zeroed)[:, None, :, None]
        points = torch.where(sheared[..., None, None], points @ shear[:, None], points)
        points = torch.where(mapped, points @ random_map[:, None], points)
        return points * kept, valid


def random_views(
    parts: Parts,
    rows: NDArray[np.int64],
    settings: Views,
    frames: int,
    rng: np.random.Generator,
    generator: torch.Generator,
    own: slice = slice(None),
) -> tuple[Tensor, Tensor]:
    """One augmented view of each clip `rows` (B,): points (B, frames, 49, 2) and valid.

    With `own` only of that part of them; chance is the same as if all were made.
    """
    speed = settings.mild.speed if settings.augmentation == "mild" else 0.0
    lengths = parts.lengths(rows)
    window = Window.random(rng, lengths, settings.crop, settings.crop_frames, speed)
    points, valid = split_valid(resample(parts, rows[own], window.of(own), frames))
    augment = Augmenter(settings.augmentation, generator, settings.mild, len(rows), own)
    return augment(points, valid)


def stream_views(
    points: Tensor,
    valid: Tensor,
    device: torch.device | None = None,
    form: MotionForm = "forward",
) -> dict[str, tuple[Tensor, Tensor]]:
    """Both streams of a batch, `joint` and `motion`, each points and valid, on `device`."""
    points, valid = points.to(device), valid.to(device)
    return {"joint": (points, valid), "motion": motion(points, valid, form)}
