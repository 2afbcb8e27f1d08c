"""A dictionary to keep: loaded once, it finds the signs nearest to any number of clips."""

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from signpipe.answers import NONE_OF_THESE
from signpipe.cliptable import USABLE
from signpipe.extraction.clip import Extraction
from signpipe.extraction.clip_watcher import ClipWatcher, WatchesClips
from signpipe.landmarks.pack import Landmarks
from signpipe.live.signed_part import signed_part
from signpipe.parts.normalise import to_keypoints
from signpipe.search.dictionary_folder import Contents, check_encoder, read_contents
from signpipe.search.embedder import Embedder
from signpipe.search.entries import Entry
from signpipe.search.skeletons import Skeleton, landmarks_of
from signpipe.training.nearest_signs import NearestSigns, signer_numbers

NO_HANDS = "no hand is seen in it"


@dataclass(frozen=True)
class Example:
    """A clip of the dictionary and its distance, from 0 on; `row` is its place there."""

    entry: Entry
    distance: float
    row: int


@dataclass(frozen=True)
class FoundSign:
    """A sign, its distance, and up to three of its clips to look at, the nearest first.

    The clips are by different signers, if any are. The distance is a mean of the nearest two, see
    `signpipe.training.nearest_signs`.
    """

    sign: str
    distance: float
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Narrowed:
    """Which clips are to be looked through; None is any. See `signpipe.search.traits`."""

    hands: int | None = None
    place: str | None = None
    movement: str | None = None


@dataclass(frozen=True)
class SearchResult:
    """`signs` are the nearest first; none if status is no good, or no hand was seen.

    `status` is as in the clip table: ok, truncated, nobody, empty, unreadable, failed; `reason`
    says in words what there is to say. `answer` is the nearest sign, or "none of these" where none
    is close enough, which is not known of every dictionary; None if there are no signs. `sheet` is
    the picture of it, where one was asked for and could be made.
    """

    clip: str
    status: str
    reason: str
    signs: tuple[FoundSign, ...]
    answer: str | None = None
    sheet: Path | None = None


class Dictionary(WatchesClips):
    """A dictionary with its encoder loaded; its clips are mapped, not read.

    Safe to use from several threads: they search at the same time and take turns at watching
    videos. A new version that is written meanwhile is not seen. Close it, or use it in a `with`, to
    free MediaPipe's memory.
    """

    def __init__(
        self, folder: Path, contents: Contents, embedder: Embedder, *, cache: bool = True
    ) -> None:
        self.folder, self.card, self.entries = folder, contents.card, contents.entries
        labels = [entry.label for entry in contents.entries]
        names, signs = np.unique(np.array(labels, dtype=object), return_inverse=True)
        self.signs: tuple[str, ...] = tuple(names)
        self._skeletons, self._embedder = contents.skeletons, embedder
        signers = signer_numbers([entry.signer for entry in contents.entries])
        self._nearest = NearestSigns(contents.features, signs, signers, contents.sequences)
        self._watcher = ClipWatcher(contents.card.extract, cache=cache)
        self._traits = {
            name: np.array([getattr(entry, name) for entry in contents.entries])
            for name in ("hands", "place", "movement")
        }

    @classmethod
    def load(cls, folder: Path | str, *, cache: bool = True) -> "Dictionary":
        """Load a folder that `signpipe index` has made.

        With `cache` the landmarks of videos are kept in the user's cache folder. Raises
        SignpipeError if the folder is missing, damaged, or of another encoder or version.
        """
        folder = Path(folder)
        contents = read_contents(folder)
        embedder = Embedder(check_encoder(folder, contents.card))
        contents.check_width(folder, embedder.width)
        return cls(folder, contents, embedder, cache=cache)

    def search(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        top: int | None = 10,
        narrowed: Narrowed = Narrowed(),
    ) -> tuple[FoundSign, ...]:
        """The signs nearest to T > 0 frames, the `top` ones or all; none if no hand is seen.

        Only the part between rest and rest counts. `width` and `height` are the picture's, in
        pixels; without them it is taken for 4:3. Raises ValueError for no frames.
        """
        if not len(landmarks):
            raise ValueError("there are no frames to search by")
        part = signed_part(landmarks, width, height)
        if part is None:
            return ()
        keypoints = to_keypoints(part, self._embedder.card.prepare, width, height)
        features, sequences = self._embedder.rows([keypoints])
        allowed = self._allowed(narrowed)
        near = self._nearest.find(features[0], sequences[0], top=top, allowed=allowed)
        return tuple(
            FoundSign(
                self.signs[one.sign],
                one.distance,
                tuple(Example(self.entries[row], far, row) for row, far in one.clips),
            )
            for one in near
        )

    def is_close(self, signs: tuple[FoundSign, ...]) -> bool:
        """Whether the nearest of the signs that were found is close enough to be the one meant.

        True as well where the dictionary does not know from where on it is not.
        """
        return bool(signs) and not self.card.rejection.rejects([signs[0].distance])[0]

    def watch(self, path: os.PathLike[str] | str) -> Extraction:
        """The landmarks of a video or `.pose` file, to be searched by, never raised for what it is.

        Raises SignpipeError if mediapipe cannot be loaded.
        """
        return self._watcher.extract(Path(path))

    def search_clip(
        self, path: Path | str, *, top: int | None = 10, narrowed: Narrowed = Narrowed()
    ) -> SearchResult:
        """The signs nearest to a video or `.pose` file.

        Never raises for what is in the file. Raises SignpipeError if mediapipe cannot be loaded.
        """
        return self.answer(str(path), self.watch(path), top=top, narrowed=narrowed)

    def answer(
        self,
        clip: str,
        extraction: Extraction,
        *,
        top: int | None = 10,
        narrowed: Narrowed = Narrowed(),
    ) -> SearchResult:
        """The result for a clip that was extracted already."""
        status, reason, landmarks = extraction.status, extraction.reason, extraction.landmarks
        if status not in USABLE or landmarks is None:
            return SearchResult(clip, status, reason, ())
        size = {"width": extraction.width, "height": extraction.height}
        signs = self.search(landmarks, **size, top=top, narrowed=narrowed)
        if not signs:
            nothing = (
                NO_HANDS if self._allowed(narrowed) is None else f"{NO_HANDS}, or no sign fits"
            )
            return SearchResult(clip, status, "; ".join(filter(None, (reason, nothing))), ())
        answer = signs[0].sign if self.is_close(signs) else NONE_OF_THESE
        return SearchResult(clip, status, reason, signs, answer)

    def skeleton(self, row: int) -> Skeleton:
        """32 moments of a clip (32, 49, 2): x, y in picture heights, NaN where not seen."""
        return np.array(self._skeletons[row])

    def landmarks(self, row: int) -> Landmarks:
        """The same as landmarks, of a picture that is as wide as it is high."""
        return landmarks_of(self.skeleton(row))

    def _allowed(self, narrowed: Narrowed) -> NDArray[np.bool_] | None:
        asked = {name: getattr(narrowed, name) for name in self._traits}
        chosen = [self._traits[n] == value for n, value in asked.items() if value is not None]
        return np.logical_and.reduce(chosen) if chosen else None
