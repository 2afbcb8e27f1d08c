"""spot: the signs in long recordings, each with its times and what it is."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, Protocol

from signpipe.answers import NONE_OF_THESE, Answer
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.given_clips import is_pose
from signpipe.extraction.known_landmarks import timed_pose
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.recording_pieces import PIECE, RecordingPieces
from signpipe.landmarks.pack import Landmarks
from signpipe.live.answered_stream import AnsweredEvent, AnsweredSign, AnsweredStream
from signpipe.live.runs_of_signs import RunsOfSigns
from signpipe.live.shots import AnsweredShots
from signpipe.live.stream_settings import StreamSettings
from signpipe.progress import note, track
from signpipe.recognizer import Recognizer
from signpipe.search.dictionary import Dictionary
from signpipe.settings import ExtractSettings
from signpipe.video.read import VideoError

By = Literal["probability", "distance"]
LONGEST = 20.0  # seconds of what is told apart by a recogniser at a time


@dataclass(frozen=True)
class SpottedSign:
    """A sign from `start` to `end` seconds of a recording.

    `answer` is a sign, "none of these" or "not signing". `signs` are all (sign, value), the
    likeliest first: calibrated probabilities of a recogniser, distances in a dictionary.
    """

    recording: str
    start: float
    end: float
    answer: str
    signs: tuple[tuple[str, float], ...]
    by: By = "probability"

    @property
    def is_sign(self) -> bool:
        return Answer(self.answer, ()).is_sign

    def named(self, top: int) -> str:
        """The likeliest signs and how likely they are: `house 82%, tree 18%`, or distances."""
        shown = "{} {:.0%}" if self.by == "probability" else "{} {:.2f}"
        return ", ".join(shown.format(*one) for one in self.signs[:top])


class Answers(Protocol):
    """What says which sign is shown."""

    by: By
    extract: ExtractSettings

    def decide(
        self, landmarks: Landmarks, *, width: int | None, height: int | None, always: bool
    ) -> Answer: ...


class RecognizerAnswers:
    """A recogniser's answers."""

    by: By = "probability"

    def __init__(self, recognizer: Recognizer) -> None:
        self.extract = recognizer.card.extract or ExtractSettings()
        self.decide = recognizer.decide


class DictionaryAnswers:
    """A dictionary's answers: the nearest sign, unless it is not close enough."""

    by: By = "distance"

    def __init__(self, dictionary: Dictionary) -> None:
        self.extract = dictionary.card.extract or ExtractSettings()
        self._dictionary = dictionary

    def decide(
        self, landmarks: Landmarks, *, width: int | None, height: int | None, always: bool
    ) -> Answer:
        """`signs` of the answer are the signs and their distances."""
        found = self._dictionary.search(landmarks, width=width, height=height)
        signs = tuple((one.sign, one.distance) for one in found)
        close = bool(found) and (always or self._dictionary.is_close(found))
        return Answer(signs[0][0] if close else NONE_OF_THESE, signs)


def each(
    recording: Path | str,
    answers: Recognizer | Dictionary,
    *,
    always: bool = False,
    workers: int | None = None,
    cache: bool = True,
) -> Iterator[SpottedSign]:
    """Yield the signs of a recording in order of time, each as soon as it is certain.

    Memory does not depend on how long a video is. Its landmarks are kept piece by piece in the
    user's cache folder, so that a run that is stopped goes on where it was, unless `cache` is
    false. `workers` processes watch it (default: one a core). A `.pose` file is read whole. With
    `always` no sign is "none of these". What cannot be read of it is left out with a note. Raises
    SignpipeError if none can.
    """
    chosen = _chosen(answers)
    path = Path(recording)
    kept = LandmarkCache() if cache else None
    try:
        with _pieces(path, chosen.extract, workers, kept) as pieces:
            for event in _events(path, pieces, chosen, always):
                if isinstance(event, AnsweredSign):
                    said = event.answer.answer, event.answer.signs
                    yield SpottedSign(str(recording), event.start, event.end, *said, chosen.by)
    except VideoError as error:
        raise SignpipeError(f"{path}: {error}") from error
    except OSError as error:
        raise SignpipeError(f"{path} cannot be read: {error.strerror or error}") from error


def _chosen(answers: Recognizer | Dictionary) -> Answers:
    if isinstance(answers, Dictionary):
        return DictionaryAnswers(answers)
    return RecognizerAnswers(answers)


class _Whole:
    """A `.pose` file, as the pieces of a recording: it is one."""

    expected = 1

    def __init__(self, path: Path) -> None:
        self._found = timed_pose(path)

    def __iter__(self) -> Iterator[Extraction]:
        yield self._found


def _pieces(
    path: Path, settings: ExtractSettings, workers: int | None, cache: LandmarkCache | None
) -> AbstractContextManager[RecordingPieces | _Whole]:
    if is_pose(path):
        return nullcontext(_Whole(path))
    return RecordingPieces(path, settings, workers=workers, cache=cache)


def _events(
    path: Path, pieces: RecordingPieces | _Whole, answers: Answers, always: bool
) -> Iterator[AnsweredEvent]:
    stream: AnsweredShots | None = None
    problems, person = [], False
    with track(f"spot {path.name}", pieces.expected, unit=f"pieces of {PIECE} s") as tracker:
        for piece in pieces:
            if piece.reason and piece.status != "nobody":
                problems.append(piece.reason)
            if piece.landmarks is not None:
                person = person or piece.status != "nobody"
                if stream is None:
                    new = partial(spotting_stream, answers, piece.width, piece.height, always)
                    stream = AnsweredShots(new, width=piece.width, height=piece.height)
                yield from stream.extend(piece.landmarks)
            tracker.advance()
        if stream is not None:
            yield from stream.end()
    if stream is None:
        raise SignpipeError(f"{path}: {problems[0] if problems else 'it has no frames'}")
    if problems:
        more = f", and {len(problems) - 1} more" if problems[1:] else ""
        note(f"{path}: a part of it cannot be read ({problems[0]}{more})")
    if not person:
        note(f"{path}: no person was found in any frame")


def spotting_stream(
    answers: Answers, width: int | None, height: int | None, always: bool
) -> AnsweredStream:
    """The stream of one shot; of probabilities it tells signs apart that have no rest between."""
    if answers.by != "probability":
        return AnsweredStream(answers, width=width, height=height, always=always)
    runs = RunsOfSigns(answers, width=width, height=height)
    settings = StreamSettings(longest=LONGEST)
    return AnsweredStream(
        answers, width=width, height=height, always=always, settings=settings, parts=runs
    )
