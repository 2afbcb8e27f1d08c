"""One job at a time: ordinary commands in a process of their own, and what they say.

All windows see the same job. It is interrupted, as by Ctrl-C, when it is stopped or the server
ends; what is finished by then is kept, and the same job goes on.
"""

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import IO, Any

from signpipe.app.job_steps import Steps, as_typed, steps_of
from signpipe.errors import SignpipeError
from signpipe.workspace import Workspace

SOME_FAILED, INTERRUPTED = 1, 130  # exit codes of commands
LINES = 200  # of what a job has said
PATIENCE = 20.0  # seconds for what is in hand, when the server ends; then it is killed
RUNNING, STOPPING, DONE, STOPPED, FAILED = "running", "stopping", "done", "stopped", "failed"


@dataclass
class Job:
    """`commands` as a person would type them, of which the `step`-th runs; what it said last."""

    number: int
    kind: str
    commands: list[str]
    step: int = 0
    state: str = RUNNING
    progress: dict[str, Any] | None = None
    lines: deque[str] = field(default_factory=lambda: deque(maxlen=LINES))
    started: float = field(default_factory=time.time)
    ended: float | None = None

    def shown(self) -> dict[str, Any]:
        """For the browser."""
        return {**vars(self), "lines": list(self.lines)}


class Jobs:
    """The workspace's one job, the last one until another begins."""

    def __init__(
        self,
        workspace: Workspace,
        steps_of: Callable[[Workspace, str], Steps] = steps_of,
    ) -> None:
        self._workspace, self._steps_of = workspace, steps_of
        self._lock = threading.Lock()
        self._job: Job | None = None
        self._process: subprocess.Popen[str] | None = None
        self._thread: threading.Thread | None = None

    def shown(self) -> dict[str, Any] | None:
        """The job for the browser, None if there was none yet."""
        with self._lock:
            return None if self._job is None else self._job.shown()

    def start(self, kind: str) -> None:
        """Begin a job. Raises SignpipeError if one runs already, or there is nothing to do."""
        with self._lock:
            if self._job is not None and self._job.ended is None:
                raise SignpipeError(
                    f"“{self._job.kind}” is running. Wait until it has ended, or stop it first."
                )
            steps = self._steps_of(self._workspace, kind)
            number = 1 if self._job is None else self._job.number + 1
            job = Job(number, kind, [as_typed(self._workspace, step) for step in steps])
            self._job = job
            self._thread = threading.Thread(target=self._run, args=(job, steps), daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Interrupt the job, if one runs; it ends by itself when what is in hand is done."""
        with self._lock:
            if self._job is not None and self._job.ended is None:
                self._job.state = STOPPING
                if self._process is not None:
                    self._process.send_signal(signal.SIGINT)

    def close(self) -> None:
        """Interrupt the job and wait for its end."""
        self.stop()
        if self._thread is None:
            return
        self._thread.join(PATIENCE)
        if self._thread.is_alive():
            with self._lock, suppress(ProcessLookupError):
                if self._process is not None:
                    self._process.kill()
            self._thread.join()

    def _run(self, job: Job, steps: Steps) -> None:
        state = DONE
        try:
            for number, step in enumerate(steps):
                code = self._run_step(job, number, step)
                if code not in (0, SOME_FAILED):
                    state = STOPPED if code in (None, INTERRUPTED) else FAILED
                    break
        except OSError as error:
            job.lines.append(f"it cannot be started: {error.strerror or error}")
            state = FAILED
        with self._lock:
            job.state = STOPPED if job.state == STOPPING and state != DONE else state
            job.progress, job.ended = None, time.time()

    def _run_step(self, job: Job, number: int, step: list[str]) -> int | None:
        """Run one command to its end; its exit code, None if it was stopped before it began."""
        with self._lock:
            if job.state == STOPPING:
                return None
            job.step, job.progress = number, None
            self._process = process = self._child(step)
        # Its stdin stays open: it ends when this process does.
        assert process.stdout is not None and process.stdin is not None
        with process.stdin, process.stdout:
            self._listen(job, process.stdout)
            code = process.wait()
        with self._lock:
            self._process = None
        return code

    def _child(self, step: list[str]) -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, "-m", "signpipe.app.job_child", *step]
            + ["-w", str(self._workspace.root)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            encoding="utf-8",
            errors="backslashreplace",
            start_new_session=True,  # a terminal's Ctrl-C is the server's, which passes it on
            env={
                **os.environ,
                "SIGNPIPE_PROGRESS": "json",
                "PYTHONUNBUFFERED": "1",
                "COLUMNS": "100",
            },
        )

    def _listen(self, job: Job, said: IO[str]) -> None:
        for line in said:
            progress = _progress(line)
            with self._lock:
                if progress is not None:
                    job.progress = progress
                elif line.strip():
                    job.lines.append(line.rstrip())


def _progress(line: str) -> dict[str, Any] | None:
    if not line.startswith('{"progress"'):
        return None
    with suppress(ValueError):
        value = json.loads(line)
        return value if isinstance(value, dict) else None
    return None
