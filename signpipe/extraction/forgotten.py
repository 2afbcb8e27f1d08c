"""Clips that a person wants left out, and labels that were renamed: both can be undone.

    forgotten.csv           rows that `forget` took out of the clip table, labels and all
    keypoints/listed.txt    ids of clips that have had a row in the clip table, one a line: one that
                            has none now was deleted by hand, and is left out as well
    renamed.jsonl           one line a renamed label: old, new, and the clips' ids

Landmarks stay where they are, so that nothing need be extracted again.
"""

import difflib
import json
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from signpipe.cliptable import Clip, Label, read_clips, update_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import read_outcomes
from signpipe.workspace import Workspace, parse_json, write_text


def forget(workspace: Workspace, clip_ids: Sequence[str]) -> list[Clip]:
    """Take clips out of the clip table; the rows taken.

    Raises SignpipeError, and changes nothing, if one of them is not in it.
    """
    with workspace.lock("table", wait=True):
        table = read_clips(workspace.clips)
        _check(clip_ids, table, f"is not in {workspace.clips}")
        away = read_forgotten(workspace) | {clip_id: table[clip_id] for clip_id in clip_ids}
        write_clips(_forgotten(workspace), away.values())
        write_clips(workspace.clips, (c for c in table.values() if c.clip_id not in away))
    return [away[clip_id] for clip_id in dict.fromkeys(clip_ids)]


def restore(workspace: Workspace, clip_ids: Sequence[str]) -> list[Clip]:
    """Give clips that were forgotten, or whose rows were deleted, their rows back.

    Deleted rows come back without label, signer and split. Raises SignpipeError, and changes
    nothing, if one of the clips is not left out.
    """
    with workspace.lock("table", wait=True):
        table, away = read_clips(workspace.clips), read_forgotten(workspace)
        outcomes = read_outcomes(workspace.outcomes)
        out = left_out(workspace, table)
        _check(clip_ids, out & (away.keys() | outcomes.keys()), "is not left out")
        back = {i: away[i] if i in away else outcomes[i].clip() for i in clip_ids}
        write_clips(workspace.clips, (table | back).values())
        write_clips(_forgotten(workspace), (c for c in away.values() if c.clip_id not in back))
    return list(back.values())


def rename(workspace: Workspace, old: str, new: str) -> list[Clip]:
    """Give every clip with the label `old` the label `new`; the changed rows.

    Raises SignpipeError if no clip has it, naming labels that are nearly the same.
    """
    new = new.strip()
    with workspace.lock("table", wait=True):
        table = read_clips(workspace.clips)
        _check([old], {clip.label for clip in table.values()} - {""}, "labels no clip")
        changed = [replace(c, label=new) for c in table.values() if c.label == old != new]
        line = {"old": old, "new": new, "clips": [clip.clip_id for clip in changed]}
        _write_renames(workspace, [*_renames(workspace), json.dumps(line, ensure_ascii=False)])
        write_clips(workspace.clips, (table | {c.clip_id: c for c in changed}).values())
    return changed


def undo_rename(workspace: Workspace) -> tuple[str, str, list[Clip]]:
    """Take the last `rename` back: the label now, the label again, and the changed rows.

    A clip that has been given yet another label keeps that. Raises SignpipeError if there is
    nothing to take back.
    """
    with workspace.lock("table", wait=True):
        lines = _renames(workspace)
        if not lines:
            raise SignpipeError(f"no label of {workspace.root} was renamed")
        try:
            last = parse_json(lines[-1])
            old, new, of = str(last["old"]), str(last["new"]), {str(i) for i in last["clips"]}
        except (ValueError, KeyError, TypeError) as error:
            raise SignpipeError(
                f"the last line of {_renamed(workspace)} is damaged; delete it and correct the "
                f"labels in {workspace.clips}"
            ) from error
        table = read_clips(workspace.clips)
        affected = [c for c in table.values() if c.clip_id in of and c.label == new]
        changed = [replace(clip, label=old) for clip in affected]
        write_clips(workspace.clips, (table | {c.clip_id: c for c in changed}).values())
        _write_renames(workspace, lines[:-1])
    return new, old, changed


def update_table(
    workspace: Workspace, rows: Iterable[Clip], labels: dict[str, Label]
) -> dict[str, Clip]:
    """As `cliptable.update_clips`, without the clips that are left out. Call it while holding the
    table."""
    away = {*read_forgotten(workspace), *_listed(workspace)}
    table = update_clips(workspace.clips, rows, labels, away)
    list_clips(workspace, table)
    return table


def left_out(workspace: Workspace, table: Collection[str]) -> set[str]:
    """Ids of clips that were forgotten or whose rows a person has deleted from the `table`."""
    return {*read_forgotten(workspace), *_listed(workspace)} - {*table}


def list_clips(workspace: Workspace, clip_ids: Iterable[str]) -> None:
    """Remember that clips have a row now. Call it while holding the table."""
    known = _listed(workspace)
    if not known.issuperset(clip_ids := [*clip_ids]):
        path = workspace.keypoints / "listed.txt"
        write_text(path, "".join(f"{clip_id}\n" for clip_id in sorted({*known, *clip_ids})))


def read_forgotten(workspace: Workspace) -> dict[str, Clip]:
    """The rows that `forget` took out of the clip table, by clip id."""
    return read_clips(_forgotten(workspace))


def _listed(workspace: Workspace) -> set[str]:
    if not workspace.clips.exists():  # the whole table is made again, not a row left out
        return set()
    try:
        text = (workspace.keypoints / "listed.txt").read_text(encoding="utf-8")
    except FileNotFoundError:
        return set()
    except (OSError, UnicodeDecodeError):  # then no row counts as deleted
        return set()
    return {*text.split("\n")} - {""}


def _forgotten(workspace: Workspace) -> Path:
    return workspace.root / "forgotten.csv"


def _renamed(workspace: Workspace) -> Path:
    return workspace.root / "renamed.jsonl"


def _renames(workspace: Workspace) -> list[str]:
    try:
        return _renamed(workspace).read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    except (OSError, UnicodeDecodeError) as error:
        raise SignpipeError(f"cannot read {_renamed(workspace)}: {error}") from error


def _write_renames(workspace: Workspace, lines: Sequence[str]) -> None:
    write_text(_renamed(workspace), "".join(f"{line}\n" for line in lines))


def _check(names: Sequence[str], known: Collection[str], why_not: str) -> None:
    for name in names:
        if name not in known:
            close = difflib.get_close_matches(name, known, 3, 0.6)
            meant = f"; did you mean {' or '.join(map(repr, close))}?" if close else ""
            raise SignpipeError(f"{name!r} {why_not}{meant}")
