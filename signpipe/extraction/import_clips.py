"""Foreign clips (.pose, numpy, parquet) into the workspace, many in a pack.

A folder's clips go into packs `keypoints/<folder>-0001.h5` and so on, of up to 1,000 clips each. A
clip is known by its source file, so that a second run reads only what is new or has changed.
"""

import hashlib
import itertools
import os
from collections.abc import Generator, Iterable, Mapping, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass, field, replace
from functools import partial

from signpipe.extraction.ids import safe
from signpipe.extraction.limited import limited, seconds_for
from signpipe.extraction.outcomes import Outcome, append_outcomes, printable, with_landmarks
from signpipe.extraction.pool import Lost, run_jobs
from signpipe.landmarks.formats.foreign import ForeignClip, UnreadableClip, judge, stamp
from signpipe.landmarks.pack import Landmarks, write_pack
from signpipe.progress import Tracker
from signpipe.workspace import Workspace

Job = tuple[str, ForeignClip]  # a clip's id, and where it lies
READ = 10_000  # clips after which the child that reads them is replaced
CLIPS, FRAMES = 1_000, 50_000  # most in a pack; the latter are some 50 MB before compression


@dataclass
class Chunk:
    """Clips that wait to be written as one pack, and outcomes of clips without landmarks."""

    collection: str
    landmarks: dict[str, Landmarks] = field(default_factory=dict)
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    frames: int = 0

    def has_room(self, collection: str, landmarks: Landmarks | None) -> bool:
        """Whether a clip can join: of the same folder, and with times if the others have them."""
        first = next(iter(self.landmarks.values()), None)
        alike = (
            first is None or landmarks is None or (first.times is None) == (landmarks.times is None)
        )
        small = len(self.outcomes) < CLIPS and self.frames < FRAMES
        return alike and small and collection == self.collection

    def add(self, outcome: Outcome, landmarks: Landmarks | None) -> None:
        """Take a clip in; a stop in the middle leaves one that the journal does not mention."""
        if landmarks is not None:
            self.landmarks[outcome.clip_id] = landmarks
            self.frames += len(landmarks)
        self.outcomes[outcome.clip_id] = outcome


def name_clips(clips: Iterable[ForeignClip], journal: Mapping[str, Outcome]) -> dict[str, str]:
    """Clip id by source path. A source in the journal keeps its id, also where it was moved.

    Clips that would share an id, with each other or with one that is there, get a hash of their
    path.
    """
    own = {clip_id: o for clip_id, o in journal.items() if o.mtime_ns and not o.settings}
    named = {outcome.source: clip_id for clip_id, outcome in own.items()}
    ids: dict[str, str] = {}
    taken = {*journal, *(outcome.pack for outcome in journal.values())}
    for clip in clips:
        source = str(clip.path)
        clip_id = named.get(source) or safe(clip.name)
        if source not in named and clip_id in taken and not _was_moved(own.get(clip_id), clip):
            clip_id += (
                "-" + hashlib.sha256(source.encode("utf-8", "surrogateescape")).hexdigest()[:8]
            )
        ids[source] = clip_id
        own.pop(clip_id, None)
        taken.add(clip_id)
    return ids


def _was_moved(known: Outcome | None, clip: ForeignClip) -> bool:
    with suppress(OSError):
        gone = known is not None and not os.path.exists(known.source)
        return known is not None and gone and stamp(clip.path)[0] == known.size
    return False


def import_clips(
    workspace: Workspace,
    clips: Mapping[str, ForeignClip],
    journal: dict[str, Outcome],
    tracker: Tracker,
) -> int:
    """Read every clip that is not done; brings `journal` and the one on disk up to date.

    `clips` are by clip id. Returns how many were done before. A clip that cannot be read gets an
    outcome that says why and stops no other. Raises SignpipeError if an optional library is
    missing, OSError if the workspace cannot be written; what is finished by then is kept.
    """
    todo = [(i, c) for i, c in clips.items() if not _is_done(workspace, journal.get(i), c)]
    before = len(clips) - len(todo)
    tracker.advance(before)
    chunk = Chunk("")
    try:
        with closing(_read_all(todo)) as results:
            for clip, outcome, landmarks in results:
                known = journal.get(outcome.clip_id)
                if known is not None and _is_unchanged(workspace, known, outcome):
                    source = outcome.source, outcome.size, outcome.mtime_ns
                    outcome, landmarks = _from(known, *source), None
                if not chunk.has_room(clip.collection, landmarks):
                    _write(workspace, chunk, journal)
                    chunk = Chunk(clip.collection)
                chunk.add(outcome, landmarks)
                tracker.advance()
    except BaseException:
        # The cause of the stop matters more than that what is in hand cannot be written either.
        with suppress(OSError):
            _write(workspace, chunk, journal)
        raise
    _write(workspace, chunk, journal)
    return before


