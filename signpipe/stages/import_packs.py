"""import: keypoint packs from elsewhere into the workspace, unchanged."""

import shutil
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from signpipe.cliptable import update_clips
from signpipe.errors import SignpipeError
from signpipe.landmarks.outcomes import Outcome, append_outcomes, read_outcomes, with_landmarks
from signpipe.landmarks.pack import Landmarks, Pack, open_pack
from signpipe.progress import track
from signpipe.stages.clip_ids import safe
from signpipe.stages.clip_labels import MatchedLabels, match_labels
from signpipe.workspace import Workspace, atomic, sha256_of_file


@dataclass(frozen=True)
class ImportResult:
    """`imported` and `already` name the packs that are new and that were there; `clips`, `frames`,
    `statuses` and `labels` (counts; "" for none) tell of all clips of the given packs."""

    imported: tuple[str, ...]
    already: tuple[str, ...]
    clips: int
    frames: int
    statuses: dict[str, int]
    labels: dict[str, int]
    unmatched_labels: tuple[str, ...]


def run(workspace: Workspace, packs: Sequence[Path], *, labels: Path | None = None) -> ImportResult:
    """Check each pack, copy it to `keypoints/<its name>.h5` and add its clips to the clip table.

    The labels file's `clip_id` (or `path`) column names the packs' clips. A pack that is there
    already is passed over. Raises SignpipeError, having changed nothing for that pack, if one is
    damaged, if another pack has its name, or if one of its clip ids is taken.
    """
    imported: list[str] = []
    already: list[str] = []
    outcomes: dict[str, Outcome] = {}
    with workspace.lock("extract"), track("import", len(packs), "packs") as tracker:
        journal = read_outcomes(workspace.outcomes)
        for path in packs:
            found, is_new = _import(workspace, path, journal)
            journal |= found
            outcomes |= found
            (imported if is_new else already).append(path.stem)
            tracker.advance(detail=path.name)
        sources = {clip_id: outcome.source for clip_id, outcome in journal.items()}
        matched = match_labels(labels, sources) if labels else MatchedLabels({})
        rows = (outcome.clip() for outcome in outcomes.values())
        clips = update_clips(workspace.clips, rows, matched.by_clip)
    return ImportResult(
        imported=tuple(imported),
        already=tuple(already),
        clips=len(outcomes),
        frames=sum(outcome.frames for outcome in outcomes.values()),
        statuses=dict(Counter(outcome.status for outcome in outcomes.values())),
        labels=dict(Counter(clips[clip_id].label for clip_id in outcomes)),
        unmatched_labels=matched.unmatched,
    )


def _import(
    workspace: Workspace, path: Path, journal: dict[str, Outcome]
) -> tuple[dict[str, Outcome], bool]:
    """Outcomes of a pack's clips, and whether it is new."""
    name = safe(path.stem)
    target = workspace.pack(name)
    with open_pack(path) as pack:
        fingerprint = sha256_of_file(path)
        known = {clip_id: o for clip_id, o in journal.items() if o.pack == name}
        if target.exists() and sha256_of_file(target) != fingerprint:
            raise SignpipeError(
                f"{workspace.root} has another pack of the name {name} already; rename {path} to "
                "import it beside that one"
            )
        if target.exists() and known.keys() == set(pack.clip_ids):
            return known, False
        taken = [clip_id for clip_id in pack.clip_ids if clip_id in journal.keys() - known.keys()]
        if taken:
            raise SignpipeError(
                f"{path} has {len(taken)} clip ids, such as {taken[0]!r}, that {workspace.root} "
                f"has in {journal[taken[0]].pack or journal[taken[0]].source} already; import it "
                "into another workspace"
            )
        if not len(pack):
            raise SignpipeError(f"{path} holds no clips")
        outcomes = _outcomes(pack, path, name, fingerprint)
    try:
        with atomic(target) as temporary:
            shutil.copyfile(path, temporary)
        append_outcomes(workspace.outcomes, outcomes.values())
    except OSError as error:
        raise SignpipeError(
            f"cannot copy {path} into {workspace.root}: {error.strerror or error}"
        ) from error
    return outcomes, True


def _outcomes(pack: Pack, path: Path, name: str, fingerprint: str) -> dict[str, Outcome]:
    size, source = path.stat().st_size, str(path.resolve())
    width, height = _number(pack, "width"), _number(pack, "height")
    outcomes = {}
    for index, landmarks in enumerate(pack.read_each()):
        clip_id = pack.clip_ids[index]
        status, reason = _status(landmarks)
        if status == "ok" and len(pack) == 1 and pack.attributes.get("status") == "truncated":
            status, reason = "truncated", str(pack.attributes.get("reason", ""))
        outcome = Outcome(
            clip_id, source, status, reason, name, index, size=size, sha256=fingerprint
        )
        outcome = replace(outcome, width=width, height=height)
        outcomes[clip_id] = with_landmarks(outcome, landmarks)
    return outcomes


def _number(pack: Pack, name: str) -> int | None:
    """A whole number that the pack says of all its clips' pictures, or None."""
    value = pack.attributes.get(name)
    return int(value) if isinstance(value, int | np.integer) and value > 0 else None


def _status(landmarks: Landmarks) -> tuple[str, str]:
    if not len(landmarks):
        return "empty", "it has no frames"
    if not landmarks.seen("pose").any():
        return "nobody", "no person was found in any frame"
    return "ok", ""
