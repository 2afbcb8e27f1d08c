"""The clips a person names: videos, `.pose` files, folders of both, clip ids of a workspace."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.video.read import find_videos
from signpipe.workspace import Workspace, as_paths

POSE = ".pose"


@dataclass(frozen=True)
class GivenClip:
    """A file, or with `stored` a clip that the workspace has; `name` is what it is called.

    `path` need not exist: what cannot be read is an outcome like others.
    """

    name: str
    path: Path
    stored: Outcome | None = None

    @property
    def is_pose(self) -> bool:
        return is_pose(self.path)


def is_pose(path: Path) -> bool:
    """Whether a file's name says that it is a `.pose` file."""
    return path.suffix.lower() == POSE


def given_clips(
    words: Path | str | Sequence[Path | str], workspace: Workspace | None = None
) -> list[GivenClip]:
    """Every clip of what was given, in that order; folders are searched.

    A word that is no path may be the id of a clip of `workspace`.
    """
    outcomes: dict[str, Outcome] | None = None
    clips: list[GivenClip] = []
    for path in as_paths(words):
        if path.is_dir():
            clips += _in_folder(path)
            continue
        stored = None
        if workspace is not None and not path.exists():
            outcomes = read_outcomes(workspace.outcomes) if outcomes is None else outcomes
            stored = outcomes.get(str(path))
        clips.append(GivenClip(str(path), Path(stored.source) if stored else path, stored))
    return clips


def some_clips(
    words: Path | str | Sequence[Path | str], workspace: Workspace | None = None
) -> list[GivenClip]:
    """As `given_clips`. Raises SignpipeError if it is none."""
    clips = given_clips(words, workspace)
    if not clips:
        named = ", ".join(map(str, as_paths(words))) or "nothing"
        raise SignpipeError(f"there is no video in {named}; name videos, .pose files or folders")
    return clips


def names_of(clips: Sequence[GivenClip]) -> list[str]:
    """What a file made of each clip may be called, without its ending; no two are the same."""
    names = [clip.name.replace("/", "-") if clip.stored else clip.path.stem for clip in clips]
    if len(set(names)) < len(names):
        names = [f"{number:04d}-{name}" for number, name in enumerate(names, start=1)]
    return names


def _in_folder(folder: Path) -> Iterator[GivenClip]:
    videos = [video.path for video in find_videos([folder])]
    poses = [
        Path(place, name)
        for place, _, names in os.walk(folder)
        for name in names
        if is_pose(Path(name)) and not name.startswith(".")
    ]
    yield from (GivenClip(str(path), path) for path in sorted([*videos, *poses]))
