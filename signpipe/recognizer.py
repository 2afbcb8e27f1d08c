"""A recogniser to keep: loaded once, it names the signs of any number of clips."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from signpipe.answers import NONE_OF_THESE, NOT_SIGNING, Answer, Signs
from signpipe.cliptable import USABLE
from signpipe.extraction.clip import Extraction
from signpipe.extraction.clip_watcher import ClipWatcher, WatchesClips
from signpipe.landmarks.pack import Landmarks
from signpipe.live.at_rest import hands_rest
from signpipe.model.calibration import softmax
from signpipe.model.hub import local_folder
from signpipe.model.onnx_graph import OnnxGraph, is_onnx
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.model.rejection import Rejection, unknownness
from signpipe.training.clip_scorers import ClipScorer, OnnxScorer, Size, TorchScorer

if TYPE_CHECKING:
    from signpipe.live.left_out_report import TeachingReport
    from signpipe.live.takes import Take
    from signpipe.live.taught_scorer import TaughtScorer


@dataclass(frozen=True)
class Prediction:
    """`signs` are (sign, probability in [0, 1]), the likeliest first; none if status is no good.

    `status` is as in the clip table: ok, truncated, nobody, empty, unreadable, failed. `overlay` is
    the video with skeleton and answer, where one was asked for and could be made. `answer` is the
    sign, or "none of these" or "not signing"; None if status is no good.
    """

    clip: str
    status: str
    reason: str
    signs: Signs
    overlay: Path | None = None
    answer: str | None = None


class Recognizer(WatchesClips):
    """A recogniser with its models loaded: the classifier now, MediaPipe with the first video.

    Safe to use from several threads: they classify at the same time and take turns at watching
    videos. It prints nothing. Close it, or use it in a `with`, to free MediaPipe's memory.
    """

    def __init__(self, scorer: ClipScorer, card: RecognizerCard, *, cache: bool = True) -> None:
        self._card = card
        self._scorer = scorer
        self._watcher = ClipWatcher(card.extract, cache=cache)

    @classmethod
    def load(cls, path: Path | str, *, cache: bool = True) -> "Recognizer":
        """Load the folder `recognizer/` of a fine-tuning run, a taught folder, or an ONNX file.

        Of a taught folder it is a `TaughtRecognizer`. An ONNX file is run by onnxruntime, without
        torch. With `cache` the landmarks of videos are kept in the user's cache folder. Raises
        SignpipeError if the folder or file is missing, damaged, or of another layout or version.
        """
        path = local_folder(path)
        # What loads torch is imported where it is needed: workers can start meanwhile.
        if is_onnx(path):
            graph = OnnxGraph(path)
            return OnnxRecognizer(OnnxScorer(graph), graph.card, cache=cache)
        if read_card(path).kind == "taught":
            return TaughtRecognizer.load(path, cache=cache)
        from signpipe.model.stream_classifiers import load_recognizer

        model, card = load_recognizer(path)
        return cls(TorchScorer(model, card), card, cache=cache)

    @property
    def card(self) -> RecognizerCard:
        """What it says of itself."""
        return self._card

    @property
    def signs(self) -> tuple[str, ...]:
        """The signs it has learned."""
        return self.card.signs

    def predict(self, path: Path | str, *, top: int | None = 5, always: bool = False) -> Prediction:
        """Name the sign of a video or `.pose` file; the `top` likeliest ones, or all for None.

        `always` as in `decide`. Never raises for what is in the file. Raises SignpipeError if
        mediapipe cannot be loaded.
        """
        return self.answer(str(path), self.extract(path), top=top, always=always)

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
        return self.decide(landmarks, width=width, height=height).signs[:top]

    def decide(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        always: bool = False,
    ) -> Answer:
        """The sign of T > 0 frames, or "none of these", or "not signing" if the hands rest too.

        With `always` it is the likeliest sign in any case. Sizes and errors as in
        `predict_landmarks`.
        """
        logits = self._scorer.logits(*_given(landmarks, width, height))
        rejection = self.card.rejection or Rejection()
        signs = self._ranked(softmax(logits / rejection.temperature)[0])
        unknown = unknownness(logits, rejection.score, rejection.temperature)
        if not always and rejection.rejects(unknown)[0]:
            rests = hands_rest(landmarks, width, height)
            return Answer(NOT_SIGNING if rests else NONE_OF_THESE, signs)
        return Answer(signs[0][0], signs)

    def embed(
        self, landmarks: Landmarks, *, width: int | None = None, height: int | None = None
    ) -> NDArray[np.float32]:
        """(D,) float32 of length 1: what the encoders say of T > 0 frames.

        The inner product of two is their likeness, in [-1, 1]: of joint and motion the mean, by the
        recogniser's own weights. Sizes and errors as in `predict_landmarks`.
        """
        return self._scorer.feature(*_given(landmarks, width, height))

    def extract(self, path: Path | str) -> Extraction:
        """Landmarks, picture's size and status of a video or `.pose` file, as `predict` sees it."""
        return self._watcher.extract(path)

    def answer(
        self,
        clip: str,
        extraction: Extraction,
        *,
        top: int | None = 5,
        always: bool = False,
    ) -> Prediction:
        """The prediction for a clip that was extracted already; `always` as in `decide`."""
        status, reason, landmarks = extraction.status, extraction.reason, extraction.landmarks
        if status not in USABLE or landmarks is None:
            return Prediction(clip, status, reason, ())
        width, height = extraction.width, extraction.height
        found = self.decide(landmarks, width=width, height=height, always=always)
        return Prediction(clip, status, reason, found.signs[:top], answer=found.answer)

    def _ranked(self, shares: NDArray[np.float64]) -> Signs:
        order = np.argsort(-shares, kind="stable")
        return tuple((self.signs[i], float(shares[i])) for i in order)


