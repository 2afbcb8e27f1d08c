import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from functools import partial
from pathlib import Path

import pytest

from signpipe.errors import SignpipeError
from signpipe.extraction.pool import Lost, run_jobs

# What the workers run must be importable there: these functions come by this module's name.
sys.path.insert(0, str(Path(__file__).parent))


def act(job: str, folder: Path) -> tuple[str, int]:
    """What each job asks for, for real."""
    order, _, rest = job.partition(" ")
    (folder / f"{os.getpid()}.pid").touch()
    if order == "die":
        os.kill(os.getpid(), signal.SIGKILL)
    elif order == "hang":
        time.sleep(1000)
    elif order == "raise":
        raise ValueError(rest)
    elif order == "stop":
        raise SignpipeError(rest)
    elif order == "exit":
        print("last words", file=sys.stderr, flush=True)
        os._exit(3)
    return job, os.getpid()


@contextmanager
def actor(folder: Path) -> Iterator[Callable[[str], tuple[str, int]]]:
    yield partial(act, folder=folder)


@contextmanager
def stillborn() -> Iterator[Callable[[str], str]]:
    os._exit(7)
    yield str


@contextmanager
def refusing() -> Iterator[Callable[[str], str]]:
    raise SignpipeError("libgl1 is missing")
    yield str


def run(jobs: list[str], folder: Path, workers: int = 2, **options: float) -> dict[str, object]:
    return dict(run_jobs(jobs, partial(actor, folder), workers, **options))  # type: ignore[arg-type]


def alive(folder: Path) -> list[int]:
    return [pid for pid in map(int, (p.stem for p in folder.glob("*.pid"))) if _lives(pid)]


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def test_every_job_once(tmp_path: Path) -> None:
    jobs = [f"job {n}" for n in range(50)]
    results = run(jobs, tmp_path)
    assert {job: result[0] for job, result in results.items()} == {job: job for job in jobs}  # type: ignore[index]
    assert len(list(tmp_path.glob("*.pid"))) <= 2  # one may do all before the other is there
    assert alive(tmp_path) == []
    assert run([], tmp_path) == {}


def test_only_the_killing_job_is_lost(tmp_path: Path) -> None:
    jobs = [f"{'die' if n % 3 == 0 else 'job'} {n}" for n in range(12)]
    results = run(jobs, tmp_path)
    assert len(results) == 12
    for job, result in results.items():
        assert isinstance(result, Lost) == job.startswith("die"), job
        if isinstance(result, Lost):
            assert "SIGKILL" in result.reason


def test_reasons(tmp_path: Path) -> None:
    results = run(["hang", "raise bad luck", "exit", "job"], tmp_path, timeout=1.5)
    assert results["hang"] == Lost("it took longer than 1.5 s and was stopped")
    assert results["raise bad luck"] == Lost("ValueError: bad luck")
    assert results["exit"] == Lost("its worker died (exit code 3): last words")
    assert results["job"][0] == "job"  # type: ignore[index]


def test_workers_are_recycled(tmp_path: Path) -> None:
    run([f"job {n}" for n in range(10)], tmp_path, workers=1, recycle=4)
    assert len(list(tmp_path.glob("*.pid"))) == 3


def test_killed_while_idle(tmp_path: Path) -> None:
    results = run_jobs([f"job {n}" for n in range(6)], partial(actor, tmp_path), 2)
    found = []
    with closing(results):
        for job, result in results:
            found.append((job, isinstance(result, Lost)))
            if len(found) == 1:  # now both workers are idle or about to be given a job
                time.sleep(0.5)
                for pid in alive(tmp_path):
                    os.kill(pid, signal.SIGKILL)
                while alive(tmp_path):  # a dying worker can still be given a job
                    time.sleep(0.01)
    assert len({job for job, _ in found}) == 6
    assert sum(lost for _, lost in found) <= 1  # the one that was given with the first


def die_once(marker: Path) -> str:
    """What a job that was handed over becomes, if anything, before it is begun."""
    if not marker.exists():
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return f"job {marker.name}"


def die_always() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Deadly:
    """A job whose worker dies between being given it and beginning it."""

    def __init__(self, function: Callable[..., object], *arguments: object) -> None:
        self.made_by = function, arguments

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...]]:
        return self.made_by


def test_killed_between_given_and_begun(tmp_path: Path) -> None:
    make = partial(actor, tmp_path)
    deadly = Deadly(die_once, tmp_path / "marker")
    results = {job: result[0] for job, result in run_jobs([deadly, "job"], make, 1)}  # type: ignore
    assert results == {deadly: "job marker", "job": "job"}
    with pytest.raises(SignpipeError, match="die while they start.*SIGKILL"):
        list(run_jobs([Deadly(die_always)], make, 1))


def test_stops_are_clear(tmp_path: Path) -> None:
    with pytest.raises(SignpipeError, match="disk is full"):
        run(["job", "stop disk is full", "job 2"], tmp_path)
    with pytest.raises(SignpipeError, match="libgl1"):
        list(run_jobs(["job"], refusing, 1))
    with pytest.raises(SignpipeError, match="die while they start.*exit code 7"):
        list(run_jobs(["job"], stillborn, 2))
    assert alive(tmp_path) == []


def test_workers_end_with_the_iterator(tmp_path: Path) -> None:
    results = run_jobs(["job", "hang"], partial(actor, tmp_path), 2)
    next(results)
    assert alive(tmp_path)
    results.close()
    assert alive(tmp_path) == []


PARENT = """
import sys
sys.path[:] = {path!r}
from functools import partial
from pathlib import Path
from signpipe.extraction.pool import run_jobs
from test_pool import actor
for done in run_jobs(["hang 1", "hang 2"], partial(actor, Path({folder!r})), 2):
    pass
"""


@pytest.mark.parametrize("group", [False, True])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_workers_end_with_their_parent(tmp_path: Path, number: signal.Signals, group: bool) -> None:
    """A script without `if __name__ == "__main__"`, too."""
    script = tmp_path / "script.py"
    script.write_text(PARENT.format(path=sys.path, folder=str(tmp_path)))
    parent = subprocess.Popen([sys.executable, script], start_new_session=True, stderr=-3)
    try:
        limit = time.monotonic() + 60
        while len(alive(tmp_path)) < 2 and time.monotonic() < limit:
            time.sleep(0.1)
        assert len(alive(tmp_path)) == 2
        (os.killpg if group else os.kill)(parent.pid, number)
        parent.wait(timeout=2)
        limit = time.monotonic() + 3
        while alive(tmp_path) and time.monotonic() < limit:
            time.sleep(0.1)
        assert alive(tmp_path) == []
    finally:
        if parent.poll() is None:
            parent.kill()
            parent.wait()
