"""Whether another machine sees the folders of this one, and would make the same landmarks."""

import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.workspace import TEMPORARY

PACKAGES = ("signpipe", "mediapipe", "av")  # on which landmarks and packs depend


@dataclass(frozen=True)
class SharedFolder:
    """`token` lies in the workspace while it is shared, all videos lie below `videos`."""

    token: Path
    videos: str
    versions: tuple[tuple[str, str], ...]

    def is_shared(self) -> bool:
        """Whether the run that shares the folder goes on."""
        return self.token.exists()

    def check(self) -> None:
        """Raises SignpipeError if the machine it is called on lacks or differs in something."""
        if not self.is_shared():
            raise SignpipeError(
                f"{self.token.parent} is not the folder it is where signpipe was started; every "
                "machine must see the workspace under the same path"
            )
        if not os.path.isdir(self.videos):
            raise SignpipeError(
                f"there is no folder {self.videos}; every machine must see the videos under the "
                "same path"
            )
        for (name, here), (_, there) in zip(_versions(), self.versions, strict=True):
            if here != there:
                raise SignpipeError(
                    f"{name} is {here} and, where signpipe was started, {there}; install the same "
                    "on every machine"
                )


@contextmanager
def share(folder: Path, sources: Sequence[str]) -> Iterator[SharedFolder]:
    """Mark the folder for as long as other machines work in it. Raises OSError."""
    folder.mkdir(parents=True, exist_ok=True)
    # Named like something half-written, so that it does not survive a kill for long.
    token = folder / f".{secrets.token_hex(8)}{TEMPORARY}"
    token.touch()
    try:
        videos = os.path.commonpath([os.path.dirname(source) for source in sources] or ["/"])
        yield SharedFolder(token, videos, _versions())
    finally:
        token.unlink(missing_ok=True)


def _versions() -> tuple[tuple[str, str], ...]:
    python = ".".join(map(str, sys.version_info[:2]))
    return ("python", python), *((name, _version(name)) for name in PACKAGES)


def _version(name: str) -> str:
    try:
        return version(name)
    except PackageNotFoundError:
        return "missing"
