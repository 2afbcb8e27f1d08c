"""One of the parts of an extraction that several machines share: its clips, journal and locks."""

import fcntl
import hashlib
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import shard_journals
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class Shard:
    """Part `number`, from 1, of `count`. Which clips it has, their ids alone decide."""

    number: int
    count: int

    def __str__(self) -> str:
        return f"{self.number}/{self.count}"

    @property
    def name(self) -> str:
        """As `__str__`, usable in a file's name."""
        return f"{self.number}-of-{self.count}"

    def has(self, clip_id: str) -> bool:
        """Whether the clip is this shard's."""
        digest = hashlib.sha256(clip_id.encode("utf-8", "surrogateescape")).digest()
        return int.from_bytes(digest[:8]) % self.count == self.number - 1

    def journal(self, workspace: Workspace) -> Path:
        """The journal that it alone writes."""
        return shard_journals(workspace.outcomes) / f"{self.name}.jsonl"


def parse_shard(text: str) -> Shard:
    """`3/8` as a shard. Raises SignpipeError for what is none."""
    match = re.fullmatch(r"([1-9]\d{0,6})/([1-9]\d{0,6})", text)
    if match is None or int(match[1]) > int(match[2]):
        raise SignpipeError(
            f"--shard {text} is no part of a whole; give I/N with I from 1 to N, such as 3/8"
        )
    return Shard(int(match[1]), int(match[2]))


@contextmanager
def hold(workspace: Workspace, shard: Shard | None) -> Iterator[None]:
    """Hold the workspace for an extraction, or together with other shards of the same count.

    Raises SignpipeError if a whole run, the same shard or one of another count holds it.
    """
    if shard is None:
        with workspace.lock("extract"):
            yield
        return
    with workspace.lock("extract", shared=True), workspace.lock(f"extract-{shard.name}"):
        # Each first holds its own lock and then looks at the others': of two that start at once,
        # at least one sees the other.
        for path in workspace.root.glob(".extract-*-of-*.lock"):
            if not path.name.endswith(f"-of-{shard.count}.lock") and _is_held(path):
                other = path.name.removeprefix(".extract-").removesuffix(".lock")
                raise SignpipeError(
                    f"shard {other.replace('-of-', '/')} is being extracted into {workspace.root}; "
                    f"wait for it before you split the work into {shard.count}"
                )
        yield


def _is_held(path: Path) -> bool:
    with open(path) as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False
