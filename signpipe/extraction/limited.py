"""Files from strangers are read in a process of its own, with limited time and memory.

Readers of foreign formats read many a damaged file without end, take all memory for it, or die of
it.
"""

import resource
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TypeVar

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
