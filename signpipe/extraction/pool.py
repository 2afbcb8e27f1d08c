"""A pool of worker processes that survives what clips and people do to it.

One pipe a worker, so that whatever happens to one worker concerns its own job alone. A worker is a
fresh interpreter (a fork after MediaPipe has run does not work) that imports nothing of the calling
program, so a script needs no `if __name__ == "__main__"`.
"""

import os
import pickle
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from contextlib import AbstractContextManager, closing, contextmanager, suppress
from dataclasses import dataclass, field
from multiprocessing import Pipe
from multiprocessing.connection import Connection, wait
from typing import IO, Generic, TypeVar

from signpipe.errors import SignpipeError

Job = TypeVar("Job")
Result = TypeVar("Result")
# Made once in each worker; what it yields does the jobs.
Make = Callable[[], AbstractContextManager[Callable[[Job], Result]]]

START_SECONDS = 300.0  # a worker that is not ready by then never will be
FAILED_STARTS = 3  # in a row: it is not chance
IDLE_SECONDS = 60.0  # after which a worker that is given nothing ends and frees its memory
WATCH_SECONDS = 0.5  # how often a worker looks whether its parent lives
# The calling program's sys.path is handed on, so that what it can import, a worker can.
PROGRAM = (
    "import sys; sys.path[:] = {path!r}; from signpipe.extraction.pool import serve; serve({fd})"
)
# One thread a worker: more gain nothing and fight over the cores.
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


@dataclass(frozen=True)
class Lost:
    """Stands for the result of a job whose worker died, hung or raised; says which."""

    reason: str


@dataclass(eq=False)
class _Worker(Generic[Job]):
    process: "subprocess.Popen[bytes]"
    connection: Connection
    errors: IO[bytes]
    deadline: float | None
    ready: bool = False
    begun: bool = False  # it has the job in hand; before that, its death is no fault of the job
    done: int = 0
    jobs: list[Job] = field(default_factory=list)  # none, or the one it was given

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()
        self.connection.close()
        self.errors.close()

    def last_words(self) -> str:
        self.errors.seek(0)
        lines = self.errors.read()[-2000:].decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""


def run_jobs(
    jobs: Iterable[Job],
    make: "Make[Job, Result]",
    workers: int,
    *,
    timeout: float | None = None,
    recycle: int = 300,
) -> Generator[tuple[Job, Result | Lost], None, None]:
    """Yield each job with its result, in the order in which they finish.

    `make`, jobs and results must be picklable. `timeout` is in seconds a job; a worker is replaced
    after `recycle` jobs. No worker outlives the iterator, nor, by more than a second, the process
    that runs it. Raises SignpipeError if a worker raises it, or if workers cannot be started.
    """
    with closing(Pool(make, workers, timeout=timeout, recycle=recycle)) as pool:
        yield from pool.run(jobs)


class Pool(Generic[Job, Result]):
    """The workers of `run_jobs`, kept from one `run` to the next until they are closed."""

    def __init__(
        self,
        make: "Make[Job, Result]",
        workers: int,
        *,
        timeout: float | None = None,
        recycle: int = 300,
    ) -> None:
        self._setup = pickle.dumps(make)
        self._most, self._timeout, self._recycle = workers, timeout, recycle
        self._workers: list[_Worker[Job]] = []

    def start(self, jobs: int) -> None:
        """Start the workers that so many jobs will want, before there are any."""
        while len(self._workers) < min(self._most, jobs):
            self._workers.append(_start(self._setup))

    def run(self, jobs: Iterable[Job]) -> Generator[tuple[Job, Result | Lost], None, None]:
        """As `run_jobs`, one run at a time. After one that was cut short all workers are new."""
        try:
            yield from self._run(deque(jobs))
        except BaseException:
            self.close()
            raise

    def _run(self, waiting: "deque[Job]") -> Generator[tuple[Job, Result | Lost], None, None]:
        pool = self._workers
        failed_starts = 0
        while waiting or any(worker.jobs for worker in pool):
            self.start(len(waiting) + sum(len(worker.jobs) for worker in pool))
            for worker in [*pool]:
                if worker.ready and not worker.jobs and waiting:
                    _give(worker, waiting, self._timeout)
            for worker in _due(pool):
                message, value = _receive(worker, self._timeout)
                if message == "ready":
                    worker.ready, worker.deadline = True, None
                elif message == "begun":
                    failed_starts, worker.begun = 0, True
                elif message == "stop":
                    raise SignpipeError(str(value))
                elif message == "done":
                    worker.done += 1
                    job = worker.jobs.pop()
                    worker.deadline = None
                    if worker.done >= self._recycle:
                        self._remove(worker)
                    yield job, value  # type: ignore[misc]  # of the type that `make` promises
                else:
                    self._remove(worker)
                    if message == "died" and not worker.begun:
                        failed_starts += not worker.ready or bool(worker.jobs)
                        waiting.extendleft(worker.jobs)
                    else:
                        for job in worker.jobs:
                            yield job, Lost(str(value))
                    if failed_starts >= FAILED_STARTS:
                        raise SignpipeError(f"the workers die while they start: {value}")

    def _remove(self, worker: "_Worker[Job]") -> None:
        self._workers.remove(worker)
        worker.stop()

    def close(self) -> None:
        """End all workers, whatever they do."""
        for worker in [*self._workers]:
            self._remove(worker)


