"""The motion stream: the first-order difference of the keypoints."""

import torch
from torch import Tensor

from signpipe.settings import MotionForm


def motion(points: Tensor, valid: Tensor, form: MotionForm = "forward") -> tuple[Tensor, Tensor]:
    """First-order motion (method page, "Input"), in one of two published forms.

    `forward` is m_t = x_(t+1) - x_t, zero in the last frame; `backward` is x_t - x_(t-1), zero in
    the first.

    points (B, T, V, 2), valid (B, T, V) bool -> motion of the same shapes. A difference over a
    joint that is missing in either frame is no motion: it is zero and invalid. The frame without a
    neighbour keeps its validity (as a motion of zero), so that a hand seen once is still a hand.
    """
    both = valid[:, :-1] & valid[:, 1:]
    moved = (points[:, 1:] - points[:, :-1]) * both[..., None]
    still = torch.zeros_like(points[:, :1])
    if form == "backward":
        return torch.cat([still, moved], dim=1), torch.cat([valid[:, :1], both], dim=1)
    return torch.cat([moved, still], dim=1), torch.cat([both, valid[:, -1:]], dim=1)
