"""The journal of finished clips, `keypoints/outcomes.jsonl`: one JSON object a line.

Shards of an extraction, which run at the same time, have journals of their own, such as
`keypoints/outcomes/3-of-8.jsonl`; together they are read as one.

It lies beside the packs so that a kill loses nothing the clip table would have said, and so that a
second run over 100,000 clips need not open 100,000 files. Lines are only appended; the last line of
a clip counts, between two journals the later one by the time it holds (the machines' clocks need
not agree better than runs follow each other); a line torn by a kill is passed over, which costs
that clip alone.
"""

import json
import os
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any, get_args

from signpipe.cliptable import Clip
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import kept_while_unchanged


@dataclass(frozen=True)
class Outcome:
    """What became of one clip.

    `pack` and `index` say where its landmarks lie (pack "" if there are none); `size` (bytes),
    `mtime_ns` and `sha256` identify the source file they were made from (for an imported clip, the
    imported pack); `settings` is the fingerprint of the settings of extract, "" for an imported
    clip; `segment` is the part of the source that the clip is, "" for all of it; `fallback` says
    why MediaPipe's own pose model was used (see `Holistic`), "" if it was not. `status` is one of
    ok, truncated, nobody, empty, unreadable, failed.
    """

    clip_id: str
    source: str
    status: str
    reason: str = ""
    pack: str = ""
    index: int = 0
    frames: int = 0
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    pose: float | None = None
    left_hand: float | None = None
    right_hand: float | None = None
    size: int = 0
    mtime_ns: int = 0
    sha256: str = ""
    settings: str = ""
    segment: str = ""
    fallback: str = ""

    def clip(self, label: str = "", signer: str = "", split: str = "") -> Clip:
        """The clip table's row for this outcome, numbers as exact as the table writes them."""
        return Clip(
            self.clip_id,
            printable(self.source),
            label,
            signer,
            split,
            self.frames,
            None if self.fps is None else float(f"{self.fps:.4g}"),
            self.width,
            self.height,
            _rounded(self.pose),
            _rounded(self.left_hand),
            _rounded(self.right_hand),
            self.status,
            printable(self.reason),  # it may name a file
        )


MOST = 1 << 62  # of any number
# By field; a floating-point number may be written as a whole one.
KINDS = {field.name: {*(get_args(field.type) or (field.type,))} for field in fields(Outcome)}
for _kinds in KINDS.values():
    _kinds |= {int} if float in _kinds else set()


def _rounded(share: float | None) -> float | None:
    return None if share is None else round(share, 3)


def printable(name: str) -> str:
    """A file's name as UTF-8 text, also where its bytes are none."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


def with_landmarks(outcome: Outcome, landmarks: Landmarks) -> Outcome:
    """The outcome with the number of frames and how often pose and each hand were seen."""
    return replace(
        outcome,
        frames=len(landmarks),
        pose=landmarks.share_seen("pose"),
        left_hand=landmarks.share_seen("left_hand"),
        right_hand=landmarks.share_seen("right_hand"),
    )


def append_outcomes(path: Path, outcomes: Iterable[Outcome]) -> None:
    """Append to the journal and flush it to disk. Raises OSError."""
    now = time.time()
    lines = ({**asdict(outcome), "time": now} for outcome in outcomes)
    text = "".join(json.dumps(line) + "\n" for line in lines)
    if not text:
        return
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(path, "a+b") as handle:
        # After a torn line the next one must start afresh, or both would be lost.
        if handle.tell() and (handle.seek(-1, os.SEEK_END) or True) and handle.read(1) != b"\n":
            handle.write(b"\n")
        handle.write(text.encode())
        handle.flush()
        os.fsync(handle.fileno())


def shard_journals(path: Path) -> Path:
    """The folder of the shards' journals that belong to the journal `path`."""
    return path.with_suffix("")


def read_outcomes(path: Path) -> dict[str, Outcome]:
    """The last outcome of every clip, from the journal and the shards' ones; empty without any."""
    known = _read(path)
    for journal in sorted(shard_journals(path).glob(f"*{path.suffix}")):
        for clip_id, (written, outcome) in _read(journal).items():
            if clip_id not in known or known[clip_id][0] < written:
                known[clip_id] = written, outcome
    return {clip_id: outcome for clip_id, (_, outcome) in known.items()}


@kept_while_unchanged
def _read(path: Path) -> dict[str, tuple[float, Outcome]]:
    """When the last line of every clip was written (seconds since the epoch), and its outcome."""
    found: dict[str, tuple[float, Outcome]] = {}
    with suppress(FileNotFoundError), open(path, "rb") as handle:
        for line in handle:
            try:
                values = json.loads(line)
                written = float(values.pop("time", 0))
                outcome = _checked(values)
                found[outcome.clip_id] = written, outcome
            except (ValueError, TypeError, AttributeError, OverflowError, RecursionError):
                continue
    return found


def _checked(values: dict[str, Any]) -> Outcome:
    """Raises ValueError or TypeError for a field of another type, or no number a clip can have."""
    if not values.keys() <= KINDS.keys():  # of another version
        values = {key: values[key] for key in values.keys() & KINDS.keys()}
    for name, value in values.items():
        if type(value) not in KINDS[name]:
            raise TypeError(name)
        is_number = type(value) is int or type(value) is float
        if is_number and not (0 <= value < MOST or name == "mtime_ns"):
            raise ValueError(name)
    return Outcome(**values)
