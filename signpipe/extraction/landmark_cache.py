"""Landmarks of videos that are in no workspace, kept by content, so that none is extracted twice.

One pack a clip in `landmarks/` of the user's cache folder. A file's name is the fingerprint of all
that its landmarks depend on: the video's bytes, the settings, and what decoded and watched it.
"""

import os
import time
from contextlib import suppress
from functools import cache
from importlib.metadata import version
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.landmarks.graph import mediapipe_version
from signpipe.landmarks.holistic import EXTRACTOR
from signpipe.landmarks.pack import open_pack, write_pack
from signpipe.settings import ExtractSettings
from signpipe.workspace import TEMPORARY, cache_folder, sha256_of_values

LIMIT = 512 << 20  # bytes; some 10,000 clips
KEPT = 0.9  # of the limit, by the clips used last, when it is passed
FORGOTTEN = 3600.0  # seconds after which a file half-written was left by a killed program
CLIP = "clip"  # the clip id in the packs


class LandmarkCache:
    """Extractions by key. Whatever is wrong with the folder costs time, and is never an error."""

    def __init__(self, folder: Path | None = None, limit: int = LIMIT) -> None:
        self.folder, self._limit = folder or cache_folder() / "landmarks", limit
        self._room: int | None = None  # bytes; None until it was looked for

    def key(self, sha256: str, settings: ExtractSettings) -> str:
        """The key of a video with this SHA-256."""
        return sha256_of_values(sha256, settings_fingerprint(settings), _made_by())

    def get(self, key: str) -> Extraction | None:
        """What was put under a key, bit for bit; None if it was not, or is damaged."""
        path = self._path(key)
        if not path.exists():
            return None
        try:
            with open_pack(path) as pack:
                landmarks, known = pack.read(pack.clip_ids.index(CLIP)), pack.attributes
            os.utime(path)  # it was used now
            sizes = (int(known[name]) for name in ("width", "height", "rotation"))
            fps = float(known["fps"]) if "fps" in known else None
            return Extraction(str(known["status"]), str(known["reason"]), landmarks, fps, *sizes)
        except (SignpipeError, OSError, KeyError, ValueError, TypeError):
            with suppress(OSError):
                path.unlink()
            return None

    def put(self, key: str, extraction: Extraction) -> None:
        """Keep an extraction, if it has landmarks; those used longest ago make room for it."""
        if extraction.landmarks is None:
            return
        names = ("status", "reason", "fps", "width", "height", "rotation")
        values = {name: getattr(extraction, name) for name in names}
        known = {name: value for name, value in values.items() if value is not None}
        path = self._path(key)
        with suppress(OSError):
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)  # landmarks are of people
            write_pack(path, {CLIP: extraction.landmarks}, known)
            size = path.stat().st_size
            if self._room is None or size > self._room:
                self._room = self._make_room()
            else:
                self._room -= size

    def _path(self, key: str) -> Path:
        return self.folder / f"{key}.h5"

    def _make_room(self) -> int:
        """How many bytes there is room for, after the oldest clips above the limit were deleted."""
        packs, total = [], 0
        for entry in os.scandir(self.folder):
            status = entry.stat()
            if entry.name.endswith(TEMPORARY) and status.st_mtime < time.time() - FORGOTTEN:
                os.unlink(entry)
            elif entry.name.endswith(".h5"):
                packs.append((status.st_mtime_ns, status.st_size, entry.path))
                total += status.st_size
        if total > self._limit:
            for _, size, path in sorted(packs):
                if total <= KEPT * self._limit:
                    break
                os.unlink(path)
                total -= size
        return self._limit - total


@cache
def _made_by() -> list[str]:
    return [EXTRACTOR, mediapipe_version(), f"av {version('av')}"]
