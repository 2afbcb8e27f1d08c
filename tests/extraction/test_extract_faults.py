"""Faults caused for real: signals, killed workers, a full disk, files that change meanwhile."""

import os
import resource
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import extract as stage
from signpipe.extraction.clip_worker import ClipJob, finish_clip
from signpipe.extraction.extract import run
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.extraction.plan import ExtractionPlan
from signpipe.extraction.pool import Lost
from signpipe.landmarks.holistic import Frames, Holistic
from signpipe.landmarks.pack import Landmarks, open_pack
from signpipe.workspace import Workspace

pytestmark = pytest.mark.slow

MakeClip = Callable[..., Path]
CLIPS, FRAMES = 12, 6
PROGRAM = """
import sys
sys.path[:] = {path!r}
from pathlib import Path
from signpipe.errors import SignpipeError
from signpipe.extraction.extract import run
from signpipe.workspace import Workspace
try:
    run(Workspace(Path({root!r})), [Path({videos!r})], workers=2, timeout={timeout!r})
except KeyboardInterrupt:
    sys.exit(130)
except SignpipeError as error:
    sys.exit(str(error))
"""


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory, make_clip: MakeClip) -> Path:
    folder = tmp_path_factory.mktemp("videos")
    for number in range(CLIPS):
        make_clip(folder / "sign" / f"{number:02d}.mp4", FRAMES, number)
    return folder


@pytest.fixture(scope="module")
def expected(videos: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """What a run without any fault makes."""
    workspace = Workspace(tmp_path_factory.mktemp("expected"))
    run(workspace, [videos], workers=2)
    return workspace


def start(
    workspace: Workspace, videos: Path, timeout: float | None = None, limit: int | None = None
) -> "subprocess.Popen[str]":
    def set_limit() -> None:
        if limit is not None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    program = PROGRAM.format(
        path=sys.path, root=str(workspace.root), videos=str(videos), timeout=timeout
    )
    return subprocess.Popen(
        [sys.executable, "-c", program],
        start_new_session=True,
        stderr=subprocess.PIPE,
        text=True,
        preexec_fn=set_limit,
    )


def wait_for(condition: Callable[[], object], seconds: float = 60) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.05)


def finished(workspace: Workspace) -> int:
    return len(read_outcomes(workspace.outcomes))


