"""Signs looked up by signing: what was shown last, and what the workspace's dictionary finds."""

import os
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from signpipe.app.clip_skeletons import PLAIN
from signpipe.app.drawable import PARTS, drawable_clip
from signpipe.app.gallery import has_video
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.landmarks.pack import Landmarks
from signpipe.workspace import Workspace

if TYPE_CHECKING:  # torch need not be loaded before somebody searches
    from signpipe.search.dictionary import Dictionary, Example, FoundSign

REMEMBERED = 20  # signs shown, that can be looked for again with other filters
TOP = 12  # signs that are found
MARGIN, NARROWEST = 0.05, 0.75  # around an example, and its least width, in picture heights


class Lookup:
    """Safe to use from threads. The dictionary is loaded when it is needed, and again when it was
    made again."""

    def __init__(self, workspace: Workspace) -> None:
        self._workspace = workspace
        self._shown: OrderedDict[str, Extraction] = OrderedDict()
        self._lock = threading.Lock()
        self._loaded: tuple[int, Dictionary] | None = None

    def exists(self) -> bool:
        """Whether there is a dictionary."""
        return self._folder.is_dir()

    def remember(self, shown: Extraction) -> str:
        """Keep what was shown for a while; the name to look it up by."""
        name = secrets.token_urlsafe(9)
        with self._lock:
            self._shown[name] = shown
            while len(self._shown) > REMEMBERED:
                self._shown.popitem(last=False)
        return name

    def watch(self, path: Path) -> str:
        """As `remember`, of a video or `.pose` file. Raises SignpipeError if it shows nobody."""
        shown = self._dictionary().watch(path)
        if shown.landmarks is None or not len(shown.landmarks):
            raise SignpipeError(f"This file cannot be used: {shown.reason or shown.status}.")
        return self.remember(shown)

    def find(self, name: str, filters: Mapping[str, Any]) -> dict[str, Any]:
        """What was shown, to draw, and the signs nearest to it with their examples.

        `filters` are the fields of `signpipe.search.dictionary.Narrowed`.
        Raises SignpipeError if it was too long ago, or there is no dictionary.
        """
        from signpipe.search.dictionary import Narrowed

        with self._lock:
            shown = self._shown.get(name)
        if shown is None or shown.landmarks is None:
            raise SignpipeError("That sign was too long ago; show it again.")
        dictionary = self._dictionary()
        found = dictionary.answer("", shown, top=TOP, narrowed=Narrowed(**filters))
        outcomes = read_outcomes(self._workspace.outcomes)
        size = {"width": shown.width or PLAIN[0], "height": shown.height or PLAIN[1]}
        return {
            "shown": {**drawable_clip(shown.landmarks), **size},
            "answer": found.answer,
            "reason": found.reason,
            "signs": [_sign(dictionary, sign, outcomes) for sign in found.signs],
        }

    def close(self) -> None:
        """Free the models."""
        with self._lock:
            if self._loaded is not None:
                self._loaded[1].close()
            self._loaded = None

    @property
    def _folder(self) -> Path:
        return self._workspace.root / "dictionary"

    def _dictionary(self) -> "Dictionary":
        from signpipe.search.dictionary import Dictionary

        if not self.exists():
            raise SignpipeError("There is no dictionary yet. Press “Make the dictionary”.")
        with self._lock:
            made = os.stat(self._folder).st_mtime_ns
            if self._loaded is None or self._loaded[0] != made:
                if self._loaded is not None:
                    self._loaded[1].close()
                self._loaded = made, Dictionary.load(self._folder, cache=False)
            return self._loaded[1]


def _sign(
    dictionary: "Dictionary", found: "FoundSign", outcomes: dict[str, Outcome]
) -> dict[str, Any]:
    examples = [_example(dictionary, example, outcomes) for example in found.examples]
    return {"sign": found.sign, "distance": round(found.distance, 3), "examples": examples}


def _example(
    dictionary: "Dictionary", example: "Example", outcomes: dict[str, Outcome]
) -> dict[str, Any]:
    entry = example.entry
    outcome = outcomes.get(entry.clip_id)
    return {
        "id": entry.clip_id,
        "signer": entry.signer,
        "clip": in_its_frame(dictionary.landmarks(example.row), entry.seconds),
        "has_video": outcome is not None and outcome.source == entry.source and has_video(outcome),
    }


def in_its_frame(landmarks: Landmarks, seconds: float) -> dict[str, Any]:
    """To draw a dictionary's skeleton, whose x are in picture heights."""
    parts = {name: getattr(landmarks, name) for name in PARTS}
    across = np.concatenate([part[..., 0].ravel() for part in parts.values()])
    left, right = (np.nanmin(across), np.nanmax(across)) if not np.isnan(across).all() else (0, 1)
    width = max(float(right - left) + 2 * MARGIN, NARROWEST)
    start = float(left + right - width) / 2
    moved = {name: part.copy() for name, part in parts.items()}
    for part in moved.values():
        part[..., 0] = (part[..., 0] - start) / width
    times = np.linspace(0, seconds, len(landmarks)) if seconds else None
    return {**drawable_clip(Landmarks(**moved, times=times)), "width": width, "height": 1}
