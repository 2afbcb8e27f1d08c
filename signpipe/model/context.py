"""The transformer over a clip's frames: torch's post-norm layer, computed faster on processors."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from signpipe.settings import EncoderSettings


class Dropout(nn.Module):
    """Each value becomes zero with probability `share`, the others grow by 1 / (1 - share).

    Random numbers of 16 bits are enough for that, and drawn four at a time they cost a quarter of
    what `nn.Dropout` takes on a processor. `share` is so exact to 1 / 65536.
    """

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or not self.share:
            return x
        if x.device.type != "cpu":
            return F.dropout(x, self.share)
        words = torch.empty(-(-x.numel() // 4), dtype=torch.int64).random_(-(2**63), None)
        numbers = words.view(torch.int16)[: x.numel()].view(x.shape)
        return x * (numbers >= round(self.share * 2**16) - 2**15) * (1 / (1 - self.share))


class Layer(nn.TransformerEncoderLayer):
    """The parameters of torch's layer, and what it computes, (B, T, W) -> (B, T, W).

    Torch's own forward passes the frames first, whereby its matrix products fall into small ones,
    and its fused attention is slower than the plain one for few frames.
    """

    def __init__(self, width: int, heads: int, feedforward: int, dropout: float) -> None:
        super().__init__(width, heads, feedforward, dropout, batch_first=True)
        self.heads = heads
        self.drop = Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:  # type: ignore[override]
        x = self.norm1(x + self.drop(self._attend(x)))
        hidden = self.drop(F.relu(self.linear1(x), inplace=True))
        return self.norm2(x + self.drop(self.linear2(hidden)))

    def _attend(self, x: Tensor) -> Tensor:
        batch, frames, width = x.shape
        attention = self.self_attn
        projected = F.linear(x, attention.in_proj_weight, attention.in_proj_bias)
        by_head = projected.view(batch, frames, 3, self.heads, width // self.heads)
        query, key, value = by_head.permute(2, 0, 3, 1, 4)  # (B, heads, T, W / heads) each
        scores = query @ key.transpose(2, 3) * (width // self.heads) ** -0.5
        mixed = self.drop(scores.softmax(dim=-1)) @ value
        return attention.out_proj(mixed.transpose(1, 2).reshape(batch, frames, width))


class Context(nn.Module):
    """A transformer encoder over the frames: (B, T, W) -> (B, T, W), post-norm."""

    def __init__(self, settings: EncoderSettings, width: int, feedforward: int) -> None:
        super().__init__()
        position = torch.empty(settings.frames, width)
        if not position.is_meta:  # to draw nothing there, torch would load its compiler
            position.normal_().mul_(0.02)
        self.position = nn.Parameter(position)
        self.layers = nn.ModuleList(
            Layer(width, settings.heads, feedforward, settings.dropout)
            for _ in range(settings.layers)
        )

    def forward(self, x: Tensor) -> Tensor:
        x = x + self.position
        for layer in self.layers:
            x = layer(x)
        return x
