"""A recogniser to keep: loaded once, it names the signs of any number of clips."""

import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import USABLE
from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.extraction.given_clips import GivenClip
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.landmarks.holistic import Holistic
from signpipe.landmarks.pack import Landmarks
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import ExtractSettings

# What loads torch is imported where it is needed: workers can start meanwhile.
if TYPE_CHECKING:
    from signpipe.model.stream_classifiers import StreamClassifiers

Signs = tuple[tuple[str, float], ...]  # (sign, probability in [0, 1]), the likeliest first

# Of all recognisers together: threads gain MediaPipe nothing, and its chatter on stderr is silenced
# for the whole process.
_EXTRACTING = threading.Lock()


@dataclass(frozen=True)
class Prediction:
    """`signs` are (sign, probability in [0, 1]), the likeliest first; none if status is no good.

    `status` is as in the clip table: ok, truncated, nobody, empty, unreadable, failed. `overlay` is
    the video with skeleton and answer, where one was asked for and could be made.
    """

    clip: str
    status: str
    reason: str
    signs: Signs
    overlay: Path | None = None


class Recognizer:
    """A recogniser with its models loaded: the classifier now, MediaPipe with the first video.

    Safe to use from several threads: they classify at the same time and take turns at watching
    videos. It prints nothing. Close it, or use it in a `with`, to free MediaPipe's memory.
    """

    def __init__(
        self, model: "StreamClassifiers", card: RecognizerCard, *, cache: bool = True
    ) -> None:
        self.card = card
        self._model = model.eval()
        self._settings = card.extract or ExtractSettings()
        self._known = KnownLandmarks(self._settings, cache=LandmarkCache() if cache else None)
        self._holistic: Holistic | None = None

    @classmethod
    def load(cls, folder: Path | str, *, cache: bool = True) -> "Recognizer":
        """Load the folder `recognizer/` of a fine-tuning run, or a copy of it.

        With `cache` the landmarks of videos are kept in the user's cache folder. Raises
        SignpipeError if the folder is missing, damaged, or of another layout or version.
        """
        from signpipe.model.stream_classifiers import load_recognizer

        return cls(*load_recognizer(Path(folder)), cache=cache)

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs it has learned."""
        return self.card.signs

    def predict(self, path: Path | str, *, top: int | None = 5) -> Prediction:
        """Name the sign of a video or `.pose` file; the `top` likeliest ones, or all for None.

        Never raises for what is in the file. Raises SignpipeError if mediapipe cannot be loaded.
        """
        return self.answer(str(path), self.extract(path), top=top)

    def predict_landmarks(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        top: int | None = None,
    ) -> Signs:
        """(sign, probability) of T > 0 frames, the likeliest first; all, or the `top` ones.

        `width` and `height` are the picture's, in pixels; without them it is taken for 4:3. Raises
        ValueError for no frames.
        """
        from signpipe.model.stream_classifiers import final
        from signpipe.training.scoring import score

        parts = self._parts(landmarks, width, height)
        logits = score(self._model, parts, np.zeros(1, np.int64), self.card.encoder.frames)
        answer = final(logits, self.card.joint_weight)[0].astype(np.float64)
        shares = np.exp(answer - answer.max())
        shares /= shares.sum()
        order = np.argsort(-shares, kind="stable")[:top]
        return tuple((self.signs[i], float(shares[i])) for i in order)

    def embed(
        self, landmarks: Landmarks, *, width: int | None = None, height: int | None = None
    ) -> NDArray[np.float32]:
        """(D,) float32 of length 1: what the encoders say of T > 0 frames.

        The inner product of two is their likeness, in [-1, 1]: of joint and motion the mean, by the
        recogniser's own weights. Sizes and errors as in `predict_landmarks`.
        """
        from signpipe.training.features import embed, join, unit

        parts = self._parts(landmarks, width, height)
        encoders, settings = self._model.encoders, self.card.encoder
        features = unit(embed(encoders, parts, np.zeros(1, np.int64), settings))
        return list(join(features, self.card.joint_weight).values())[-1][0]

    def extract(self, path: Path | str) -> Extraction:
        """Landmarks, picture's size and status of a video or `.pose` file, as `predict` sees it."""
        clip = GivenClip(str(path), Path(path))
        with _EXTRACTING:
            found = self._known.find(clip)
            if found is None:
                self._holistic = self._holistic or Holistic(self._settings)
                found = extract_clip(clip.path, self._holistic)
                self._known.keep(clip, found)
        return found

    def answer(self, clip: str, extraction: Extraction, *, top: int | None = 5) -> Prediction:
        """The prediction for a clip that was extracted already."""
        status, reason, landmarks = extraction.status, extraction.reason, extraction.landmarks
        if status not in USABLE or landmarks is None:
            return Prediction(clip, status, reason, ())
        width, height = extraction.width, extraction.height
        signs = self.predict_landmarks(landmarks, width=width, height=height, top=top)
        return Prediction(clip, status, reason, signs)

    def close(self) -> None:
        """Free MediaPipe; the next video loads it again."""
        with _EXTRACTING:
            if self._holistic is not None:
                self._holistic.close()
                self._holistic = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _parts(self, landmarks: Landmarks, width: int | None, height: int | None) -> Parts:
        if not len(landmarks):
            raise ValueError("there are no frames to look at")
        return Parts.of({"clip": to_keypoints(landmarks, self.card.prepare, width, height)})
