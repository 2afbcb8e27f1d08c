"""One clip after the other to its landmarks, by a MediaPipe that is loaded with the first video."""

import threading
from pathlib import Path
from typing import Self

from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.given_clips import GivenClip
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.landmarks.holistic import Holistic
from signpipe.settings import ExtractSettings

# Of all watchers together: threads gain MediaPipe nothing, and its chatter on stderr is silenced
# for the whole process.
_EXTRACTING = threading.Lock()


class ClipWatcher:
    """Safe to use from several threads, which take turns. Close it to free MediaPipe's memory.

    With `cache` the landmarks of videos are kept in the user's cache folder.
    """

    def __init__(self, settings: ExtractSettings | None = None, *, cache: bool = True) -> None:
        self._settings = settings or ExtractSettings()
        self._known = KnownLandmarks.of(self._settings, cache=cache)
        self._holistic: Holistic | None = None

    def extract(self, path: Path | str) -> Extraction:
        """Landmarks, picture's size and status of a video or `.pose` file.

        Never raises for what is in the file. Raises SignpipeError if mediapipe cannot be loaded.
        """
        clip = GivenClip(str(path), Path(path))
        with _EXTRACTING:
            found = self._known.find(clip)
            if found is None:
                self._holistic = self._holistic or Holistic(self._settings)
                found = extract_clip(clip.path, self._holistic)
                self._known.keep(clip, found)
        return found

    def close(self) -> None:
        """Free MediaPipe; the next video loads it again."""
        with _EXTRACTING:
            if self._holistic is not None:
                self._holistic.close()
                self._holistic = None


class WatchesClips:
    """Something that watches clips by a `ClipWatcher` of its own, and is closed with it."""

    _watcher: ClipWatcher

    def close(self) -> None:
        """Free MediaPipe; the next video loads it again."""
        self._watcher.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()
