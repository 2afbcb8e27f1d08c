"""search: the signs of a dictionary that are nearest to each of many clips."""

from collections.abc import Iterator, Sequence
from pathlib import Path

from signpipe.extraction.extraction_stream import ExtractionStream
from signpipe.extraction.given_clips import GivenClip, some_clips
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.progress import track
from signpipe.search.dictionary import Dictionary, Narrowed, SearchResult
from signpipe.search.dictionary_folder import read_dictionary_card
from signpipe.search.sheets import sheet_paths, with_sheet
from signpipe.workspace import Workspace


def each(
    clips: Path | str | Sequence[Path | str],
    dictionary: Path | str | Dictionary,
    *,
    top: int = 10,
    narrowed: Narrowed = Narrowed(),
    sheets: Path | str | None = None,
    workspace: Workspace | None = None,
    workers: int | None = None,
    cache: bool = True,
) -> Iterator[SearchResult]:
    """Yield the result of every clip, in the order given, each as soon as it is there.

    `clips` are videos, `.pose` files, folders that are searched for both, and clip ids of
    `workspace`. A clip that cannot be used gets its status and no signs, and the others go on.
    `workers` processes watch the videos (default: one a core); those seen before, by their content,
    are not watched again unless `cache` is false. `sheets` is the folder into which a picture of
    each result is drawn; one that cannot be written costs its clip only that, and the reason says
    so. Raises SignpipeError, before any work, if there is no dictionary or no clip.
    """
    if isinstance(dictionary, Dictionary):
        card = dictionary.card
    else:
        card = read_dictionary_card(Path(dictionary))
    given = some_clips(clips, workspace)
    known = KnownLandmarks.of(card.extract, workspace, cache)
    targets = sheet_paths(given, Path(sheets) if sheets is not None else None)
    return _each(given, targets, dictionary, known, workers, top, narrowed)


def _each(
    clips: list[GivenClip],
    targets: list[Path | None],
    dictionary: Path | str | Dictionary,
    known: KnownLandmarks,
    workers: int | None,
    top: int,
    narrowed: Narrowed,
) -> Iterator[SearchResult]:
    with ExtractionStream(clips, known, workers) as stream, track("search", len(clips)) as tracker:
        # The workers load MediaPipe while this loads torch.
        loaded = dictionary if isinstance(dictionary, Dictionary) else Dictionary.load(dictionary)
        for (clip, extraction), target in zip(stream, targets, strict=True):
            result = loaded.answer(clip.name, extraction, top=top, narrowed=narrowed)
            if target is not None and result.signs:
                result = with_sheet(loaded, extraction, result, target)
            tracker.advance()
            yield result
