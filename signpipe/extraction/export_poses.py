"""export-poses: the workspace's clips as `.pose` files, and a labels file that goes with them."""

import errno
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from signpipe.cliptable import USABLE, Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.stored import stored_landmarks
from signpipe.landmarks.formats.pose_files import MOST_PIXELS, pose_bytes
from signpipe.landmarks.pack import Landmarks
from signpipe.progress import track
from signpipe.tables import csv_text, read_table
from signpipe.workspace import Workspace, atomic, write_text

LABELS = "labels.csv"
LABEL_COLUMNS = ("path", "label", "signer", "split")
# The format has no way to leave these out. The picture is that of webcams, as prepare takes it.
ASSUMED_FPS, ASSUMED_SIZE = 30.0, (640, 480)
ASSUMPTION = f"{ASSUMED_SIZE[0]} x {ASSUMED_SIZE[1]} pixels, {ASSUMED_FPS:g} frames a second"
# Of a write: not the folder's fault but this clip's, whose name it cannot take.
CLIPS_OWN_ERRORS = (errno.ENAMETOOLONG, errno.ENOTDIR, errno.EISDIR, errno.EEXIST)


@dataclass(frozen=True)
class ExportResult:
    """`written` and `already` count clips whose file is new and whose file was there.

    `frames` are those of the new ones. `assumed` counts clips whose picture's size or frame rate is
    not known, for which `assumption` was written; `failures` says which clips have no file and why.
    """

    folder: Path
    written: int
    already: int
    frames: int
    assumed: int
    failures: tuple[str, ...]
    assumption: str = ASSUMPTION


@dataclass
class _Done:
    """What was written so far: file names by clip id, and the counts of the result."""

    names: dict[str, str] = field(default_factory=dict)
    failures: list[str] = field(default_factory=list)
    written: int = 0
    already: int = 0
    frames: int = 0
    assumed: int = 0


def run(
    workspace: Workspace,
    out: Path | str | None = None,
    *,
    clips: Sequence[str] = (),
    split: str | None = None,
) -> ExportResult:
    """Write each usable clip (of a split, or the named ones) as `out/<clip_id>.pose`.

    A file that is there with the same content stays as it is. `out/labels.csv` gets a row for each,
    beside those it has. `out` defaults to `poses` in the workspace. Raises SignpipeError if there
    is nothing to write, a named clip has no landmarks, or `out` cannot be written.
    """
    out = Path(out or workspace.root / "poses")
    table = read_clips(workspace.clips)
    outcomes = _chosen(workspace, table, clips, split)
    rows = _read_labels(out / LABELS)
    done = _Done()
    try:
        out.mkdir(parents=True, exist_ok=True)
        try:
            _write_all(workspace, outcomes, out, done)
        finally:
            rows |= {name: _row(name, table.get(clip_id)) for clip_id, name in done.names.items()}
            if rows:
                _write_labels(out / LABELS, rows.values())
    except OSError as error:
        raise SignpipeError(
            f"cannot write to {out}: {error.strerror or error}; make room or make it writable and "
            "run the same command again"
        ) from error
    if not done.names:
        raise SignpipeError("; ".join(done.failures))
    return ExportResult(
        out, done.written, done.already, done.frames, done.assumed, tuple(done.failures)
    )


def _write_all(workspace: Workspace, outcomes: list[Outcome], out: Path, done: _Done) -> None:
    def failed(_: str, error: SignpipeError) -> None:
        done.failures.append(str(error))

    with track("export", len(outcomes)) as tracker:
        for outcome, landmarks in stored_landmarks(workspace, outcomes, failed):
            tracker.advance()
            name = _file_name(outcome.clip_id)
            content, is_known = _content(outcome, landmarks)
            try:
                is_new = _write(out, name, content)
            except SignpipeError as error:
                done.failures.append(f"{outcome.clip_id}: {error}")
                continue
            done.names[outcome.clip_id] = name
            done.written += is_new
            done.already += not is_new
            done.frames += len(landmarks) * is_new
            done.assumed += not is_known


def _chosen(
    workspace: Workspace, table: dict[str, Clip], clips: Sequence[str], split: str | None
) -> list[Outcome]:
    outcomes = read_outcomes(workspace.outcomes)
    for clip_id in clips:
        if clip_id not in outcomes:
            raise SignpipeError(f"{workspace.root} has no clip {clip_id!r}; see {workspace.clips}")
        status, reason = outcomes[clip_id].status, outcomes[clip_id].reason
        if status not in USABLE:
            raise SignpipeError(f"{clip_id} has no landmarks to export: {status}, {reason}")
    wanted = [outcomes[clip_id] for clip_id in dict.fromkeys(clips)] or [*outcomes.values()]
    usable = [outcome for outcome in wanted if outcome.status in USABLE]
    if split is not None:
        usable = [o for o in usable if o.clip_id in table and table[o.clip_id].split == split]
    if not usable:
        of_split = f" of split {split}" if split is not None else ""
        raise SignpipeError(
            f"{workspace.root} has no usable clip{of_split}; `signpipe status` tells what there is"
        )
    return usable


def _content(outcome: Outcome, landmarks: Landmarks) -> tuple[bytes, bool]:
    """The clip's `.pose` file, and whether its size and frame rate are known."""
    times = landmarks.times
    fps = outcome.fps
    if fps is None and times is not None and len(times) > 1 and times[-1] > times[0]:
        fps = float((len(times) - 1) / (times[-1] - times[0]))
    width, height = outcome.width, outcome.height
    known = fps is not None and width is not None and height is not None
    if width is None or height is None or max(width, height) > MOST_PIXELS:
        width, height = ASSUMED_SIZE
    return pose_bytes(landmarks, fps or ASSUMED_FPS, width, height), known


def _file_name(clip_id: str) -> str:
    """A relative path that no two clips share; what cannot be in one is replaced."""
    return f"{safe(clip_id)}.pose"


def _write(out: Path, name: str, content: bytes) -> bool:
    """Write a file unless it is there already; whether it was written.

    Raises SignpipeError if it would lie outside `out` or cannot have this name, OSError.
    """
    path = out / name
    try:
        if not path.resolve().is_relative_to(out.resolve()):
            raise SignpipeError(f"{path} leads out of {out}; remove the link in its way")
        if path.is_file() and path.read_bytes() == content:
            return False
        with atomic(path) as temporary:
            temporary.write_bytes(content)
    except OSError as error:
        if error.errno in CLIPS_OWN_ERRORS:
            raise SignpipeError(f"cannot write {path}: {error.strerror}") from error
        raise
    return True


def _row(name: str, clip: Clip | None) -> dict[str, str]:
    clip = clip or Clip("")
    return {"path": name, "label": clip.label, "signer": clip.signer, "split": clip.split}


def _read_labels(path: Path) -> dict[str, dict[str, str]]:
    """The rows of the labels file of an export before, by path; none without one."""
    if not path.exists():
        return {}
    table = read_table(path)
    if table.columns != LABEL_COLUMNS:
        raise SignpipeError(
            f"{path} was not made by export-poses and would be replaced; export to another folder"
        )
    return {row["path"]: row for row in table.dicts()}


def _write_labels(path: Path, rows: Iterable[dict[str, str]]) -> None:
    text = csv_text([LABEL_COLUMNS, *([row[name] for name in LABEL_COLUMNS] for row in rows)])
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        write_text(path, text)
