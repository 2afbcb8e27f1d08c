"""What the next step learns from is made in a thread beside, while a step is taken."""

from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import cached_property
from typing import Generic, TypeVar

import torch

Batch = TypeVar("Batch")


class Prefetch(Generic[Batch]):
    """Calls `make(epoch, step)`, and ahead of time for the step that follows.

    What is made must depend on its place alone, since the thread's order is left to chance.
    """

    def __init__(self, make: Callable[[int, int], Batch], steps: int, epochs: int) -> None:
        self.make, self.steps, self.epochs = make, steps, epochs
        self._ahead: dict[tuple[int, int], Future[Batch]] = {}

    def __call__(self, epoch: int, step: int) -> Batch:
        ahead = self._ahead.get((epoch, step))
        found = ahead.result() if ahead else self.make(epoch, step)
        after = divmod(epoch * self.steps + step + 1, self.steps)
        last = after[0] >= self.epochs
        self._ahead = {} if last else {after: self._thread.submit(self.make, *after)}
        return found

    @cached_property
    def _thread(self) -> ThreadPoolExecutor:
        # One core is enough for views; the others are the step's.
        return ThreadPoolExecutor(1, "prefetch", torch.set_num_threads, (1,))