class OnnxRecognizer(Recognizer):
    """A recogniser in an ONNX file, which says itself how probable and how unknown all is."""

    _scorer: OnnxScorer

    def decide(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        always: bool = False,
    ) -> Answer:
        """As that of the recogniser from which the file was made."""
        found = self._scorer.outputs(*_given(landmarks, width, height))
        signs = self._ranked(found.probabilities[0].astype(np.float64))
        if always:
            return Answer(signs[0][0], signs)
        rejected = bool((self.card.rejection or Rejection()).rejects(found.unknownness)[0])
        is_asked = rejected or self.card.kind == "taught"
        if found.idle[0] > 0 or (is_asked and hands_rest(landmarks, width, height)):
            return Answer(NOT_SIGNING, signs)
        return Answer(NONE_OF_THESE if rejected else signs[0][0], signs)


class TaughtRecognizer(Recognizer):
    """A recogniser that is taught by examples, while it runs and without training.

    What is added or removed counts at once, also for other threads, and stays once it is saved.
    """

    _scorer: "TaughtScorer"

    @classmethod
    def load(cls, path: Path | str, *, cache: bool = True) -> "TaughtRecognizer":
        """Load the folder of a taught recogniser, which `signpipe.teach` makes.

        Raises SignpipeError if it is missing, damaged, of another kind, layout or version, or mixes
        two encoders.
        """
        from signpipe.live.taught_folder import read_folder
        from signpipe.live.taught_scorer import TaughtScorer

        scorer = TaughtScorer(read_folder(Path(path)))
        return cls(scorer, scorer.taught.card, cache=cache)

    @property
    def card(self) -> RecognizerCard:
        """What it says of itself now."""
        return self._scorer.taught.card

    @property
    def folder(self) -> Path:
        """Where it is kept."""
        return self._scorer.taught.folder

    @property
    def takes(self) -> "tuple[Take, ...]":
        """What it was taught with, in that order."""
        return self._scorer.taught.takes

    def add_take(
        self,
        sign: str,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        source: str = "",
    ) -> str:
        """Teach a sign by T > 0 frames; `NOT_SIGNING` as the sign teaches how idle hands look.

        Returns the take's id; `source` says where it came from, such as a clip id: one that was
        taught before is taught anew. Sizes as in `predict_landmarks`. Raises ValueError for no
        frames, or for what cannot name a sign.
        """
        feature = self._scorer.feature(*_given(landmarks, width, height))
        return self._scorer.taught.add([(sign, source)], feature[None])[0].take_id

    def add_features(self, examples: Sequence[tuple[str, NDArray[np.float32], str]]) -> list[str]:
        """As `add_take` for many (sign, what `embed` says of a clip, source); the takes' ids."""
        if not examples:
            return []
        features = np.stack([feature for _, feature, _ in examples])
        added = self._scorer.taught.add([(sign, s) for sign, _, s in examples], features)
        return [take.take_id for take in added]

    def find_takes(self, word: str) -> "tuple[Take, ...]":
        """All takes of a sign, or the take with that id or source; empty if there is none."""
        return self._scorer.taught.find(word)

    def remove(self, word: str) -> "tuple[Take, ...]":
        """Remove all takes of a sign, or the take with that id or source; which they were."""
        return self._scorer.taught.remove(word)

    def save(self) -> None:
        """Write to its folder what has changed; what others have written meanwhile is kept.

        Raises SignpipeError if the folder cannot be written.
        """
        self._scorer.taught.save()

    def report(self) -> "TeachingReport":
        """How well the signs are told apart: each take is named by the others."""
        return self._scorer.taught.report()

    def nearest_take(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        sign: str | None = None,
    ) -> "Take | None":
        """The take, of a sign or of any, that is most like T > 0 frames; None if there is none."""
        return self._scorer.taught.nearest(self.embed(landmarks, width=width, height=height), sign)

    def decide(
        self,
        landmarks: Landmarks,
        *,
        width: int | None = None,
        height: int | None = None,
        always: bool = False,
    ) -> Answer:
        """As `Recognizer.decide`; "not signing" also if idle hands were taught and are nearest.

        Without any sign taught, there are no `signs`, and it is "none of these" even with `always`.
        """
        feature = self.embed(landmarks, width=width, height=height)
        return self._scorer.taught.decide(feature, hands_rest(landmarks, width, height), always)

    def decide_by_take(
        self, landmarks: Landmarks, *, width: int | None = None, height: int | None = None
    ) -> "tuple[Answer, Take | None]":
        """As `decide`, and the take of that sign that is most like it; None if it is no sign."""
        taught, feature = self._scorer.taught, self.embed(landmarks, width=width, height=height)
        answer = taught.decide(feature, hands_rest(landmarks, width, height))
        return answer, taught.nearest(feature, answer.answer) if answer.is_sign else None


def _given(landmarks: Landmarks, width: int | None, height: int | None) -> tuple[Landmarks, Size]:
    if not len(landmarks):
        raise ValueError("there are no frames to look at")
    return landmarks, (width, height)
