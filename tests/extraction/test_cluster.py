import os
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction import cluster as module
from signpipe.extraction.cluster import run_jobs_on_cluster
from signpipe.extraction.pool import Lost

pytestmark = pytest.mark.cluster


def act(job: str, folder: Path) -> tuple[str, int]:
    """What each job asks for, for real. The Dask worker is this process's parent."""
    order, _, rest = job.partition(" ")
    (folder / f"{job} {os.getpid()} {os.getppid()}").touch()
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == "kill":
        os.kill(os.getppid(), signal.SIGKILL)
        time.sleep(10)
    elif order == "sleep":
        time.sleep(float(rest))
    elif order == "stop":
        raise SignpipeError(rest)
    return job, os.getpid()


@contextmanager
def actor(folder: Path) -> Iterator[Callable[[str], tuple[str, int]]]:
    yield partial(act, folder=folder)


def test_every_job_once(dask_cluster: str, tmp_path: Path) -> None:
    jobs = [f"job {n}" for n in range(30)]
    results = dict(run_jobs_on_cluster(jobs, partial(actor, tmp_path), dask_cluster))
    assert {job: result[0] for job, result in results.items()} == {job: job for job in jobs}  # type: ignore[index]
    # Each of the Dask workers has kept one process for all of its jobs.
    assert len({result[1] for result in results.values()}) <= 2  # type: ignore[index]
    assert list(run_jobs_on_cluster([], partial(actor, tmp_path), "nowhere")) == []


def test_only_what_kills_or_hangs_is_lost(dask_cluster: str, tmp_path: Path) -> None:
    jobs = ["job 1", "die", "sleep 1000", "kill", *(f"job {n}" for n in range(2, 8))]
    results = dict(run_jobs_on_cluster(jobs, partial(actor, tmp_path), dask_cluster, timeout=2.0))
    assert results.keys() == set(jobs)
    lost = {job: result.reason for job, result in results.items() if isinstance(result, Lost)}
    assert lost.pop("die") == "its worker died (signal SIGKILL)"
    assert lost.pop("sleep 1000") == "it took longer than 2 s and was stopped"
    assert lost.pop("kill").startswith("2 Dask workers died over it, the last tcp://")
    # Dask blames whatever waits on a worker that dies, too; here once, which it allows.
    assert lost.keys() <= {f"job {n}" for n in range(1, 8)} and len(lost) <= 1
    assert len([*tmp_path.glob("kill *")]) == 2


def test_leaves_the_rest_when_closed(dask_cluster: str, tmp_path: Path) -> None:
    jobs = ["job", *(f"sleep 0.{n}" for n in range(1, 60))]
    results = run_jobs_on_cluster(jobs, partial(actor, tmp_path), dask_cluster)
    with closing(results):
        next(results)
    time.sleep(1.5)  # for those in hand
    begun = len([*tmp_path.iterdir()])
    time.sleep(1)
    assert len([*tmp_path.iterdir()]) == begun < 20


def test_stops_are_clear(
    dask_cluster: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make = partial(actor, tmp_path)
    with pytest.raises(SignpipeError, match="^on .*: disk is full$"):
        list(run_jobs_on_cluster(["stop disk is full", "job 2"], make, dask_cluster))
    monkeypatch.setattr(module, "CONNECT_SECONDS", 0.5)
    for address in ("tcp://127.0.0.1:1", "nonsense://x", "127.0.0.1"):
        with pytest.raises(SignpipeError, match="cannot reach a Dask scheduler at"):
            list(run_jobs_on_cluster(["job"], make, address))
