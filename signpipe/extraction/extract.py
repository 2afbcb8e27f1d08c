"""extract: videos to keypoint packs, by workers here or on a cluster, in any number of runs."""

import os
import signal
import threading
import time
from collections import Counter
from collections.abc import Generator, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from types import FrameType
from typing import NoReturn

from signpipe.cliptable import Clip, Label, read_clips, read_labels
from signpipe.datasets.elan import ElanTiers, as_arguments
from signpipe.errors import SignpipeError
from signpipe.extraction import layouts
from signpipe.extraction.clip_worker import (
    CLIPS_OWN_ERRORS,
    ClipJob,
    clip_worker,
    settings_fingerprint,
    shared_clip_worker,
)
from signpipe.extraction.cluster import run_jobs_on_cluster
from signpipe.extraction.dataset_videos import DatasetSummary, dataset_videos
from signpipe.extraction.forgotten import update_table
from signpipe.extraction.labels import match_labels, tell_file, tell_matched
from signpipe.extraction.layouts import Layout, Place, relabelled, tell_folder_labels
from signpipe.extraction.outcomes import Outcome, append_outcomes, read_outcomes
from signpipe.extraction.plan import (
    WITHOUT_LANDMARKS,
    ExtractionPlan,
    find_packs,
    journal_of,
    make_plan,
)
from signpipe.extraction.pool import Lost, run_jobs
from signpipe.extraction.requests import ExtractRequest, absolute, add_request
from signpipe.extraction.shards import Shard, hold
from signpipe.extraction.shared_folder import share
from signpipe.progress import note, track
from signpipe.settings import ExtractSettings, as_options
from signpipe.video.read import VIDEO_SUFFIXES, FoundVideo, find_videos
from signpipe.workspace import Workspace, as_paths, uncollected

TABLE_SECONDS = 300.0  # between two updates of the clip table
RECYCLE = 300  # clips after which a worker is replaced
Results = Generator[tuple[ClipJob, Outcome | Lost], None, None]


