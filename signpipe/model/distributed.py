"""What the processes of one training exchange, so that together they compute what one would.

A batch is split over the ranks; with a single process every function returns what it is given.
"""

import warnings
from typing import Any, TypeVar

import torch
from torch import Tensor, distributed, nn
from torch.nn.parallel import DistributedDataParallel

Value = TypeVar("Value")


def world_size() -> int:
    """How many processes train together."""
    grouped = distributed.is_available() and distributed.is_initialized()
    return distributed.get_world_size() if grouped else 1


def rank() -> int:
    """Which of them this is, from 0."""
    return distributed.get_rank() if world_size() > 1 else 0


def own_share(size: int) -> slice:
    """This rank's part of a batch of `size` clips; parts differ by at most one clip."""
    return slice(rank() * size // world_size(), (rank() + 1) * size // world_size())


def weight(size: int) -> float:
    """What this rank's mean over its share counts in the mean over a batch of `size` clips.

    It is relative to an even mean over the ranks.
    """
    part = own_share(size)
    return (part.stop - part.start) * world_size() / size


def all_reduce(x: Tensor) -> Tensor:
    """The sum over all ranks; gradients pass through it."""
    return x if world_size() == 1 else _Total.apply(x)  # type: ignore[no-untyped-call]


class _Total(torch.autograd.Function):
    @staticmethod
    def forward(ctx: Any, x: Tensor) -> Tensor:
        x = x.clone()
        distributed.all_reduce(x)
        return x

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> Tensor:  # type: ignore[override]
        gradient = gradient.clone()
        distributed.all_reduce(gradient)
        return gradient


def all_gather(x: Tensor, size: int) -> Tensor:
    """All ranks' parts of a batch of `size` clips in order, (size, ...); without gradients."""
    if world_size() == 1:
        return x
    whole = torch.zeros(size, *x.shape[1:], dtype=x.dtype, device=x.device)
    whole[own_share(size)] = x.detach()
    distributed.all_reduce(whole)
    return whole


def mean(numbers: dict[str, float], size: int, device: torch.device) -> dict[str, float]:
    """Means over a batch of `size` clips from each rank's means over its share."""
    if world_size() == 1:
        return numbers
    values = torch.tensor(list(numbers.values()), dtype=torch.float64, device=device)
    values *= weight(size) / world_size()
    distributed.all_reduce(values)
    return dict(zip(numbers, values.tolist(), strict=True))


def broadcast(value: Value) -> Value:
    """What rank 0 says."""
    if world_size() == 1:
        return value
    box = [value]
    distributed.broadcast_object_list(box)
    return box[0]


def data_parallel(module: nn.Module, some_unused: bool = False) -> nn.Module:
    """The module, its gradients averaged over the ranks.

    `some_unused` says that a loss may leave parameters out.
    """
    if world_size() == 1:
        return module
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # the argument has another name from 2.13 on
        return DistributedDataParallel(
            module, broadcast_buffers=False, find_unused_parameters=some_unused
        )
