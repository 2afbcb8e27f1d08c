"""Files that a browser sends, into the workspace: `videos/<sign>/<signer>/<name>`.

Keypoints (.pose) go to `poses/` in the same way. A clip without a sign lies in `_`, one without a
signer in its sign's folder. A file appears under its name once it is whole.
"""

import asyncio
import csv
import io
import os
import secrets
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain, count
from pathlib import Path

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import printable
from signpipe.video.read import VIDEO_SUFFIXES
from signpipe.workspace import (
    TEMPORARY,
    Workspace,
    remove_temporaries,
    sha256_of_file,
    write_text,
)

VIDEOS, POSES, NO_SIGN_FOLDER = "videos", "poses", "_"
POSE_SUFFIX = ".pose"
SUFFIXES = VIDEO_SUFFIXES | {POSE_SUFFIX}
LARGEST = 2 << 30  # bytes of a file
LAYOUTS: Mapping[str, tuple[str, ...]] = {  # what folders are, from the inner to the outer one
    "sign": ("sign",),
    "sign/signer": ("signer", "sign"),
    "signer/sign": ("sign", "signer"),
    "none": (),
}


@dataclass(frozen=True)
class Upload:
    """A file's name, and the sign and signer it shows, "" where they are not known."""

    name: str
    sign: str = ""
    signer: str = ""

    @classmethod
    def of(cls, path: str, layout: str, sign: str, signer: str) -> "Upload":
        """Of a path with folders in it, which are what `layout` says where nothing is given.

        Raises SignpipeError if it is neither a video nor .pose by its name.
        """
        *folders, name = path.replace("\\", "/").split("/")
        if os.path.splitext(name)[1].lower() not in SUFFIXES:
            raise SignpipeError(f"{name!r} is neither a video nor a .pose file.")
        if layout not in LAYOUTS:
            raise SignpipeError(f"not understood: folders are {layout!r}")
        of = dict(zip(LAYOUTS[layout], reversed(folders), strict=False))
        return cls(name, sign or of.get("sign", ""), signer or of.get("signer", ""))

    def folder(self, workspace: Workspace) -> Path:
        """Where it belongs. Raises SignpipeError if a link there leads out of the workspace."""
        kind = POSES if self.name.lower().endswith(POSE_SUFFIX) else VIDEOS
        parts = [kind, _component(self.sign) or NO_SIGN_FOLDER]
        parts += [_component(self.signer)] if self.signer else []
        folder = workspace.root.joinpath(*parts)
        if not folder.resolve().is_relative_to(workspace.root.resolve()):
            raise SignpipeError(f"{folder} leads out of the workspace; remove the link")
        return folder

    def names(self) -> Iterator[str]:
        """File names it may have, the best one first."""
        stem, ending = os.path.splitext(self.name)
        stem = _component(stem) or "clip"
        return chain([stem + ending.lower()], (f"{stem}-{n}{ending.lower()}" for n in count(2)))


def _component(name: str) -> str:
    return safe(name.replace("/", "_").replace("\\", "_"))


def clear_unfinished(workspace: Workspace) -> None:
    """Delete what uploads that were cut off have left, unless another one is under way."""
    with suppress(SignpipeError, OSError), workspace.lock("uploads"):
        for kind in (VIDEOS, POSES):
            remove_temporaries(workspace.root / kind)


async def store(workspace: Workspace, upload: Upload, content: AsyncIterator[bytes]) -> str:
    """Write a file; its path in the workspace. One that is there already is not kept twice.

    Raises SignpipeError if it is empty or too large, OSError if it cannot be written.
    """
    folder = upload.folder(workspace)
    with workspace.lock("uploads", shared=True, wait=True):
        folder.mkdir(parents=True, exist_ok=True)
        temporary = folder / f".{secrets.token_hex(8)}{TEMPORARY}"
        try:
            with open(temporary, "xb") as file:
                async for chunk in content:
                    file.write(chunk)
                    if file.tell() > LARGEST:
                        raise SignpipeError(f"{upload.name!r} is larger than {LARGEST >> 30} GB.")
                if not file.tell():
                    raise SignpipeError(f"{upload.name!r} is empty.")
                file.flush()
                os.fsync(file.fileno())
            place = await asyncio.to_thread(_place, workspace, temporary, folder, upload)
        finally:
            temporary.unlink(missing_ok=True)
    return printable(place.relative_to(workspace.root).as_posix())


def _place(workspace: Workspace, temporary: Path, folder: Path, upload: Upload) -> Path:
    """Give a whole file its name, unless the same one is there."""
    with workspace.lock("places", wait=True):  # else two of one name could both find it free
        places = (folder / name for name in upload.names())
        place = next(one for one in places if not one.exists() or _are_same(one, temporary))
        if not place.exists():
            temporary.rename(place)
    return place


def _are_same(one: Path, other: Path) -> bool:
    same_size = one.stat().st_size == other.stat().st_size
    return same_size and sha256_of_file(one) == sha256_of_file(other)


def new_labels(workspace: Workspace, kind: str) -> Path | None:
    """Write a labels file of the uploads that have no row in the clip table; None if all have one.

    What a person has changed of others since is so left as it is.
    """
    root = workspace.root.resolve() / kind
    known = {clip.source for clip in read_clips(workspace.clips).values()}
    rows = [
        (printable(path.relative_to(root).as_posix()), *_said_by_folders(path.relative_to(root)))
        for path in uploaded(workspace, kind)
        if printable(str(path)) not in known
    ]
    if not rows:
        return None
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows([("path", "label", "signer"), *rows])
    file = root / "labels.csv"
    write_text(file, text.getvalue())
    return file


def uploaded(workspace: Workspace, kind: str) -> list[Path]:
    """The files there are of a kind, `videos` or `poses`, in order."""
    endings = VIDEO_SUFFIXES if kind == VIDEOS else {POSE_SUFFIX}
    root = workspace.root.resolve() / kind
    return sorted(
        path
        for path in root.rglob("*")
        if path.suffix.lower() in endings and not path.name.startswith(".")
    )


def _said_by_folders(path: Path) -> tuple[str, str]:
    folders = [*path.parts[:-1], "", ""][:2]
    return "" if folders[0] == NO_SIGN_FOLDER else folders[0], folders[1]
