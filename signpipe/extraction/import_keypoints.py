"""import: keypoints from elsewhere, packs and other tools' formats, into the workspace."""

import os
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from signpipe.cliptable import Clip, Label, read_clips, read_labels
from signpipe.datasets import asl_citizen
from signpipe.errors import SignpipeError
from signpipe.extraction.detect_format import FOLDER_FORMATS, Found, detect_format
from signpipe.extraction.forgotten import update_table
from signpipe.extraction.import_clips import import_clips, name_clips
from signpipe.extraction.import_packs import import_pack
from signpipe.extraction.labels import (
    MatchedLabels,
    match_labels,
    tell_file,
    tell_labels,
    tell_matched,
)
from signpipe.extraction.layouts import (
    Layout,
    Place,
    folder_labels,
    relabelled,
    tell_folder_labels,
)
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.landmarks.formats.foreign import ForeignClip
from signpipe.progress import track
from signpipe.tables import write_table
from signpipe.workspace import TAKES, Workspace, as_paths, remove_temporaries


@dataclass(frozen=True)
class ImportResult:
    """What was found and done.

    `imported` and `already` name the given packs that are new and that were there, `refused` says
    why others were left out; `done_before` counts the clips of other formats that were there.
    `clips`, `frames`, `statuses` and `labels` (counts; "" for none) tell of all given clips,
    `failures` are those that could not be read, `unmatched_labels` the rows of the labels file that
    match no clip.
    """

    imported: tuple[str, ...]
    already: tuple[str, ...]
    refused: tuple[str, ...]
    done_before: int
    clips: int
    frames: int
    statuses: dict[str, int]
    failures: tuple[Outcome, ...]
    labels: dict[str, int]
    unmatched_labels: tuple[str, ...]


@dataclass
class _State:
    """What is known so far: `done` are the outcomes of the given packs' clips."""

    journal: dict[str, Outcome]
    ids: dict[str, str] = field(default_factory=dict)
    done: dict[str, Outcome] = field(default_factory=dict)
    imported: list[str] = field(default_factory=list)
    already: list[str] = field(default_factory=list)
    refused: list[str] = field(default_factory=list)


def run(
    workspace: Workspace,
    paths: Path | str | Sequence[Path | str],
    *,
    labels: Path | str | None = None,
    dataset: str | None = None,
    layout: Layout | None = None,
) -> ImportResult:
    """Bring the keypoints in files and folders into the workspace, and their clips into its table.

    With the name of a `dataset` whose keypoints others pass on (`asl_citizen`), the one path is its
    folder, whose own annotation files say labels, signers and splits by the files' names.

    The labels file's `clip_id` (or `path`) column names clips; what a format itself tells of label
    and signer holds for the others. Where that is folders' names, a `layout` says which is which,
    also of clips that are known, unless a person has changed their labels. What is there already is
    passed over; a pack or clip that cannot be taken stops no other. Raises SignpipeError if nothing
    can be, if no row of the labels file is of a clip, or if the workspace cannot be written; what
    is finished by then is kept.
    """
    if labels is not None and layout:
        raise SignpipeError("--layout says what folders are, and goes with no --labels")
    if dataset is not None:
        paths = as_paths(paths)
        if len(paths) != 1 or labels is not None or layout:
            raise SignpipeError("--dataset takes one folder, and goes with no --labels or --layout")
        labels = _published_labels(workspace, dataset, paths[0])
    labels = Path(labels) if labels is not None else None
    if labels is not None:
        tell_file(labels, read_labels(labels))  # what is wrong with it is said before hours of work
    found = detect_format(as_paths(paths))
    with workspace.lock("extract"):
        with workspace.lock(TAKES, wait=True):  # else it could delete what a take is written to
            remove_temporaries(workspace.keypoints)
        state = _State(read_outcomes(workspace.outcomes))
        try:
            before = _import(workspace, found, state)
        except BaseException as error:
            # The cause of the stop matters more than that the table cannot be written.
            with suppress(OSError, SignpipeError):
                _update_table(workspace, found, state, None, layout)
            if isinstance(error, OSError):
                raise SignpipeError(
                    f"cannot write to the workspace {workspace.root}: {error.strerror or error}; "
                    "make room or make it writable and run the same command again: what is "
                    "finished is kept"
                ) from error
            raise
        if state.refused and not state.done and not found.clips:
            raise SignpipeError("; ".join(state.refused))
        clips, matched = _update_table(workspace, found, state, labels, layout)
    outcomes = state.done
    return ImportResult(
        imported=tuple(state.imported),
        already=tuple(state.already),
        refused=tuple(state.refused),
        done_before=before,
        clips=len(outcomes),
        frames=sum(outcome.frames for outcome in outcomes.values()),
        statuses=dict(Counter(outcome.status for outcome in outcomes.values())),
        failures=tuple(outcome for outcome in outcomes.values() if not outcome.pack),
        labels=dict(Counter(clips[i].label for i in outcomes if i in clips)),
        unmatched_labels=matched.unmatched,
    )