def _start(setup: bytes) -> "_Worker[Job]":
    ours, theirs = Pipe()
    errors = tempfile.TemporaryFile()  # noqa: SIM115
    program = PROGRAM.format(path=sys.path, fd=theirs.fileno())
    with _signals_held():
        process = subprocess.Popen(
            [sys.executable, "-c", program],
            stdin=subprocess.DEVNULL,
            stderr=errors,
            pass_fds=[theirs.fileno()],
            env={**os.environ, **dict.fromkeys(THREADS, "1")},
        )
    theirs.close()
    worker: _Worker[Job] = _Worker(process, ours, errors, time.monotonic() + START_SECONDS)
    with suppress(OSError):  # a worker that is dead already is found out by its silence
        ours.send_bytes(setup)
    return worker


@contextmanager
def _signals_held() -> Iterator[None]:
    """What is held now is held in a worker started now, for good: stopping is its parent's affair.

    Else a signal to the whole group would look as if the clips had killed their workers.
    """
    held = {signal.SIGINT, signal.SIGTERM, signal.SIGHUP}
    before = signal.pthread_sigmask(signal.SIG_BLOCK, held)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _give(worker: "_Worker[Job]", waiting: "deque[Job]", timeout: float | None) -> None:
    job = waiting.popleft()
    try:
        worker.connection.send(job)
    except OSError:  # it died while idle; that is no fault of the job
        waiting.appendleft(job)
        return
    worker.jobs.append(job)
    worker.begun = False
    worker.deadline = None if timeout is None else time.monotonic() + timeout


def _due(pool: "list[_Worker[Job]]") -> "list[_Worker[Job]]":
    """Wait for workers that have something to say, have died, or are past their deadline."""
    deadlines = [worker.deadline for worker in pool if worker.deadline is not None]
    pause = max(0.0, min(deadlines) - time.monotonic()) if deadlines else None
    spoken = set(wait([worker.connection for worker in pool], pause))
    now = time.monotonic()
    late = {w for w in pool if w.deadline is not None and now >= w.deadline}
    return [worker for worker in pool if worker.connection in spoken or worker in late]


def _receive(worker: "_Worker[Job]", timeout: float | None) -> tuple[str, object]:
    if not worker.connection.poll():
        limit = timeout if worker.ready else START_SECONDS
        return "late", f"it took longer than {limit:g} s and was stopped"
    try:
        message, value = worker.connection.recv()
        return message, value
    except (EOFError, OSError, pickle.UnpicklingError):
        code = worker.process.wait()
        how = f"signal {signal.Signals(-code).name}" if code < 0 else f"exit code {code}"
        words = worker.last_words()
        return "died", f"its worker died ({how})" + (f": {words}" if words else "")


def serve(descriptor: int) -> None:
    """What a worker runs: jobs from the pipe, results into it, until the pipe closes."""
    threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    connection = Connection(descriptor)
    try:
        make = pickle.loads(connection.recv_bytes())
        with make() as work:
            connection.send(("ready", None))
            while connection.poll(IDLE_SECONDS):
                job = connection.recv()
                connection.send(("begun", None))
                try:
                    message = ("done", work(job))
                except SignpipeError:
                    raise
                except Exception as error:  # whatever it is, it concerns this job alone
                    message = ("raised", f"{type(error).__name__}: {error}")
                connection.send(message)
    except SignpipeError as error:
        connection.send(("stop", str(error)))
    except (EOFError, BrokenPipeError, ConnectionResetError):
        pass


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(WATCH_SECONDS)
    os._exit(1)
