"""How often each split has been scored, and by what: `evaluate/scored.jsonl`, only ever added to.

Whoever looks at test often enough has chosen on it; so every scoring leaves a line.
"""

import json
import os
from collections import Counter
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from signpipe.workspace import Workspace, parse_json


def add(workspace: Workspace, split: str, run: str, protocol: str) -> None:
    """Add one line on disk: `split` was scored."""
    path = _path(workspace)
    path.parent.mkdir(parents=True, exist_ok=True)
    time = datetime.now(UTC).isoformat(timespec="seconds")
    line = json.dumps({"split": split, "run": run, "protocol": protocol, "time": time})
    # A line of its own, even after one that a kill cut short.
    with open(path, "ab") as file:
        file.write((("\n" if file.tell() else "") + line).encode())
        file.flush()
        os.fsync(file.fileno())


def count(workspace: Workspace, split: str) -> dict[str, int]:
    """How often each "<run>, <protocol>" has scored `split`; of joined splits (a+b) each counts."""
    counts: Counter[str] = Counter()
    path = _path(workspace)
    wanted = set(split.split("+"))
    for text in path.read_bytes().split(b"\n") if path.exists() else []:
        # A line may be cut short by a kill.
        with suppress(ValueError, KeyError, TypeError, AttributeError):
            line = parse_json(text)
            if wanted & set(line["split"].split("+")):
                counts[f"{line['run']}, {line['protocol']}"] += 1
    return dict(counts)


def _path(workspace: Workspace) -> Path:
    return workspace.root / "evaluate" / "scored.jsonl"
