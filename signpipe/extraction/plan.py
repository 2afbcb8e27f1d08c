"""Which clips extract has still to do: one look at each source, at the packs and at the journal."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.clip_worker import ClipJob, settings_fingerprint
from signpipe.extraction.ids import name_clips
from signpipe.extraction.outcomes import (
    Outcome,
    append_outcomes,
    read_outcomes,
    with_landmarks,
)
from signpipe.extraction.shards import Shard
from signpipe.landmarks.pack import open_pack
from signpipe.progress import track
from signpipe.settings import ExtractSettings
from signpipe.video.read import FoundVideo
from signpipe.workspace import (
    TAKES,
    TEMPORARY,
    Workspace,
    differences,
    parse_json,
    read_record,
    sha256_of_file,
    sha256_of_version,
    write_record,
)

WITHOUT_LANDMARKS = ("failed", "empty", "unreadable")


@dataclass
class ExtractionPlan:
    """`ids` holds the clip id of every given video by its key, `jobs` what is to be done.

    `done` are the outcomes of the given videos that stand; `journal` all known ones. Of a shard,
    `jobs` and `done` are its own, `ids` and `journal` also the others'.
    """

    ids: dict[str, str]
    journal: dict[str, Outcome]
    jobs: list[ClipJob] = field(default_factory=list)
    done: dict[str, Outcome] = field(default_factory=dict)


def make_plan(
    workspace: Workspace,
    found: Sequence[FoundVideo],
    settings: ExtractSettings,
    *,
    shard: Shard | None = None,
    redo: bool = False,
    retry_failed: bool = False,
) -> ExtractionPlan:
    """Decide for every video of the shard whether it is done. Call it while holding the workspace.

    A pack that a killed run left without a journal line is taken over; what has changed in the
    journal thereby is appended to it. Raises SignpipeError if the workspace was made with other
    settings or has something else under an id that a video was given, OSError if it cannot be
    written.
    """
    journal = read_outcomes(workspace.outcomes)
    packs = find_packs(workspace, delete_temporaries=shard is None)
    with track("look for moved videos", len(found), "videos") as tracker:

        def is_moved(video: FoundVideo, outcome: Outcome) -> bool:
            tracker.advance()
            return _is_moved(video, outcome)

        plan = ExtractionPlan(name_clips(found, journal, is_moved), journal)
    _check_given_ids(workspace, found, journal, redo)
    _check_settings(workspace, settings, plan, redo)
    fingerprint = settings_fingerprint(settings)
    news = []
    for video in _tracked(found):
        source = str(video.path)
        clip_id = plan.ids[video.key]
        if shard is not None and not shard.has(clip_id):
            continue
        outcome = None
        if not redo:
            known = journal.get(clip_id)
            same = (fingerprint, video.segment)
            if known is not None and (known.settings, known.segment) == same:
                outcome = _still_true(known, source, packs, retry_failed)
            if known is None and clip_id in packs:
                outcome = _adopt(workspace, clip_id, video, settings)
            if outcome is not None and outcome != known:
                news.append(outcome)
        if outcome is None:
            plan.jobs.append(ClipJob(clip_id, source, workspace.pack(clip_id), video.segment))
        else:
            plan.done[clip_id] = journal[clip_id] = outcome
    append_outcomes(journal_of(workspace, shard), news)
    return plan


def _tracked(found: Sequence[FoundVideo]) -> Iterator[FoundVideo]:
    """With progress: files whose times have changed are read to see whether they have."""
    with track("look for changed videos", len(found), "videos") as tracker:
        for video in found:
            yield video
            tracker.advance()


def journal_of(workspace: Workspace, shard: Shard | None) -> Path:
    """The journal that a run writes: two machines cannot append to one file safely."""
    return workspace.outcomes if shard is None else shard.journal(workspace)


def find_packs(workspace: Workspace, *, delete_temporaries: bool) -> set[str]:
    """Names of all packs on disk.

    What killed writers left half-written can be deleted on the way; a shard must not, for it looks
    like what others are writing now.
    """
    packs, temporaries = set(), []
    root = str(workspace.keypoints)
    for folder, _, files in os.walk(root):
        prefix = "" if folder == root else os.path.relpath(folder, root) + "/"
        for name in files:
            if name.endswith(".h5"):
                packs.add(prefix + name.removesuffix(".h5"))
            elif name.startswith(".") and name.endswith(TEMPORARY):
                temporaries.append(Path(folder, name))
    if delete_temporaries and temporaries:
        with workspace.lock(TAKES, wait=True):  # a take that was being written is whole by then
            for path in temporaries:
                path.unlink(missing_ok=True)
    return packs


def _check_given_ids(
    workspace: Workspace, found: Sequence[FoundVideo], journal: dict[str, Outcome], redo: bool
) -> None:
    imported = {outcome.pack for outcome in journal.values() if not outcome.settings}
    for video in found:
        known = journal.get(video.clip_id)
        if not video.clip_id or (known is None and video.clip_id not in imported):
            continue
        extracted = known is not None and bool(known.settings)
        if known is None or not extracted or not (redo or _is_from(video, known)):
            raise SignpipeError(
                f"{video.path} would replace clip {video.clip_id!r} of {workspace.root}, which is "
                f"from {known.source if known else 'an imported pack'}; use another workspace"
                + (", or --redo to replace it" if extracted else "")
            )


def _is_from(video: FoundVideo, outcome: Outcome) -> bool:
    """Whether the outcome's file is the video, may be it, or can no longer be asked for."""
    if outcome.source == str(video.path) or not os.path.exists(outcome.source):
        return True
    try:
        status = os.stat(video.path)
        known = sha256_of_version(video.path, status.st_size, status.st_mtime_ns)
        return known == outcome.sha256
    except OSError:
        return True  # the worker will say what is wrong with it


