"""What a worker of the pool does with one clip: file in, pack on disk and outcome out."""

import errno
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.outcomes import Outcome, printable, with_landmarks
from signpipe.extraction.shared_folder import SharedFolder
from signpipe.landmarks.bare_mediapipe import bare_mediapipe
from signpipe.landmarks.graph import mediapipe_version
from signpipe.landmarks.holistic import EXTRACTOR, Holistic
from signpipe.landmarks.pack import write_pack
from signpipe.settings import ExtractSettings
from signpipe.workspace import sha256_of_values, sha256_of_version

# Of a write: not the workspace's fault but this clip's, whose path became too long.
CLIPS_OWN_ERRORS = (errno.ENAMETOOLONG,)


@dataclass(frozen=True)
class ClipJob:
    """`source` is a video's absolute path, `pack` where its landmarks go.

    `segment` is the part of the video that the clip is, "" for all of it.
    """

    clip_id: str
    source: str
    pack: Path
    segment: str = ""


def settings_fingerprint(settings: ExtractSettings) -> str:
    """What tells outcomes of different settings apart."""
    return sha256_of_values(settings.model_dump(mode="json"))[:16]


@contextmanager
def clip_worker(settings: ExtractSettings) -> Iterator[Callable[[ClipJob], Outcome]]:
    """Yield the function that does one clip; for `pool.run_jobs`."""
    bare_mediapipe()
    with Holistic(settings) as holistic:
        yield partial(finish_clip, holistic=holistic)


@contextmanager
def shared_clip_worker(
    settings: ExtractSettings, folder: SharedFolder
) -> Iterator[Callable[[ClipJob], Outcome]]:
    """As `clip_worker`, on another machine. Raises SignpipeError if it is not made as this one."""
    folder.check()
    with Holistic(settings) as holistic:
        yield partial(finish_clip, holistic=holistic, wanted=folder.is_shared)


def finish_clip(
    job: ClipJob, holistic: Holistic, wanted: Callable[[], bool] = lambda: True
) -> Outcome:
    """Extract one clip and write its pack, if it has any frames and is still `wanted` then.

    Raises SignpipeError if the pack cannot be written: no other could be either.
    """
    source = Path(job.source)
    outcome = Outcome(
        job.clip_id,
        job.source,
        "failed",
        settings=settings_fingerprint(holistic.settings),
        segment=job.segment,
        fallback=holistic.fallback,
    )
    try:
        before = os.stat(source)
        outcome = replace(outcome, size=before.st_size, mtime_ns=before.st_mtime_ns)
        sha256 = sha256_of_version(source, before.st_size, before.st_mtime_ns)
        outcome = replace(outcome, sha256=sha256)
        extraction = extract_clip(source, holistic, job.segment)
        after = os.stat(source)
    except FileNotFoundError:
        return replace(outcome, reason="the file vanished")
    except OSError as error:
        return replace(outcome, reason=f"the file cannot be read: {error.strerror}")
    if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
        return replace(outcome, reason="the file changed while it was read")
    outcome = replace(
        outcome,
        status=extraction.status,
        reason=extraction.reason,
        fps=extraction.fps,
        width=extraction.width,
        height=extraction.height,
    )
    if not wanted():  # a later run may have written this pack since, with other settings
        return replace(outcome, status="failed", reason="the run had ended before it was done")
    return _with_pack(job, outcome, extraction, holistic)


def _with_pack(
    job: ClipJob, outcome: Outcome, extraction: Extraction, holistic: Holistic
) -> Outcome:
    landmarks = extraction.landmarks
    if landmarks is None:
        return outcome
    attributes = {
        "extractor": EXTRACTOR,
        "extractor_version": mediapipe_version(),
        "settings": holistic.settings.model_dump_json(),
        "source": printable(job.source),
        "source_size": outcome.size,
        "source_sha256": outcome.sha256,
        "segment": job.segment or None,
        "fps": outcome.fps,
        "width": outcome.width,
        "height": outcome.height,
        "rotation": extraction.rotation,
        "graph": holistic.graph,
        "status": outcome.status,
        "reason": outcome.reason,
    }
    known = {name: value for name, value in attributes.items() if value is not None}
    try:
        write_pack(job.pack, {job.clip_id: landmarks}, known)
    except OSError as error:
        reason = f"its pack cannot be written: {error.strerror or error}"
        if error.errno in CLIPS_OWN_ERRORS:
            return replace(outcome, status="failed", reason=reason)
        raise SignpipeError(
            f"cannot write {job.pack}: {error.strerror or error}; make room or make it writable "
            "and run the same command again: what is finished is kept"
        ) from error
    return with_landmarks(replace(outcome, pack=job.clip_id), landmarks)
