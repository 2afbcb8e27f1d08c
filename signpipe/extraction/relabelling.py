"""Other labels, signers or splits for single clips of the clip table."""

from collections.abc import Sequence
from dataclasses import replace

from signpipe.cliptable import PERSONAL, Clip, Label, read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.workspace import Workspace


def relabel(workspace: Workspace, labels: Sequence[Label]) -> list[Clip]:
    """Give clips (each label's `key` is a clip id) what is not None; their rows as they were.

    Raises SignpipeError, and changes nothing, if one of the clips is not in the clip table.
    """
    with workspace.lock("table", wait=True):
        table = read_clips(workspace.clips)
        before: dict[str, Clip] = {}
        for label in labels:
            if label.key not in table:
                raise SignpipeError(f"{label.key!r} is not in {workspace.clips}")
            before.setdefault(label.key, table[label.key])
            given = {name: getattr(label, name) for name in PERSONAL}
            changes = {name: value for name, value in given.items() if value is not None}
            table[label.key] = replace(table[label.key], **changes)
        if any(table[clip_id] != clip for clip_id, clip in before.items()):
            write_clips(workspace.clips, table.values())
    return list(before.values())
