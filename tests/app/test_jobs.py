"""Jobs: begun, watched, stopped, gone on with, and over when the server is."""

import os
import signal
import subprocess
import sys
import time

import pytest

from signpipe.app.jobs import STOPPED, Jobs
from signpipe.errors import SignpipeError
from signpipe.settings import FinetuneSettings, resolve
from signpipe.training import finetune
from signpipe.workspace import Workspace

SERVER = """
import sys, time
from signpipe.app.jobs import Jobs
from signpipe.workspace import Workspace

jobs = Jobs(Workspace(sys.argv[1]), lambda *_: [["extract", sys.argv[2], "--workers", "1"]])
jobs.start("extract")
while not jobs.shown()["progress"]:
    time.sleep(0.02)
print(jobs._process.pid, flush=True)
time.sleep(600)
"""


def wait(jobs, ready, seconds=60):
    limit = time.monotonic() + seconds
    while not ready(job := jobs.shown()):
        assert time.monotonic() < limit, job
        time.sleep(0.02)
    return job


def ended(job):
    return job["ended"] is not None


@pytest.fixture
def started(signs_workspace, small, monkeypatch):
    """A workspace whose fine-tuning was begun, with many epochs before it, and cut off."""

    def interrupt(*_, **__):
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(finetune, "fit", interrupt)
        settings = resolve(FinetuneSettings, changes={**small, "epochs": 400, "unlabelled": 0})
        with pytest.raises(KeyboardInterrupt):
            finetune.run(signs_workspace, settings, from_scratch=True, run="default")
    return signs_workspace


def test_a_job_is_stopped_and_gone_on_with(started):
    jobs = Jobs(started, lambda *_: [["finetune", "--from-scratch", "--run", "default"]])
    jobs.start("finetune")
    with pytest.raises(SignpipeError, match="is running"):
        jobs.start("extract")
    job = wait(jobs, lambda job: (job["progress"] or {}).get("done", 0) > 10 or ended(job))
    assert job["state"] == "running" and job["progress"]["total"] > 11
    assert job["commands"] == [f"signpipe finetune --from-scratch --run default -w {started.root}"]
    jobs.stop()
    job = wait(jobs, ended)
    assert job["state"] == STOPPED and "the same command goes on" in job["lines"][-1]
    epochs = (started.run("finetune", "default") / "metrics.csv").read_text().count("\n")
    jobs.start("finetune")
    job = wait(jobs, lambda job: (job["progress"] or {}).get("done", 0) > 10 or ended(job))
    assert job["number"] == 2
    jobs.close()
    assert jobs.shown()["state"] == STOPPED
    assert (started.run("finetune", "default") / "metrics.csv").read_text().count("\n") >= epochs


def test_a_job_ends_with_its_workers_when_the_server_is_killed(demo_clips, tmp_path):
    command = [sys.executable, "-c", SERVER, str(tmp_path / "w"), str(demo_clips)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        group = int(server.stdout.readline())
        os.killpg(group, 0)
        server.kill()
    assert server.returncode == -signal.SIGKILL
    limit = time.monotonic() + 60
    with pytest.raises(ProcessLookupError):
        while time.monotonic() < limit:
            os.killpg(group, 0)
            time.sleep(0.02)
    with Workspace(tmp_path / "w").lock("extract"):  # the next server's job finds it free
        pass
