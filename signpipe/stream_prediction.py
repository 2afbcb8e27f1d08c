"""predict --stream: the events of a video, as it is watched, however long it is."""

from collections.abc import Iterator
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.extraction.given_clips import is_pose
from signpipe.extraction.known_landmarks import timed_pose
from signpipe.landmarks.holistic import Holistic
from signpipe.live.answered_stream import AnsweredEvent, AnsweredStream
from signpipe.progress import note
from signpipe.recognizer import Recognizer
from signpipe.settings import ExtractSettings
from signpipe.video.read import Video, VideoError


def run(
    video: Path | str, recognizer: Path | str | Recognizer, *, always: bool = False
) -> Iterator[AnsweredEvent]:
    """Yield the events of a video, each as soon as it is certain: hands up, signs, hands down.

    Frames are looked at one by one and none is kept, landmarks only for as long as a sign lasts; a
    `.pose` file is read whole. With `always` no sign is "none of these". Raises SignpipeError if
    the file cannot be read; a video that is damaged gives the events up to there, and a note.
    """
    loaded = recognizer if isinstance(recognizer, Recognizer) else Recognizer.load(recognizer)
    path = Path(video)
    if is_pose(path):
        yield from _of_pose(path, loaded, always)
        return
    try:
        with Video(path) as frames, Holistic(loaded.card.extract or ExtractSettings()) as holistic:
            yield from _events(frames, holistic, loaded, always)
        if frames.damage:
            note(f"{path}: {frames.damage}")
    except VideoError as error:
        raise SignpipeError(f"{path}: {error}") from error
    except OSError as error:
        raise SignpipeError(f"{path} cannot be read: {error.strerror or error}") from error


def _of_pose(path: Path, recognizer: Recognizer, always: bool) -> Iterator[AnsweredEvent]:
    found = timed_pose(path)
    stream = AnsweredStream(recognizer, width=found.width, height=found.height, always=always)
    assert found.landmarks is not None
    yield from stream.extend(found.landmarks)
    yield from stream.end()


def _events(
    frames: Video, holistic: Holistic, recognizer: Recognizer, always: bool
) -> Iterator[AnsweredEvent]:
    stream: AnsweredStream | None = None
    for seconds, pixels in frames:
        landmarks = holistic.next_frame(seconds, pixels, fresh=stream is None)
        if stream is None:
            height, width, _ = pixels.shape
            stream = AnsweredStream(recognizer, width=width, height=height, always=always)
        yield from stream.push(seconds, landmarks)
    if stream is not None:
        yield from stream.end()
