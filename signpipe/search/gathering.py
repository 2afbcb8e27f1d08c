"""Videos, packs and `.pose` files of a folder, into a workspace that a dictionary is made from."""

import os
from collections.abc import Sequence
from pathlib import Path

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import extract, import_keypoints
from signpipe.extraction.detect_format import detect_format
from signpipe.extraction.layouts import Layout
from signpipe.extraction.outcomes import read_outcomes
from signpipe.progress import note
from signpipe.video.read import VIDEO_SUFFIXES, find_videos
from signpipe.wording import counted
from signpipe.workspace import Workspace, as_paths


def gather(
    workspace: Workspace,
    paths: Sequence[Path | str],
    *,
    labels: Path | str | None = None,
    layout: Layout | None = None,
    workers: int | None = None,
) -> set[str]:
    """Extract and import what is new in `paths`; the ids of all their clips.

    Labels come from the file `labels`, or from the folders that clips lie in, or from what a format
    itself tells. Raises SignpipeError if there is neither a video nor a file of keypoints.
    """
    given = as_paths(list(paths))
    videos = [path for path in given if _has_videos(path)]
    keypoints = [path for path in given if _has_keypoints(path, path in videos)]
    if not videos and not keypoints:
        raise SignpipeError(
            f"there is no video, pack or .pose file in {', '.join(map(str, given))}; name others"
        )
    if videos:
        done = extract.run(workspace, videos, labels=labels, layout=layout, workers=workers)
        _tell(len(done.failures), "video")
    if keypoints:
        taken = import_keypoints.run(workspace, keypoints, labels=labels, layout=layout)
        _tell(len(taken.failures), "file")
        for why in taken.refused:
            note(f"left out: {why}")
    return _clips_below(workspace, [Path(os.path.realpath(path)) for path in given])


def _has_videos(path: Path) -> bool:
    if not path.exists():
        raise SignpipeError(f"there is no file or folder {str(path)!r}; check the path")
    if path.is_file():
        return path.suffix.lower() in VIDEO_SUFFIXES
    return bool(find_videos([path]))


def _has_keypoints(path: Path, has_videos: bool) -> bool:
    if path.is_file():
        return not has_videos
    try:
        detect_format([path])
    except SignpipeError:
        return False
    return True


def _clips_below(workspace: Workspace, places: Sequence[Path]) -> set[str]:
    """Clips of the workspace whose file is there, in one of these places."""
    table, found = read_clips(workspace.clips), set()
    for clip_id, outcome in read_outcomes(workspace.outcomes).items():
        source = Path(outcome.source)
        inside = any(source == place or source.is_relative_to(place) for place in places)
        if inside and clip_id in table and source.exists():
            found.add(clip_id)
    return found


def _tell(failures: int, kind: str) -> None:
    if failures:
        note(f"{counted(failures, kind)} could not be used; `signpipe status` names them")