@dataclass(frozen=True)
class ExtractResult:
    """What a run found and did.

    `clips` counts the given videos (of the shard, if it was one), `statuses` their outcomes,
    `done_before` those that were finished already. `frames` and `seconds` are this run's, with
    `workers` processes of its own (none on a cluster). `labels` counts the given clips' labels as
    the clip table now has them ("" for none); `unmatched_labels` are the rows of the labels file
    that match no clip; `failures` the given clips without landmarks; `left` counts the clips that
    other shards have still to do, None where old outcomes do not tell; `left_out` counts the given
    clips that a person has left out of the clip table; `dataset` is what there is
    to say of the data set.
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
    left: int | None = 0
    left_out: int = 0
    dataset: DatasetSummary | None = None


def run(
    workspace: Workspace,
    paths: Path | str | Sequence[Path | str],
    settings: ExtractSettings = ExtractSettings(),
    *,
    dataset: str | None = None,
    elan: ElanTiers | None = None,
    labels: Path | str | None = None,
    folder_labels: bool = True,
    layout: Layout | None = None,
    workers: int | None = None,
    scheduler: str | None = None,
    shard: Shard | None = None,
    timeout: float | None = 600,
    redo: bool = False,
    retry_failed: bool = False,
) -> ExtractResult:
    """Extract the landmarks of every video in `paths` (files and folders) that is not done yet.

    With the name of a `dataset` known to `signpipe.datasets`, the one path is its folder, and its
    annotations say which files, or which segments of them, are clips, and their labels, signers and
    splits; of the data set `elan`, `elan` says which tiers. Else labels come from the `labels`
    file, or from the names of the folders each video lies in, or from neither; what they come to is
    said before the work. A `layout` says what the folders are, and is also true of clips that are
    known, unless a person has changed their labels; without one the innermost is the sign.

    `workers` defaults to one a core; with the address of a Dask `scheduler` its workers do the
    work, and see the same folders. Of a `shard` only its own clips are done; all shards, each with
    the same paths, may run at the same time on machines that see the same folders.

    A clip that takes longer than `timeout` seconds fails. `redo` does finished clips again,
    `retry_failed` those that gave no landmarks. A clip that fails stops no other. Raises
    SignpipeError if nothing can be done or the workspace cannot be written, and KeyboardInterrupt
    on SIGINT and SIGTERM; what is finished by then is kept and counts.
    """
    started = time.monotonic()
    paths, labels = as_paths(paths), Path(labels) if labels is not None else None
    if scheduler is None:
        workers = workers or len(os.sched_getaffinity(0))
    elif workers is None:
        workers, workspace = 0, Workspace(workspace.root.absolute())
    else:
        raise SignpipeError("a Dask cluster has its own workers; leave out --workers")
    if dataset is not None and (len(paths) != 1 or labels):
        raise SignpipeError(
            "--dataset takes one folder, and its labels from its own annotations; give no other "
            "path and no --labels"
        )
    if elan is not None and dataset is None:
        raise SignpipeError("--tier and the like go with --dataset elan")
    if layout and (dataset or labels or not folder_labels):
        raise SignpipeError(
            "--layout says what folders are, and goes with no --labels, --no-labels or --dataset"
        )
    if labels:
        tell_file(labels, read_labels(labels))  # what is wrong with it is said before the work
    annotated = dataset_videos(dataset, paths[0], elan) if dataset is not None else None
    found = annotated.found if annotated is not None else find_videos(paths)
    if not found:
        raise SignpipeError(
            f"no video in {', '.join(map(str, paths)) or 'nothing'}; files that end in "
            f"{', '.join(sorted(VIDEO_SUFFIXES))} are taken for videos"
        )
    with _clear_write_errors(workspace), hold(workspace, shard), _sigterm_interrupts():
        with uncollected():
            read_clips(workspace.clips)  # what is wrong with it is said before hours of work
            plan = make_plan(
                workspace, found, settings, shard=shard, redo=redo, retry_failed=retry_failed
            )
            if annotated is not None:
                known = GivenLabels(annotated.labels)
            else:
                known = _given_labels(workspace, plan, found, labels, layout, folder_labels)
            options = _options(settings, dataset, labels, layout, folder_labels)
            options += as_arguments(elan)
            request = ExtractRequest(absolute(paths), options, tuple(plan.ids.values()))
            add_request(workspace, request, plan.journal)
        done_before = len(plan.done)
        if scheduler is None:
            results = _locally(plan, settings, workers, timeout)
        else:
            results = _on_cluster(workspace, plan, settings, scheduler, timeout)
        table = partial(_update_table, workspace, plan, known)
        frames = 0
        try:
            frames = _extract(journal_of(workspace, shard), plan, settings, results, table)
            if shard is None and any(one.status == "failed" for one in plan.done.values()):
                find_packs(workspace, delete_temporaries=True)  # of workers that died
        except BaseException:
            # The table says what happened; the cause of the stop matters more than that it cannot.
            with suppress(OSError, SignpipeError):
                find_packs(workspace, delete_temporaries=shard is None)
                _catch_up(workspace, plan)
                table()
            raise
        clips = table()
        left = _left(workspace, plan, redo or retry_failed) if shard else 0
        summary = annotated.summary(workspace) if annotated is not None else None
    outcomes = plan.done.values()
    return ExtractResult(
        clips=len(outcomes),
        statuses=dict(Counter(outcome.status for outcome in outcomes)),
        done_before=done_before,
        frames=frames,
        seconds=time.monotonic() - started,
        workers=min(workers, len(plan.jobs)),
        labels=dict(Counter(clips[o.clip_id].label for o in outcomes if o.clip_id in clips)),
        unmatched_labels=known.unmatched,
        failures=tuple(o for o in outcomes if o.status in WITHOUT_LANDMARKS),
        left=left,
        left_out=sum(outcome.clip_id not in clips for outcome in outcomes),
        dataset=summary,
    )


def _options(
    settings: ExtractSettings,
    dataset: str | None,
    labels: Path | None,
    layout: Layout | None,
    folder_labels: bool,
) -> tuple[str, ...]:
    """Those of the command that this run was asked for with, as far as they decide what is made."""
    options = as_options(settings, ExtractSettings())
    options += ["--dataset", dataset] if dataset else []
    options += ["--labels", *absolute([labels])] if labels else []
    options += ["--layout", layout] if layout else []
    options += [] if folder_labels else ["--no-labels"]
    return tuple(options)


def _locally(
    plan: ExtractionPlan, settings: ExtractSettings, workers: int, timeout: float | None
) -> Results:
    make = partial(clip_worker, settings)
    return run_jobs(plan.jobs, make, workers, timeout=timeout, recycle=RECYCLE)


def _on_cluster(
    workspace: Workspace,
    plan: ExtractionPlan,
    settings: ExtractSettings,
    scheduler: str,
    timeout: float | None,
) -> Results:
    with share(workspace.keypoints, [job.source for job in plan.jobs]) as folder:
        make = partial(shared_clip_worker, settings, folder)
        yield from run_jobs_on_cluster(plan.jobs, make, scheduler, timeout=timeout, recycle=RECYCLE)


def _extract(
    journal: Path,
    plan: ExtractionPlan,
    settings: ExtractSettings,
    results: Results,
    table: "partial[dict[str, Clip]]",
) -> int:
    """Journal each of the results as it comes; the number of frames that were read."""
    frames = 0
    told: set[str] = set()
    with track("extract", len(plan.jobs)) as tracker, closing(results):
        table_time = time.monotonic()
        for job, result in results:
            outcome = _lost(job, result, settings) if isinstance(result, Lost) else result
            append_outcomes(journal, [outcome])
            plan.done[job.clip_id] = plan.journal[job.clip_id] = outcome
            if not outcome.pack:  # of an earlier run, from a file or settings that are no more
                _remove(job.pack)
            if outcome.fallback:
                _tell(f"the slower whole pose model is used: {outcome.fallback}", told)
            frames += outcome.frames
            rate = frames / (time.monotonic() - tracker.started)
            tracker.advance(detail=f"{rate:.0f} frames/s")
            if time.monotonic() - table_time > TABLE_SECONDS:
                try:
                    table()
                except SignpipeError as error:  # a person may be in the middle of editing it
                    _tell(f"{error}; mend it before the run ends", told)
                table_time = time.monotonic()
    return frames


def _remove(pack: Path) -> None:
    try:
        pack.unlink(missing_ok=True)
    except OSError as error:
        if error.errno not in CLIPS_OWN_ERRORS:  # with these there never was a pack
            raise


def _tell(text: str, told: set[str]) -> None:
    """Say a thing once a run."""
    if text not in told:
        told.add(text)
        note(text)


def _catch_up(workspace: Workspace, plan: ExtractionPlan) -> None:
    """A stop may fall between a clip's line in the journal and its place in the plan."""
    journal = read_outcomes(workspace.outcomes)
    for job in plan.jobs:
        outcome = journal.get(job.clip_id)
        if outcome is not None and outcome != plan.journal.get(job.clip_id):
            plan.done[job.clip_id] = plan.journal[job.clip_id] = outcome


