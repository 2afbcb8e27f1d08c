"""The jobs of a pool on a Dask cluster.

Every thread of a Dask worker keeps one worker process of `signpipe.extraction.pool`, so that a clip
is done there exactly as it is here: MediaPipe is never shared between threads, a clip that hangs or
kills is stopped and named without a loss of the Dask worker, and where the Dask worker itself dies,
Dask gives its jobs to others.
"""

import logging
import pickle
import secrets
import socket
import threading
import warnings
from collections.abc import Generator, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any, TypeVar

from signpipe.errors import SignpipeError, missing_extra
from signpipe.extraction.pool import Lost, Make, Pool
from signpipe.progress import note

Job = TypeVar("Job")
Result = TypeVar("Result")

CONNECT_SECONDS = 10.0
LEAVE_SECONDS = 1.0  # for taking leave of a scheduler that may not answer
AHEAD = 2  # jobs a thread that the scheduler holds; the rest waits here

_thread = threading.local()  # on a Dask worker: the pool of this thread and what it was made for


def run_jobs_on_cluster(
    jobs: Sequence[Job],
    make: "Make[Job, Result]",
    address: str,
    *,
    timeout: float | None = None,
    recycle: int = 300,
) -> Generator[tuple[Job, Result | Lost], None, None]:
    """As `pool.run_jobs`, on the workers of the Dask scheduler at `address`.

    Workers may come and go meanwhile. When the iterator is closed, what has not begun is cancelled.
    Raises SignpipeError, too, if the scheduler cannot be reached or the workers cannot do the work.
    """
    if not jobs:
        return
    setup = pickle.dumps(make)
    waiting = iter(jobs)
    pending: dict[str, Job] = {}
    with _connection(address) as client:
        from distributed import as_completed

        if not client.nthreads():
            note(f"the Dask scheduler at {address} has no workers yet; waiting for them")
        arrivals: Any = as_completed(loop=client.loop)  # type: ignore[no-untyped-call]
        prefix = f"signpipe-{secrets.token_hex(8)}"
        number = 0
        while True:
            wanted = AHEAD * max(1, sum(client.nthreads().values())) - len(pending)
            for job in islice(waiting, max(0, wanted)):
                # A scheduler would take two tasks of one key for the same.
                key, number = f"{prefix}-{number}", number + 1
                pending[key] = job
                arrivals.add(client.submit(work, setup, job, timeout, recycle, key=key, pure=False))
            if not pending:
                return
            future = next(arrivals)
            result = _result(future, address)
            yield pending.pop(future.key), result


def work(setup: bytes, job: Any, timeout: float | None, recycle: int) -> Any:
    """What a Dask worker does with one job: give it to the pool that this thread keeps."""
    made_for = (setup, timeout, recycle)
    try:
        if getattr(_thread, "made_for", None) != made_for:
            if hasattr(_thread, "pool"):
                _thread.pool.close()
            _thread.pool = Pool(pickle.loads(setup), 1, timeout=timeout, recycle=recycle)
            _thread.made_for = made_for
        [(_, result)] = _thread.pool.run([job])
    except SignpipeError as error:
        raise SignpipeError(f"on {socket.gethostname()}: {error}") from error
    return result


def _result(future: Any, address: str) -> Any:
    """What became of a job; raises SignpipeError for what concerns all of them."""
    from distributed import KilledWorker

    if future.status == "cancelled":
        raise SignpipeError(
            f"the Dask scheduler at {address} has gone or was restarted; run the same command "
            "again: what is finished is kept"
        )
    try:
        return future.result()
    except SignpipeError:
        raise
    except KilledWorker as error:
        times = error.allowed_failures + 1
        return Lost(f"{times} Dask workers died over it, the last {error.last_worker.address}")
    except Exception as error:
        raise SignpipeError(
            f"the Dask workers of {address} cannot do the work ({type(error).__name__}: {error}); "
            "the same signpipe, with what it needs, must be installed where the scheduler and the "
            "workers run"
        ) from error


@contextmanager
def _connection(address: str) -> Iterator[Any]:
    try:
        from distributed import Client
    except ImportError as error:
        raise missing_extra("a Dask cluster", "distributed", "cluster") from error
    # What goes wrong is said here, once; tornado's is what distributed makes of an interruption.
    for name in ("distributed", "distributed.client", "tornado.application"):
        logging.getLogger(name).setLevel(logging.CRITICAL + 1)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            client: Any = Client(  # type: ignore[no-untyped-call]
                address, timeout=CONNECT_SECONDS, set_as_default=False
            )
    except (OSError, ValueError, ImportError) as error:
        raise SignpipeError(
            f"cannot reach a Dask scheduler at {address} ({error}); check the address that "
            "`dask scheduler` printed, such as tcp://10.0.0.1:8786"
        ) from error
    try:
        yield client
    finally:
        # A scheduler drops the jobs of a client that leaves. It may be that it does not answer.
        leaving = threading.Thread(target=client.close, args=(LEAVE_SECONDS,), daemon=True)
        leaving.start()
        leaving.join(LEAVE_SECONDS + 0.5)
