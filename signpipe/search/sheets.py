"""A search as a picture: the clip as small skeletons, and below it the signs that were found."""

from dataclasses import replace
from pathlib import Path

from signpipe.extraction.clip import Extraction
from signpipe.extraction.given_clips import GivenClip, names_of
from signpipe.pictures.footage import Footage
from signpipe.report.stored_footage import PLAIN
from signpipe.search.dictionary import Dictionary, SearchResult
from signpipe.wording import one_line
from signpipe.workspace import atomic


def with_sheet(
    dictionary: Dictionary, extraction: Extraction, result: SearchResult, target: Path
) -> SearchResult:
    """Draw the result to the PNG `target`; the result that says where, or why not."""
    from signpipe.pictures.strips import strip, titled

    assert extraction.landmarks is not None
    size = extraction.width or PLAIN[0], extraction.height or PLAIN[1]
    rows = [(Path(result.clip).name, strip(Footage(result.clip, extraction.landmarks, *size)))]
    for found in result.signs:
        example = found.examples[0]
        shown = Footage(found.sign, dictionary.landmarks(example.row), 1, 1)
        words = f"{found.distance:.2f}  {found.sign}  ({example.entry.clip_id})"
        rows.append((one_line(words), strip(shown)))
    try:
        with atomic(target) as temporary:
            temporary.write_bytes(titled(rows))
    except OSError as error:
        why = f"the sheet {target} cannot be written: {error.strerror or error}"
        return replace(result, reason="; ".join(filter(None, (result.reason, why))))
    return replace(result, sheet=target)


def sheet_paths(clips: list[GivenClip], folder: Path | None) -> list[Path | None]:
    """Where each clip's sheet goes; none without a folder."""
    if folder is None:
        return [None] * len(clips)
    return [folder / f"{name}.png" for name in names_of(clips)]