def workers_of(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text()
    return [int(child) for child in text.split()]


def running(pids: list[int]) -> list[int]:
    return [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def landmarks_of(workspace: Workspace) -> dict[str, Landmarks]:
    found = {}
    for clip_id, outcome in read_outcomes(workspace.outcomes).items():
        if outcome.pack:
            with open_pack(workspace.pack(outcome.pack)) as pack:
                found[clip_id] = pack.read(0)
    return found


def assert_whole(workspace: Workspace) -> None:
    """Every pack on disk can be read, and nothing half-written is left."""
    for path in workspace.keypoints.rglob("*.h5"):
        with open_pack(path) as pack:
            assert len(pack.read(0)) == FRAMES
    assert not [*workspace.root.rglob("*.part")]


def assert_resumes(workspace: Workspace, videos: Path, expected: Workspace) -> None:
    """The same command again does the rest only and ends as a run without a fault would."""
    before = {path: path.stat().st_mtime_ns for path in workspace.keypoints.rglob("*.h5")}
    result = run(workspace, [videos], workers=2)
    assert result.done_before == len(before)
    assert result.statuses == {"ok": CLIPS}
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert_whole(workspace)
    found, wanted = landmarks_of(workspace), landmarks_of(expected)
    assert found.keys() == wanted.keys()
    for clip_id in wanted:
        for part in ("pose", "left_hand", "right_hand", "times"):
            one, two = getattr(found[clip_id], part), getattr(wanted[clip_id], part)
            np.testing.assert_array_equal(one, two)
    assert read_clips(workspace.clips).keys() == read_clips(expected.clips).keys()


@pytest.mark.parametrize(
    ("number", "group"),
    [
        (signal.SIGINT, True),
        (signal.SIGINT, False),
        (signal.SIGTERM, False),
        (signal.SIGTERM, True),
    ],
)
def test_interrupted(
    tmp_path: Path, videos: Path, expected: Workspace, number: signal.Signals, group: bool
) -> None:
    workspace = Workspace(tmp_path / "workspace")
    parent = start(workspace, videos)
    wait_for(lambda: finished(workspace) >= 3)
    workers = workers_of(parent.pid)
    assert len(workers) == 2
    sent = time.monotonic()
    (os.killpg if group else os.kill)(parent.pid, number)
    assert parent.wait(timeout=10) == 130
    assert time.monotonic() - sent < 2
    assert not running(workers)
    assert_whole(workspace)
    outcomes = read_outcomes(workspace.outcomes)
    assert 3 <= len(outcomes) < CLIPS
    assert {outcome.status for outcome in outcomes.values()} == {"ok"}
    assert read_clips(workspace.clips).keys() == outcomes.keys()
    if number == signal.SIGINT and group:
        assert_resumes(workspace, videos, expected)


def test_stopped_between_journal_and_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The signal comes right after a clip's line is on disk."""
    for name in "abc":
        (tmp_path / f"{name}.mp4").touch()
    workspace = Workspace(tmp_path / "workspace")

    def append_and_stop(path: Path, outcomes: Iterable[Outcome]) -> None:
        append_outcomes(path, outcomes)
        if finished(workspace) == 2:
            os.kill(os.getpid(), signal.SIGTERM)

    monkeypatch.setattr(stage, "append_outcomes", append_and_stop)
    with pytest.raises(KeyboardInterrupt):
        run(workspace, [tmp_path], workers=1)
    assert finished(workspace) == 2
    assert read_clips(workspace.clips).keys() == read_outcomes(workspace.outcomes).keys()


def test_faults_in_the_middle_that_end_no_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A person saves a broken table; a pack's name is too long; the workers' own graph fails."""
    for name in "abc":
        (tmp_path / f"{name}.mp4").touch()
    workspace = Workspace(tmp_path / "workspace")

    def results(jobs: Iterable[ClipJob], *_: object, **__: object) -> Iterator[object]:
        for job in jobs:
            workspace.clips.write_text("no table\n1\n")
            given = Outcome(job.clip_id, job.source, "failed", "why", fallback="other numbers")
            yield replace(job, pack=job.pack.with_name("n" * 300)), given

    monkeypatch.setattr(stage, "run_jobs", results)
    monkeypatch.setattr(stage, "TABLE_SECONDS", -1.0)
    with pytest.raises(SignpipeError, match=r"clips\.csv"):
        run(workspace, [tmp_path], workers=1)
    assert finished(workspace) == 3
    (tmp_path / "d.mp4").touch()
    with pytest.raises(SignpipeError, match=r"clips\.csv"):  # there from the start
        run(workspace, [tmp_path], workers=1)
    assert finished(workspace) == 3
    said = capsys.readouterr().err
    assert said.count("mend it before the run ends") == said.count("other numbers") == 1


def test_parent_killed(tmp_path: Path, videos: Path, expected: Workspace) -> None:
    workspace = Workspace(tmp_path / "workspace")
    parent = start(workspace, videos)
    wait_for(lambda: finished(workspace) >= 3)
    workers = workers_of(parent.pid)
    parent.kill()
    parent.wait()
    wait_for(lambda: not running(workers), 3)
    assert_resumes(workspace, videos, expected)


def _has_gone_on(parent: "subprocess.Popen[str]", workspace: Workspace, clips: int) -> bool:
    return finished(workspace) > clips or parent.poll() is not None


def test_worker_killed(tmp_path: Path, videos: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    parent = start(workspace, videos)
    wait_for(lambda: finished(workspace) >= 2)
    killed = 0
    while parent.poll() is None and killed < 3:  # over and over
        before = finished(workspace)
        os.kill(workers_of(parent.pid)[0], signal.SIGKILL)
        killed += 1
        wait_for(partial(_has_gone_on, parent, workspace, before + 1))
    assert parent.wait(timeout=60) == 0
    clips = read_clips(workspace.clips)
    failed = [clip for clip in clips.values() if clip.status == "failed"]
    assert len(clips) == CLIPS and 1 <= len(failed) <= 3
    assert all("SIGKILL" in clip.reason for clip in failed)
    assert_whole(workspace)
    assert run(workspace, [videos], workers=1).done_before == CLIPS
    result = run(workspace, [videos], workers=2, retry_failed=True)
    assert result.done_before == CLIPS - len(failed) and result.statuses == {"ok": CLIPS}


def test_what_a_worker_was_writing_when_it_died_goes(
    tmp_path: Path, videos: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def dying(plan: ExtractionPlan, *_: object) -> Iterator[tuple[ClipJob, Lost]]:
        for job in plan.jobs:
            job.pack.parent.mkdir(parents=True, exist_ok=True)
            (job.pack.parent / ".0123456789abcdef.part").touch()
            yield job, Lost("its worker died (signal SIGKILL)")

    monkeypatch.setattr(stage, "_locally", dying)
    result = run(Workspace(tmp_path / "workspace"), [videos])
    assert result.statuses == {"failed": CLIPS}
    assert_whole(Workspace(tmp_path / "workspace"))


def test_hanging_clip(tmp_path: Path, make_clip: MakeClip) -> None:
    make_clip(tmp_path / "videos" / "a.mp4", 3)
    os.mkfifo(tmp_path / "videos" / "b.mp4")  # reading it never ends
    make_clip(tmp_path / "videos" / "c.mp4", 3)
    result = run(Workspace(tmp_path / "workspace"), [tmp_path / "videos"], workers=1, timeout=3)
    assert result.statuses == {"ok": 2, "failed": 1}
    assert result.failures[0].reason == "it took longer than 3 s and was stopped"


@pytest.mark.parametrize("limit", [20_000, 0])
def test_full_disk(tmp_path: Path, videos: Path, limit: int) -> None:
    """A pack of these clips takes some 24 kB; the system refuses to write beyond the limit."""
    workspace = Workspace(tmp_path / "workspace")
    parent = start(workspace, videos, limit=limit)
    _, text = parent.communicate(timeout=60)
    assert parent.returncode == 1
    assert "cannot write" in text and "File too large" in text and "Traceback" not in text
    assert_whole(workspace)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can mount a small file system")
def test_really_full_disk(tmp_path: Path, videos: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "tmpfs", str(small)]
    if subprocess.run(mount, capture_output=True).returncode:
        pytest.skip("this system does not let root mount")
    try:
        workspace = Workspace(small / "workspace")
        with pytest.raises(SignpipeError, match="no space is left on the disk"):
            run(workspace, [videos], workers=2)
        assert_whole(workspace)
        assert 1 <= finished(workspace) < CLIPS
    finally:
        subprocess.run(["umount", "-l", str(small)], check=True)


def test_workspace_that_cannot_be_written(tmp_path: Path, videos: Path) -> None:
    with pytest.raises(SignpipeError, match="cannot write to the workspace /proc/none"):
        run(Workspace(Path("/proc/none")), [videos])
    (tmp_path / "keypoints").write_text("a file in the folder's place")
    with pytest.raises(SignpipeError, match="cannot write"):
        run(Workspace(tmp_path), [videos], workers=1)


def test_two_at_once(tmp_path: Path, videos: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    parent = start(workspace, videos)
    wait_for(lambda: finished(workspace) >= 1)
    with pytest.raises(SignpipeError, match="another signpipe extract is writing"):
        run(workspace, [videos])
    os.kill(parent.pid, signal.SIGINT)
    assert parent.wait(timeout=10) == 130


class Meddling(Holistic):
    """Meddles with the file while its frames are read."""

    meddle: Callable[[], object]

    def landmarks(self, frames: Frames) -> Landmarks:
        def meddled() -> Iterator[tuple[float, np.ndarray]]:
            for number, frame in enumerate(frames):
                if number == 2:
                    self.meddle()
                yield frame

        return super().landmarks(meddled())


def vanish(path: Path) -> None:
    path.unlink()


def rewrite(path: Path) -> None:
    path.write_bytes(b"other")


def touch_by_copy(path: Path) -> None:
    shutil.copyfile(path, path.with_name("new"))
    os.replace(path.with_name("new"), path)


@pytest.mark.parametrize(
    ("meddle", "reason"),
    [
        (vanish, "the file vanished"),
        (rewrite, "the file changed while it was read"),
        (touch_by_copy, "the file changed while it was read"),
    ],
)
def test_file_that_vanishes_or_changes(
    tmp_path: Path, make_clip: MakeClip, meddle: Callable[[Path], object], reason: str
) -> None:
    path = make_clip(tmp_path / "a.mp4", 6)
    job = ClipJob("a", str(path), tmp_path / "a.h5")
    with Meddling() as holistic:
        holistic.meddle = lambda: meddle(path)
        outcome = finish_clip(job, holistic)
    assert (outcome.status, outcome.reason) == ("failed", reason)
    assert not job.pack.exists()


def test_file_that_vanishes_before(tmp_path: Path, make_clip: MakeClip) -> None:
    with Holistic() as holistic:
        outcome = finish_clip(ClipJob("a", str(tmp_path / "a.mp4"), tmp_path / "a.h5"), holistic)
    assert (outcome.status, outcome.reason) == ("failed", "the file vanished")
