"""One foreign pack into the workspace: looked through, then copied under its own name."""

from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.foreign_pack import PackJob, copy_sealed, examine, is_copy
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import Outcome, append_outcomes
from signpipe.landmarks.pack import open_pack
from signpipe.progress import note
from signpipe.wording import counted
from signpipe.workspace import Workspace, atomic, sha256_of_file


@dataclass(frozen=True)
class ImportedPack:
    """A pack's name in the workspace, its clips' outcomes by clip id, and whether it is new."""

    name: str
    outcomes: dict[str, Outcome]
    is_new: bool


def import_pack(
    workspace: Workspace, path: Path, name: str, journal: dict[str, Outcome]
) -> ImportedPack:
    """Check a pack, copy it to `keypoints/<name>.h5` and add its clips to the journal.

    Where another pack or a video's clip has that name, it gets the next free one, `<name>-2` and so
    on, which is told. A pack that is there already is passed over. Raises SignpipeError, having
    changed nothing, if it is damaged or if one of its clip ids is taken.
    """
    try:
        fingerprint = sha256_of_file(path)
        wanted, name = safe(name), _free_name(workspace, safe(name), fingerprint, journal)
        target = workspace.pack(name)
        known = {o.clip_id: o for o in journal.values() if o.pack == name}
        if target.exists() and known.keys() == _clip_ids(target):
            return ImportedPack(name, known, is_new=False)
        outcomes = examine(PackJob(path, name, fingerprint))
        taken = [clip_id for clip_id in outcomes if clip_id in journal and clip_id not in known]
        if taken:
            raise SignpipeError(
                f"{path} has {counted(len(taken), 'clip id')}, such as {taken[0]!r}, that "
                f"{workspace.root} has in {journal[taken[0]].pack or journal[taken[0]].source} "
                "already; import it into another workspace"
            )
        with atomic(target) as temporary:
            copy_sealed(path, temporary, fingerprint)
        append_outcomes(workspace.outcomes, outcomes.values())
    except OSError as error:
        raise SignpipeError(
            f"cannot copy {path} into {workspace.root}: {error.strerror or error}"
        ) from error
    if name != wanted:
        note(f"{path} is imported as {name}: {workspace.root} has another {wanted} already")
    return ImportedPack(name, outcomes, is_new=True)


def _free_name(workspace: Workspace, name: str, sha256: str, journal: dict[str, Outcome]) -> str:
    """The first name under which this pack lies already, or else nothing does or will."""
    # Where the landmarks of a video's clip lie, or will once it has any.
    videos = {clip_id for clip_id, outcome in journal.items() if outcome.settings}
    for candidate in chain([name], (f"{name}-{number}" for number in count(2))):
        target = workspace.pack(candidate)
        if is_copy(target, sha256) if target.exists() else candidate not in videos:
            return candidate
    raise AssertionError("there is no end of numbers")


def _clip_ids(copied: Path) -> set[str]:
    with open_pack(copied) as pack:
        return set(pack.clip_ids)
