"""extract: videos to keypoint packs, by a pool of workers, in any number of runs."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from signpipe.cliptable import Clip, update_clips
from signpipe.errors import SignpipeError
from signpipe.landmarks.clip_worker import ClipJob, clip_worker, settings_fingerprint
from signpipe.landmarks.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.landmarks.pool import Lost, run_jobs
from signpipe.progress import track
from signpipe.settings import ExtractSettings
from signpipe.stages.clip_labels import MatchedLabels, match_labels
from signpipe.stages.extract_plan import WITHOUT_LANDMARKS, Plan, make_plan, sweep
from signpipe.video.read import VIDEO_SUFFIXES, FoundVideo, find_videos
from signpipe.workspace import Workspace

TABLE_SECONDS = 300.0  # between two updates of the clip table
RECYCLE = 300  # clips after which a worker is replaced


@dataclass(frozen=True)
class ExtractResult:
    """What a run found and did.

    `clips` counts the given videos, `statuses` their outcomes, `done_before` those that were
    finished already. `frames` and `seconds` are this run's, with `workers` processes. `labels`
    counts the given clips' labels as the clip table now has them ("" for none);
    `unmatched_labels` are the rows of the labels file that match no clip; `failures` the given
    clips without landmarks.
    """

    clips: int
    statuses: dict[str, int]
    done_before: int
    frames: int
    seconds: float
    workers: int
    labels: dict[str, int]
    unmatched_labels: tuple[str, ...]
    failures: tuple[Outcome, ...]


def run(
    workspace: Workspace,
    paths: Sequence[Path],
    settings: ExtractSettings = ExtractSettings(),
    *,
    labels: Path | None = None,
    folder_labels: bool = True,
    workers: int | None = None,
    timeout: float | None = 600,
    redo: bool = False,
    retry_failed: bool = False,
) -> ExtractResult:
    """Extract the landmarks of every video in `paths` (files and folders) that is not done yet.

    Labels come from the `labels` file, or else from each video's folder's name, or from neither.
    `workers` defaults to one a core; a clip that takes longer than `timeout` seconds fails. `redo`
    does finished clips again, `retry_failed` those that gave no landmarks. A clip that fails stops
    no other. Raises SignpipeError if nothing can be done or the workspace cannot be written, and
    KeyboardInterrupt on SIGINT and SIGTERM; what is finished by then is kept and counts.
    """
    started = time.monotonic()
    workers = workers or len(os.sched_getaffinity(0))
    found = find_videos(paths)
    if not found:
        raise SignpipeError(
            f"no video in {', '.join(map(str, paths)) or 'nothing'}; files that end in "
            f"{', '.join(sorted(VIDEO_SUFFIXES))} are taken for videos"
        )
    with _clear_write_errors(workspace), workspace.lock("extract"), _sigterm_interrupts():
        plan = make_plan(workspace, found, settings, redo=redo, retry_failed=retry_failed)
        done_before = len(plan.done)
        matched = _match(labels, plan, found) if labels else MatchedLabels({})
        folders = _folder_labels(plan, found) if folder_labels and not labels else {}
        table = partial(_update_table, workspace, plan, folders, matched)
        frames = 0
        try:
            frames = _extract(workspace, plan, settings, workers, timeout, table)
        except BaseException:
            # The table says what happened; the cause of the stop matters more than that it cannot.
            with suppress(OSError, SignpipeError):
                sweep(workspace)
                _catch_up(workspace, plan)
                table()
            raise
        clips = table()
    outcomes = plan.done.values()
    return ExtractResult(
        clips=len(found),
        statuses=dict(Counter(outcome.status for outcome in outcomes)),
        done_before=done_before,
        frames=frames,
        seconds=time.monotonic() - started,
        workers=min(workers, len(plan.jobs)),
        labels=dict(Counter(clips[outcome.clip_id].label for outcome in outcomes)),
        unmatched_labels=matched.unmatched,
        failures=tuple(o for o in outcomes if o.status in WITHOUT_LANDMARKS),
    )


def _extract(
    workspace: Workspace,
    plan: Plan,
    settings: ExtractSettings,
    workers: int,
    timeout: float | None,
    table: "partial[dict[str, Clip]]",
) -> int:
    """Do the plan's jobs and journal each; the number of frames that were read."""
    frames = 0
    results = run_jobs(
        plan.jobs, partial(clip_worker, settings), workers, timeout=timeout, recycle=RECYCLE
    )
    with track("extract", len(plan.jobs)) as tracker, closing(results):
        table_time = time.monotonic()
        for job, result in results:
            outcome = _lost(job, result, settings) if isinstance(result, Lost) else result
            append_outcomes(workspace.outcomes, [outcome])
            plan.done[job.clip_id] = plan.journal[job.clip_id] = outcome
            if not outcome.pack:  # of an earlier run, from a file or settings that are no more
                job.pack.unlink(missing_ok=True)
            frames += outcome.frames
            rate = frames / (time.monotonic() - tracker.started)
            tracker.advance(detail=f"{rate:.0f} frames/s")
            if time.monotonic() - table_time > TABLE_SECONDS:
                table()
                table_time = time.monotonic()
    return frames


def _catch_up(workspace: Workspace, plan: Plan) -> None:
    """A stop may fall between a clip's line in the journal and its place in the plan."""
    journal = read_outcomes(workspace.outcomes)
    for job in plan.jobs:
        outcome = journal.get(job.clip_id)
        if outcome is not None and outcome != plan.journal.get(job.clip_id):
            plan.done[job.clip_id] = plan.journal[job.clip_id] = outcome


def _lost(job: ClipJob, lost: Lost, settings: ExtractSettings) -> Outcome:
    outcome = Outcome(
        job.clip_id, job.source, "failed", lost.reason, settings=settings_fingerprint(settings)
    )
    with suppress(OSError):  # by these a later run sees that the file has changed
        status = os.stat(job.source)
        outcome = replace(outcome, size=status.st_size, mtime_ns=status.st_mtime_ns)
    return outcome


def _match(file: Path, plan: Plan, found: Sequence[FoundVideo]) -> MatchedLabels:
    names: dict[str, list[str]] = {}
    sources = {clip_id: outcome.source for clip_id, outcome in plan.journal.items()}
    for video in found:
        clip_id = plan.ids[str(video.path)]
        sources[clip_id] = str(video.path)
        names[clip_id] = [video.name]
    return match_labels(file, sources, names)


def _folder_labels(plan: Plan, found: Sequence[FoundVideo]) -> dict[str, str]:
    return {plan.ids[str(video.path)]: video.folder for video in found}


def _update_table(
    workspace: Workspace, plan: Plan, folders: dict[str, str], matched: MatchedLabels
) -> dict[str, Clip]:
    done = (clip_id for clip_id in plan.ids.values() if clip_id in plan.done)  # in paths' order
    rows = (plan.done[clip_id].clip(label=folders.get(clip_id, "")) for clip_id in done)
    return update_clips(workspace.clips, rows, matched.by_clip)


@contextmanager
def _clear_write_errors(workspace: Workspace) -> Iterator[None]:
    """Errors of the sources are outcomes; an OSError that gets here is the workspace's."""
    try:
        yield
    except OSError as error:
        raise SignpipeError(
            f"cannot write to the workspace {workspace.root}: {error.strerror or error}; make room "
            "or make it writable and run the same command again: what is finished is kept"
        ) from error


@contextmanager
def _sigterm_interrupts() -> Iterator[None]:
    """A polite kill ends a run as Ctrl-C does."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
