"""The motion modality: the first-order difference of the keypoints."""

import torch
from torch import Tensor


def motion(points: Tensor, valid: Tensor) -> tuple[Tensor, Tensor]:
    """First-order motion m_t = x_(t+1) - x_t, zero in the last frame (method page, "Input").

    points (B, T, V, 2), valid (B, T, V) bool -> motion of the same shapes. A difference over a
    joint that is missing in either frame is no motion: it is zero and invalid. The last frame
    keeps its validity (as a motion of zero), so that a hand seen once is still a hand.
    """
    both = valid[:, :-1] & valid[:, 1:]
    moved = (points[:, 1:] - points[:, :-1]) * both[..., None]
    last = torch.zeros_like(points[:, :1])
    return torch.cat([moved, last], dim=1), torch.cat([both, valid[:, -1:]], dim=1)
