"""Files from strangers are read in a process of its own, with limited time and memory.

Readers of foreign formats read many a damaged file without end, take all memory for it, or die of
it.
"""

import resource
import threading
import weakref
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Generic, TypeVar

from signpipe.extraction.pool import Lost, Pool

Job = TypeVar("Job")
Result = TypeVar("Result")

SECONDS, BYTES_A_SECOND = 30, 200_000  # a child has the former, and more for large files
MEMORY = 4 << 30  # bytes a child may take


def seconds_for(size: int) -> int:
    """How long the reading of a file of `size` bytes may take."""
    return SECONDS + size // BYTES_A_SECOND


@contextmanager
def limited(read: Callable[[Job], Result]) -> Iterator[Callable[[Job], Result]]:
    """What `run_jobs` makes in the child: `read`, with limited memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    yield read


class LimitedReader(Generic[Job, Result]):
    """Has `read` done by one child, which is kept for the next job. Safe to use from threads."""

    def __init__(self, read: Callable[[Job], Result]) -> None:
        self._pool: Pool[Job, Result] = Pool(partial(limited, read), 1, timeout=2 * SECONDS)
        self._lock = threading.Lock()
        weakref.finalize(self, self._pool.close)

    def read(self, job: Job) -> Result | Lost:
        """What `read` gives, or why it gave nothing. Raises SignpipeError if `read` does."""
        with self._lock:
            [(_, result)] = self._pool.run([job])
        return result
