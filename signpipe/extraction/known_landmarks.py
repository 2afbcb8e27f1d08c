"""Landmarks for which no video is watched: a workspace's, the cache's, a `.pose` file's."""

import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.extraction.given_clips import GivenClip
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.limited import LimitedReader
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.pool import Lost
from signpipe.extraction.stored import stored_extraction
from signpipe.landmarks.formats.foreign import UnreadableClip, judge
from signpipe.landmarks.formats.pose_files import read_pose
from signpipe.landmarks.graph import mediapipe_version
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace, sha256_of_version


@dataclass(frozen=True)
class Version:
    """A file as it was when it was looked up."""

    size: int
    mtime_ns: int
    sha256: str


class KnownLandmarks:
    """Finds what is known of clips, and keeps what was extracted meanwhile in the `cache`.

    Of a workspace only clips count that were extracted with the same `settings`, but for those
    that were asked for by id. Safe to use from several threads.
    """

    def __init__(
        self,
        settings: ExtractSettings,
        workspace: Workspace | None = None,
        cache: LandmarkCache | None = None,
    ) -> None:
        self.settings, self.workspace, self._cache = settings, workspace, cache
        self._versions: dict[Path, Version] = {}
        self._poses = LimitedReader(_pose)

    @classmethod
    def of(
        cls,
        settings: ExtractSettings | None,
        workspace: Workspace | None = None,
        cache: bool = True,
    ) -> "KnownLandmarks":
        """By the usual settings, where there are none; with the user's `cache`, or without."""
        return cls(settings or ExtractSettings(), workspace, LandmarkCache() if cache else None)

    def find(self, clip: GivenClip) -> Extraction | None:
        """The clip's extraction, whatever became of it; None if its video is to be watched."""
        if clip.stored is not None:
            return self._stored(clip.stored)
        if not clip.path.exists():
            return Extraction("unreadable", self._nothing())
        if clip.is_pose:
            found = self._poses.read(clip.path)
            return Extraction("failed", found.reason) if isinstance(found, Lost) else found
        if self._cache is None:
            return None
        try:
            status = clip.path.stat()
            sha256 = sha256_of_version(clip.path, status.st_size, status.st_mtime_ns)
        except OSError:
            return None  # who watches it will say what is wrong with it
        self._versions[clip.path] = Version(status.st_size, status.st_mtime_ns, sha256)
        return self._cache.get(self._cache.key(sha256, self.settings)) or self._same(sha256)

    def keep(self, clip: GivenClip, extraction: Extraction) -> None:
        """Keep what was extracted, if the file did not change since it was looked for."""
        known = self._versions.get(clip.path)
        if self._cache is None or known is None:
            return
        try:
            status = os.stat(clip.path)
        except OSError:
            return
        if (status.st_size, status.st_mtime_ns) == (known.size, known.mtime_ns):
            self._cache.put(self._cache.key(known.sha256, self.settings), extraction)

    def _nothing(self) -> str:
        if self.workspace is None or not self.workspace.outcomes.exists():
            return "there is no such file"
        return f"there is no such file, and no such clip in {self.workspace.root}"

    def _same(self, sha256: str) -> Extraction | None:
        """Of a clip of the workspace that has the same bytes."""
        if self.workspace is None or sha256 not in self._extracted:
            return None
        try:
            outcome = self._extracted[sha256]
            return stored_extraction(self.workspace, outcome, mediapipe_version())
        except SignpipeError:
            return None

    @cached_property
    def _extracted(self) -> dict[str, Outcome]:
        """The workspace's whole videos by SHA-256."""
        assert self.workspace is not None
        made_with = settings_fingerprint(self.settings)
        outcomes = read_outcomes(self.workspace.outcomes).values()
        whole = (o for o in outcomes if o.pack and o.sha256 and not o.segment)
        return {o.sha256: o for o in whole if o.settings == made_with}

    def _stored(self, outcome: Outcome) -> Extraction:
        assert self.workspace is not None
        try:
            return stored_extraction(self.workspace, outcome)
        except SignpipeError as error:
            return Extraction("failed", str(error))


def timed_pose(path: Path) -> Extraction:
    """A `.pose` file's landmarks with times. Raises SignpipeError if it cannot be read or has no
    frame rate."""
    found = KnownLandmarks(ExtractSettings()).find(GivenClip(str(path), path))
    assert found is not None
    if found.landmarks is None:
        raise SignpipeError(f"{path}: {found.reason}")
    if found.landmarks.times is None:
        raise SignpipeError(f"{path} does not say how many frames a second it has")
    return found


def _pose(path: Path) -> Extraction:
    try:
        found = read_pose(path)
    except UnreadableClip as error:
        return Extraction("unreadable", str(error))
    except OSError as error:
        return Extraction("failed", f"the file cannot be read: {error.strerror or error}")
    except SignpipeError as error:
        return Extraction("failed", str(error))
    status, reason = judge(found.landmarks)
    return Extraction(status, reason, found.landmarks, found.fps, found.width, found.height)
