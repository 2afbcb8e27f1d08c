"""predict: name the sign in many clips, with nothing but a recogniser's folder."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

from signpipe.answers import NO_SIGN
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.extraction_stream import ExtractionStream
from signpipe.extraction.given_clips import GivenClip, names_of, some_clips
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.model.hub import local_folder
from signpipe.model.onnx_graph import is_onnx
from signpipe.model.recognizer_card import CARD_FILE, read_card
from signpipe.pictures.footage import Footage
from signpipe.progress import note, track
from signpipe.recognizer import Prediction, Recognizer
from signpipe.report.stored_footage import PLAIN, stored_footage
from signpipe.training.training_runs import newest_recognizer
from signpipe.video.write import write_video
from signpipe.workspace import Workspace

OVERLAY = ".mp4"


def run(
    clips: Path | str | Sequence[Path | str],
    recognizer: Path | str | Recognizer,
    *,
    top: int = 5,
    overlay: Path | str | None = None,
    workspace: Workspace | None = None,
    workers: int | None = None,
    cache: bool = True,
    always: bool = False,
) -> list[Prediction]:
    """As `each`, all at once."""
    found = each(
        clips,
        recognizer,
        top=top,
        overlay=overlay,
        workspace=workspace,
        workers=workers,
        cache=cache,
        always=always,
    )
    return list(found)


def each(
    clips: Path | str | Sequence[Path | str],
    recognizer: Path | str | Recognizer,
    *,
    top: int = 5,
    overlay: Path | str | None = None,
    workspace: Workspace | None = None,
    workers: int | None = None,
    cache: bool = True,
    always: bool = False,
) -> Iterator[Prediction]:
    """Yield the prediction of every clip, in the order given, each as soon as it is there.

    `clips` are videos, `.pose` files, folders that are searched for both, and clip ids of
    `workspace`. A clip that cannot be used gets its status and no signs, and the others go on.
    `workers` processes watch the videos (default: one a core); those seen before, by their content,
    are not watched again unless `cache` is false. `overlay` is the mp4 to draw to, or for several
    clips a folder; one that cannot be written costs its clip only the drawing, and the reason says
    so. With `always` a sign is answered in any case, where it would be "none of these" too. Raises
    SignpipeError, before any work, if there is no recogniser or no clip, or the overlay is no place
    for a video.
    """
    if not isinstance(recognizer, Recognizer):
        recognizer = local_folder(recognizer)
    if not isinstance(recognizer, Recognizer) and is_onnx(recognizer):
        recognizer = Recognizer.load(recognizer, cache=cache)  # which takes no time, without torch
    card = recognizer.card if isinstance(recognizer, Recognizer) else read_card(recognizer)
    given = some_clips(clips, workspace)
    targets = _overlay_paths(given, Path(overlay) if overlay is not None else None)
    known = KnownLandmarks.of(card.extract, workspace, cache)
    return _each(given, targets, recognizer, known, workers, top, always)


def find_recognizer(workspace: Workspace, name: str | None = None) -> Path:
    """The recogniser's folder of a fine-tuning run (default: the newest finished, or the taught one
    where that has changed since). Where there are both, a line on stderr says which it is."""
    taught = workspace.taught
    if name is None and (taught / CARD_FILE).exists():
        try:
            newest = workspace.run("finetune", newest_recognizer(workspace)) / "recognizer"
        except SignpipeError:
            return taught
        older, newer = sorted((newest, taught), key=lambda at: (at / CARD_FILE).stat().st_mtime)
        note(f"recogniser: {newer}, which is newer than {older}")
        return newer
    return workspace.run("finetune", name or newest_recognizer(workspace)) / "recognizer"


def _each(
    clips: list[GivenClip],
    targets: list[Path | None],
    recognizer: Path | str | Recognizer,
    known: KnownLandmarks,
    workers: int | None,
    top: int,
    always: bool,
) -> Iterator[Prediction]:
    with ExtractionStream(clips, known, workers) as stream, track("predict", len(clips)) as tracker:
        # The workers load MediaPipe while this loads torch.
        loaded = recognizer if isinstance(recognizer, Recognizer) else Recognizer.load(recognizer)
        for (clip, extraction), target in zip(stream, targets, strict=True):
            prediction = loaded.answer(clip.name, extraction, top=top, always=always)
            if target is not None and prediction.answer:
                footage = _footage(clip, extraction, known.workspace)
                prediction = _with_overlay(footage, prediction, target)
            tracker.advance()
            yield prediction


def _overlay_paths(clips: Sequence[GivenClip], overlay: Path | None) -> list[Path | None]:
    """Where each clip is drawn to. Raises SignpipeError if that is no place for it."""
    if overlay is None:
        return [None] * len(clips)
    is_file = not overlay.is_dir() and (overlay.is_file() or bool(overlay.suffix))
    if is_file and overlay.suffix.lower() != OVERLAY:
        raise SignpipeError(
            f"the overlay {overlay} would be no video; name a file that ends in {OVERLAY}, or a "
            "folder"
        )
    if is_file and len(clips) > 1:
        raise SignpipeError(
            f"{len(clips)} clips cannot be drawn into one file {overlay}; name a folder"
        )
    targets = [overlay] if is_file else [overlay / f"{name}{OVERLAY}" for name in names_of(clips)]
    sources = {clip.path.resolve() for clip in clips}
    if any(target.resolve() in sources for target in targets):
        raise SignpipeError(
            f"the overlay {overlay} would replace a clip itself; name another place"
        )
    return [*targets]


def _footage(clip: GivenClip, extraction: Extraction, workspace: Workspace | None) -> Footage:
    if clip.stored is not None and workspace is not None:
        return stored_footage(workspace, clip.stored)
    assert extraction.landmarks is not None
    size = extraction.width or PLAIN[0], extraction.height or PLAIN[1]
    video = None if clip.is_pose else clip.path
    return Footage(clip.name, extraction.landmarks, *size, video)


def _written(prediction: Prediction) -> list[tuple[str, float | None]]:
    """What stands below the picture: "none of these" comes first, and has no probability."""
    signs: list[tuple[str, float | None]] = [*prediction.signs]
    rejected = prediction.answer in NO_SIGN
    return [(str(prediction.answer), None), *signs] if rejected else signs


def _with_overlay(footage: Footage, prediction: Prediction, target: Path) -> Prediction:
    """Draw skeleton and answer to `target`; the prediction that says where, or why not."""
    try:
        from signpipe.pictures.overlay import overlay

        frames = overlay(enumerate(footage.frames()), footage.landmarks, _written(prediction))
        write_video(target, frames, footage.fps)
    except (OSError, ValueError, SignpipeError) as error:
        why = f"the overlay {target} cannot be written: {getattr(error, 'strerror', '') or error}"
        return replace(prediction, reason="; ".join(filter(None, (prediction.reason, why))))
    return replace(prediction, overlay=target)
