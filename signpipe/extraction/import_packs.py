"""One foreign pack into the workspace: looked through, then copied under its own name."""

from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.foreign_pack import PackJob, copy_sealed, examine, is_copy
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import Outcome, append_outcomes
from signpipe.landmarks.pack import open_pack
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

    A pack that is there already is passed over. Raises SignpipeError, having changed nothing, if it
    is damaged, if another pack has its name, or if one of its clip ids is taken.
    """
    name = safe(name)
    target = workspace.pack(name)
    try:
        fingerprint = sha256_of_file(path)
        if target.exists() and not is_copy(target, fingerprint):
            raise SignpipeError(
                f"{workspace.root} has another pack of the name {name} already; rename {path} to "
                "import it beside that one"
            )
        known = {o.clip_id: o for o in journal.values() if o.pack == name}
        if target.exists() and known.keys() == _clip_ids(target):
            return ImportedPack(name, known, is_new=False)
        if name in journal and journal[name].settings:  # its landmarks, once it has any, lie there
            raise SignpipeError(
                f"{workspace.root} has a clip {name} of a video; rename {path} to import it beside "
                "that one"
            )
        outcomes = examine(PackJob(path, name, fingerprint))
        taken = [clip_id for clip_id in outcomes if clip_id in journal.keys() - known.keys()]
        if taken:
            raise SignpipeError(
                f"{path} has {len(taken)} clip ids, such as {taken[0]!r}, that {workspace.root} "
                f"has in {journal[taken[0]].pack or journal[taken[0]].source} already; import it "
                "into another workspace"
            )
        with atomic(target) as temporary:
            copy_sealed(path, temporary, fingerprint)
        append_outcomes(workspace.outcomes, outcomes.values())
    except OSError as error:
        raise SignpipeError(
            f"cannot copy {path} into {workspace.root}: {error.strerror or error}"
        ) from error
    return ImportedPack(name, outcomes, is_new=True)


def _clip_ids(copied: Path) -> set[str]:
    with open_pack(copied) as pack:
        return set(pack.clip_ids)