def _published_labels(workspace: Workspace, dataset: str, root: Path) -> Path:
    """A labels file of what a data set's own annotations say of each file of keypoints."""
    if dataset.lower().replace("-", "_") != "asl_citizen":
        raise SignpipeError(
            f"import knows no keypoints of a data set {dataset!r}; it knows those of asl_citizen"
        )
    found = {label.key: label for label in asl_citizen.labels_of(root)}
    names = {Path(place, name) for place, _, names in os.walk(root) for name in names}
    poses = sorted(path for path in names if path.suffix.lower() == ".pose")
    rows = [(path, found[path.stem]) for path in poses if path.stem in found]
    if not rows:
        raise SignpipeError(f"no .pose file in {root} has the name of a video of {dataset}")
    file = workspace.keypoints / f"labels-{dataset}.csv"
    given = ((path.resolve(), row.label, row.signer, row.split) for path, row in rows)
    write_table(file, ("path", "label", "signer", "split"), given)
    return file


def _import(workspace: Workspace, found: Found, state: _State) -> int:
    """Import all packs, then all clips; the number of the latter that were done before."""
    with track("import", len(found.packs), "packs") as tracker:
        for path, name in found.packs.items():
            try:
                pack = import_pack(workspace, path, name, state.journal)
            except SignpipeError as error:
                state.refused.append(str(error))
            else:
                (state.imported if pack.is_new else state.already).append(pack.name)
                state.journal |= pack.outcomes
                state.done |= pack.outcomes
            tracker.advance(detail=path.name)
    state.ids = name_clips(found.clips.values(), state.journal)
    by_id = {state.ids[str(path)]: clip for path, clip in found.clips.items()}
    with track("import", len(by_id)) as tracker:
        return import_clips(workspace, by_id, state.journal, tracker)


def _update_table(
    workspace: Workspace, found: Found, state: _State, labels: Path | None, layout: Layout | None
) -> tuple[dict[str, Clip], MatchedLabels]:
    """Bring the clip table up to date; adds the outcomes of the given clips to `state.done`."""
    rows = [outcome.clip() for outcome in state.done.values()]
    given = {state.ids.get(str(path), ""): clip for path, clip in found.clips.items()}
    given = {clip_id: clip for clip_id, clip in given.items() if clip_id in state.journal}
    in_folders = {
        clip_id: Place(clip.path, clip.name)
        for clip_id, clip in given.items()
        if clip.read in FOLDER_FORMATS
    }
    named = folder_labels(in_folders, layout) if layout else {}
    for clip_id, clip in given.items():
        outcome = state.done[clip_id] = state.journal[clip_id]
        label = named.get(clip_id, Label(clip_id, clip.label, clip.signer))
        rows.append(outcome.clip(label.label or "", label.signer or ""))
    try:
        matched = _match(labels, given, state) if labels else MatchedLabels({})
    except SignpipeError:
        update_table(workspace, rows, {})
        raise
    if layout:
        tell_folder_labels(in_folders, layout)
        changed = relabelled(in_folders, layout, read_clips(workspace.clips))
        return update_table(workspace, rows, changed), matched
    if not labels:
        tell_labels({i: Label(i, clip.label) for i, clip in given.items()}, "labels")
    return update_table(workspace, rows, matched.by_clip), matched


def _match(file: Path, given: dict[str, ForeignClip], state: _State) -> MatchedLabels:
    sources = {clip_id: outcome.source for clip_id, outcome in state.journal.items()}
    names = {clip_id: [clip.name] for clip_id, clip in given.items()}
    matched = match_labels(file, sources, names)
    tell_matched(file, matched, state.done)
    return matched
