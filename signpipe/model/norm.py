"""Batch norm whose statistics are those of the whole batch, also when ranks share it."""

import torch
from torch import Tensor, nn

from signpipe.model import distributed


class BatchNorm(nn.BatchNorm1d):
    """`nn.BatchNorm1d` for (N, C) or (N, C, T); torch's own synchronised one needs GPUs."""

    def forward(self, x: Tensor) -> Tensor:
        if not self.training or distributed.world_size() == 1:
            return super().forward(x)
        dims = (0, *range(2, x.dim()))
        shape = (1, -1) + (1,) * (x.dim() - 2)
        full = x.float()
        rows = torch.full((1,), x.numel() // x.shape[1], dtype=full.dtype, device=x.device)
        sums = distributed.all_reduce(torch.cat([full.sum(dims), rows]))
        number = sums[-1].detach()
        mean = sums[:-1] / number.clamp(min=1)
        centred = full - mean.view(shape)
        variance = distributed.all_reduce(centred.square().sum(dims)) / number.clamp(min=1)
        self._remember(mean.detach(), variance.detach(), number)
        scale = self.weight * (variance + self.eps).rsqrt()
        return (centred * scale.view(shape) + self.bias.view(shape)).to(x.dtype)

    def _remember(self, mean: Tensor, variance: Tensor, number: Tensor) -> None:
        assert self.running_mean is not None and self.running_var is not None
        assert self.num_batches_tracked is not None and self.momentum is not None
        unbiased = variance * number / (number - 1).clamp(min=1)
        some = number > 0  # a batch may be without hands
        self.running_mean.lerp_(mean, self.momentum * some)
        self.running_var.lerp_(unbiased, self.momentum * some)
        self.num_batches_tracked.add_(some)