def _check_settings(
    workspace: Workspace, settings: ExtractSettings, plan: ExtractionPlan, redo: bool
) -> None:
    record = read_record(workspace.keypoints)
    now = settings.model_dump(mode="json")
    changed = differences(record["settings"], now) if record is not None else []
    if changed and not redo:
        raise SignpipeError(
            f"the keypoints in {workspace.root} were extracted with other settings "
            f"({', '.join(changed)}); give the same settings, or --redo to extract all again, "
            "or use another workspace"
        )
    if changed:
        extracted = [o for o in plan.journal.values() if o.settings and o.pack]
        given = {*plan.ids.values()}
        others = [o for o in extracted if o.clip_id not in given]
        if others:
            raise SignpipeError(
                f"{len(others)} clips in {workspace.root} (such as {others[0].clip_id}) were "
                f"extracted with other settings ({', '.join(changed)}) and are not among the given "
                "videos; give these too, or use another workspace"
            )
    if record is None or changed:
        write_record(workspace.keypoints, now, inputs={})


def _still_true(
    outcome: Outcome, source: str, packs: set[str], retry_failed: bool
) -> Outcome | None:
    """The outcome as it holds for the file as it is now, or None if the clip is to be done."""
    if outcome.pack and outcome.pack not in packs:
        return None
    if retry_failed and outcome.status in WITHOUT_LANDMARKS:
        return None
    try:
        status = os.stat(source)
        now = source, status.st_size, status.st_mtime_ns
        if now == (outcome.source, outcome.size, outcome.mtime_ns):
            return outcome
        if sha256_of_version(Path(source), now[1], now[2]) != outcome.sha256:
            return None
        return replace(outcome, source=source, size=now[1], mtime_ns=now[2])
    except OSError:
        return None  # the worker will say what is wrong with it


def _is_moved(video: FoundVideo, outcome: Outcome) -> bool:
    try:
        return (
            bool(outcome.settings)
            and outcome.segment == video.segment
            and not os.path.exists(outcome.source)
            and (status := os.stat(video.path)).st_size == outcome.size
            and sha256_of_version(video.path, status.st_size, status.st_mtime_ns) == outcome.sha256
        )
    except OSError:
        return False


def _adopt(
    workspace: Workspace, clip_id: str, video: FoundVideo, settings: ExtractSettings
) -> Outcome | None:
    """The outcome of a pack that has none, if it was made from this file with these settings."""
    source = str(video.path)
    try:
        with open_pack(workspace.pack(clip_id)) as pack:
            made = pack.attributes
            status = os.stat(source)
            if (
                pack.clip_ids != [clip_id]
                or made.get("source_size") != status.st_size
                or made.get("segment", "") != video.segment
                or parse_json(made["settings"]) != settings.model_dump(mode="json")
                or made["source_sha256"] != sha256_of_file(Path(source))
            ):
                return None
            landmarks = pack.read(0)
        outcome = Outcome(
            clip_id,
            source,
            made["status"],
            made["reason"],
            clip_id,
            fps=float(made["fps"]) if "fps" in made else None,
            width=int(made["width"]),
            height=int(made["height"]),
            size=status.st_size,
            mtime_ns=status.st_mtime_ns,
            sha256=made["source_sha256"],
            settings=settings_fingerprint(settings),
            segment=video.segment,
        )
        return with_landmarks(outcome, landmarks)
    except (SignpipeError, OSError, KeyError, ValueError, TypeError, OverflowError):
        return None
