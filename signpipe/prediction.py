"""predict: name the sign in raw videos, with nothing but a recogniser's folder."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from signpipe.cliptable import USABLE
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction, extract_clip
from signpipe.landmarks.holistic import Holistic
from signpipe.landmarks.pack import Landmarks
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, final, load_recognizer
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.progress import track
from signpipe.settings import ExtractSettings
from signpipe.training.scoring import score
from signpipe.training.training_runs import newest_recognizer
from signpipe.video.read import Video, find_videos
from signpipe.video.write import write_video
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class Prediction:
    """`signs` are (sign, probability in [0, 1]), the likeliest first; none if status is no good.

    `status` is as in the clip table: ok, truncated, nobody, empty, unreadable, failed.
    """

    clip: str
    status: str
    reason: str
    signs: tuple[tuple[str, float], ...]


def run(
    clips: Sequence[Path], recognizer: Path, *, top: int = 5, overlay: Path | None = None
) -> list[Prediction]:
    """Predict the sign of every clip; folders are searched for videos.

    A clip that cannot be used gets its status and no signs, and the others go on. `overlay` is the
    mp4 to draw to, or for several clips a folder. Raises SignpipeError if there is no recogniser or
    no video.
    """
    model, card = load_recognizer(recognizer)
    paths = list(_videos(clips))
    if not paths:
        raise SignpipeError(f"there is no video in {', '.join(map(str, clips))}")
    targets = _overlay_paths(paths, overlay)
    sources = {path.resolve() for path in paths}
    if any(target and target.resolve() in sources for target in targets):
        raise SignpipeError(
            f"the overlay {overlay} would replace a clip itself; name another place"
        )
    predictions = []
    settings = card.extract or ExtractSettings()
    with Holistic(settings) as holistic, track("predict", len(paths)) as tracker:
        for path, target in zip(paths, targets, strict=True):
            prediction, landmarks = _predict(path, holistic, model, card, top)
            predictions.append(prediction)
            if target and landmarks is not None:
                draw_overlay(path, landmarks, prediction, target)
            tracker.advance()
    return predictions


def find_recognizer(workspace: Workspace, name: str | None = None) -> Path:
    """The recogniser's folder of a fine-tuning run (default: the newest finished)."""
    return workspace.run("finetune", name or newest_recognizer(workspace)) / "recognizer"


def _videos(clips: Sequence[Path]) -> Iterator[Path]:
    for clip in clips:
        if clip.is_dir():
            yield from (video.path for video in find_videos([clip]))
        else:
            yield clip  # whatever its ending: the person named this file


def _overlay_paths(paths: Sequence[Path], overlay: Path | None) -> list[Path | None]:
    if overlay is None:
        return [None] * len(paths)
    if len(paths) == 1 and not overlay.is_dir():
        return [overlay]
    if overlay.suffix or overlay.is_file():
        raise SignpipeError(
            f"{len(paths)} clips cannot be drawn into one file {overlay}; name a folder"
        )
    names = [path.stem for path in paths]
    if len(set(names)) < len(names):
        names = [f"{i:04d}-{name}" for i, name in enumerate(names, start=1)]
    return [overlay / f"{name}.mp4" for name in names]


def _predict(
    path: Path, holistic: Holistic, model: StreamClassifiers, card: RecognizerCard, top: int
) -> tuple[Prediction, Landmarks | None]:
    if not path.exists():
        return Prediction(str(path), "unreadable", "there is no such file", ()), None
    extraction = extract_clip(path, holistic)
    if extraction.status not in USABLE:
        return Prediction(str(path), extraction.status, extraction.reason, ()), None
    signs = classify(extraction, model, card)[:top]
    return Prediction(str(path), extraction.status, extraction.reason, signs), extraction.landmarks


def classify(
    extraction: Extraction, model: StreamClassifiers, card: RecognizerCard
) -> tuple[tuple[str, float], ...]:
    """All signs with their probabilities, the likeliest first, for a usable extraction."""
    assert extraction.landmarks is not None
    keypoints = to_keypoints(
        extraction.landmarks, card.prepare, extraction.width, extraction.height
    )
    parts = Parts.of({"clip": keypoints})
    logits = score(model, parts, np.zeros(1, np.int64), card.encoder.frames)
    answer = final(logits, card.joint_weight)[0].astype(np.float64)
    shares = np.exp(answer - answer.max())
    shares /= shares.sum()
    order = np.argsort(-shares, kind="stable")
    return tuple((card.signs[i], float(shares[i])) for i in order)


def draw_overlay(path: Path, landmarks: Landmarks, prediction: Prediction, target: Path) -> None:
    """Write the clip with skeleton and answers to `target`. Raises SignpipeError if it cannot."""
    from signpipe.pictures.overlay import overlay

    try:
        with Video(path) as video:
            frames = overlay(video, landmarks, prediction.signs)
            times = landmarks.times
            known = times is not None and len(times) > 1 and times[-1] > 0
            rate = (len(times) - 1) / times[-1] if times is not None and known else 25.0
            write_video(target, frames, float(rate))
    except OSError as error:
        raise SignpipeError(f"cannot write the overlay {target}: {error}") from error