def _left(workspace: Workspace, plan: ExtractionPlan, again: bool) -> int | None:
    """How many of the given clips nobody has done yet; None if they are done again."""
    if again:
        return None
    return len({*plan.ids.values()} - read_outcomes(workspace.outcomes).keys())


def _lost(job: ClipJob, lost: Lost, settings: ExtractSettings) -> Outcome:
    outcome = Outcome(
        job.clip_id,
        job.source,
        "failed",
        lost.reason,
        settings=settings_fingerprint(settings),
        segment=job.segment,
    )
    with suppress(OSError):  # by these a later run sees that the file has changed
        status = os.stat(job.source)
        outcome = replace(outcome, size=status.st_size, mtime_ns=status.st_mtime_ns)
    return outcome


@dataclass(frozen=True)
class GivenLabels:
    """By clip id: `new` are for clips that the table has never had, `changed` for known ones, too.

    `unmatched` names the rows of a labels file that are of no clip.
    """

    new: dict[str, Label]
    changed: dict[str, Label] = field(default_factory=dict)
    unmatched: tuple[str, ...] = ()


def _given_labels(
    workspace: Workspace,
    plan: ExtractionPlan,
    found: Sequence[FoundVideo],
    file: Path | None,
    layout: Layout | None,
    folder_labels: bool,
) -> GivenLabels:
    """Raises SignpipeError if the labels file is no good, or none of its rows is of a clip."""
    places = {plan.ids[video.key]: Place(video.path, video.name) for video in found}
    if file:
        sources = {clip_id: outcome.source for clip_id, outcome in plan.journal.items()}
        sources |= {clip_id: str(place.path) for clip_id, place in places.items()}
        matched = match_labels(file, sources, {i: [place.name] for i, place in places.items()})
        tell_matched(file, matched, places)
        return GivenLabels({}, matched.by_clip, matched.unmatched)
    if not folder_labels:
        return GivenLabels({})
    if layout or plan.jobs:
        tell_folder_labels(places, layout)
    new = layouts.folder_labels(places, layout or "sign")
    changed = relabelled(places, layout, read_clips(workspace.clips)) if layout else {}
    return GivenLabels(new, changed)


def _update_table(
    workspace: Workspace, plan: ExtractionPlan, known: GivenLabels
) -> dict[str, Clip]:
    done = (clip_id for clip_id in plan.ids.values() if clip_id in plan.done)  # in paths' order
    none = Label("")
    filled = ((plan.done[clip_id], known.new.get(clip_id, none)) for clip_id in done)
    rows = (o.clip(g.label or "", g.signer or "", g.split or "") for o, g in filled)
    with workspace.lock("table", wait=True), uncollected():  # other shards update it, too
        return update_table(workspace, rows, known.changed)


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