def _read_all(
    jobs: Sequence[Job],
) -> Generator[tuple[ForeignClip, Outcome, Landmarks | None], None, None]:
    """Every clip with what became of it, in their order, read by a child with limits."""
    limit = seconds_for(max((_size(clip) for _, clip in jobs), default=0))
    with closing(run_jobs(jobs, partial(limited, _read), 1, timeout=limit, recycle=READ)) as done:
        for (clip_id, clip), result in done:
            if isinstance(result, Lost):
                lost = Outcome(clip_id, str(clip.path), "failed", f"reading it: {result.reason}")
                with suppress(OSError):
                    lost = _from(lost, lost.source, *stamp(clip.path))
                result = lost, None
            yield clip, *result


def _size(clip: ForeignClip) -> int:
    with suppress(OSError):
        return stamp(clip.path)[0]
    return 0


def _is_done(workspace: Workspace, known: Outcome | None, clip: ForeignClip) -> bool:
    if known is None:
        return False
    with suppress(OSError):
        same = (known.source, known.size, known.mtime_ns) == (str(clip.path), *stamp(clip.path))
        there = not known.pack or workspace.pack(known.pack).exists()
        return same and there and known.status != "failed"
    return False


def _is_unchanged(workspace: Workspace, known: Outcome, outcome: Outcome) -> bool:
    """Whether a file that was touched or moved holds what its clip was made from."""
    same = outcome.sha256 != "" and known.sha256 == outcome.sha256
    return same and known.pack != "" and workspace.pack(known.pack).exists()


def _from(known: Outcome, source: str, size: int, mtime_ns: int) -> Outcome:
    return replace(known, source=source, size=size, mtime_ns=mtime_ns)


def _read(job: Job) -> tuple[Outcome, Landmarks | None]:
    clip_id, clip = job
    outcome = Outcome(clip_id, str(clip.path), "failed")
    try:
        size, mtime_ns = stamp(clip.path)
        outcome = _from(outcome, outcome.source, size, mtime_ns)
        recording = clip.read(clip.path)
    except UnreadableClip as error:
        return replace(outcome, status="unreadable", reason=str(error)), None
    except OSError as error:
        reason = f"it cannot be read: {error.strerror or error}"
        return replace(outcome, reason=reason), None
    status, reason = judge(recording.landmarks)
    outcome = replace(outcome, status=status, reason=reason, sha256=recording.sha256)
    if not len(recording.landmarks):
        return outcome, None
    outcome = replace(outcome, fps=recording.fps, width=recording.width, height=recording.height)
    return with_landmarks(outcome, recording.landmarks), recording.landmarks


def _write(workspace: Workspace, chunk: Chunk, journal: dict[str, Outcome]) -> None:
    """Write a chunk's pack and its lines of the journal, once."""
    if not chunk.outcomes:
        return
    outcomes = dict(chunk.outcomes)
    if chunk.landmarks:
        name = _free_name(chunk.collection, journal)
        write_pack(
            workspace.pack(name), chunk.landmarks, {"collection": printable(chunk.collection)}
        )
        for index, clip_id in enumerate(chunk.landmarks):
            if clip_id in outcomes:
                outcomes[clip_id] = replace(outcomes[clip_id], pack=name, index=index)
    append_outcomes(workspace.outcomes, outcomes.values())
    journal.update(outcomes)
    chunk.landmarks.clear()
    chunk.outcomes.clear()


def _free_name(collection: str, journal: Mapping[str, Outcome]) -> str:
    """The first name that no clip's landmarks lie under; a pack a killed run left is replaced."""
    used = {outcome.pack for outcome in journal.values()}
    # Where the landmarks of a video's clip will lie that has none yet.
    used |= {clip_id for clip_id, outcome in journal.items() if outcome.settings}
    names = (f"{safe(collection) or 'clips'}-{number:04d}" for number in itertools.count(1))
    return next(name for name in names if name not in used)
