"""Whose row a row of a labels file is, and what labels come to before clips are worked on."""

import os
import unicodedata
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from signpipe.cliptable import Label, LabelsFile, named_twice, read_labels
from signpipe.errors import SignpipeError
from signpipe.progress import note
from signpipe.vocabulary import alike_labels
from signpipe.wording import counted, listed

LISTED = 10  # signs that are told with their counts, and names of others


@dataclass(frozen=True)
class MatchedLabels:
    """Labels by clip id, and the keys of the rows that match no clip."""

    by_clip: dict[str, Label]
    unmatched: tuple[str, ...] = ()


def match_labels(
    file: Path,
    sources: Mapping[str, str],
    names: Mapping[str, Iterable[str]] | None = None,
) -> MatchedLabels:
    """Match the rows of a labels file to clips.

    A row's path or clip id is a clip id, or a path relative to the file's folder, or one of the
    clip's `names` (its path in a folder that was given), each with or without the file's ending.
    `sources` is each clip's absolute source path by clip id. Raises SignpipeError if the file
    cannot be read, two of its rows are of one clip, or none is of any.
    """
    exact: dict[str, str | None] = {}
    loose: dict[str, str | None] = {}  # without ending; None where two clips share it
    for clip_id, source in sources.items():
        keys = [source, *((names or {}).get(clip_id, ()))]
        _add(exact, keys, clip_id)
        _add(loose, [os.path.splitext(key)[0] for key in keys], clip_id)
    for clip_id in sources:
        exact[_plain(clip_id)] = clip_id
    folder = os.path.realpath(file.parent)
    by_clip: dict[str, Label] = {}
    unmatched: list[str] = []
    for label in read_labels(file).labels:
        keys = _keys(label.key, folder)
        matches = (index.get(_plain(key)) for index in (exact, loose) for key in keys)
        match = next((match for match in matches if match is not None), None)
        if match is None:
            unmatched.append(label.key)
        elif match in by_clip:
            raise named_twice(file, by_clip[match], label)
        else:
            by_clip[match] = label
    if not by_clip and sources:
        clip_id, source = next(iter(sources.items()))
        raise SignpipeError(
            f"{file}: of its {counted(len(unmatched), 'row')} none is of a clip; the first is of "
            f"{unmatched[0]!r}, a clip is {clip_id!r} (from {source}); name clips so, or by their "
            "paths from the file's folder"
        )
    return MatchedLabels(by_clip, tuple(unmatched))


def _keys(key: str, folder: str) -> list[str]:
    names = [*dict.fromkeys((key, key.strip()))]
    keys = [name.removeprefix("./") for name in names]
    if "\0" not in key:  # which no path can hold
        keys += [os.path.realpath(os.path.join(folder, name)) for name in names]
    return keys + [os.path.splitext(key)[0] for key in keys]


def tell_file(path: Path, file: LabelsFile) -> None:
    """Say how a labels file is understood."""
    note(f"{path}: {counted(len(file.labels), 'row')}, {file.columns}")


def tell_matched(file: Path, matched: MatchedLabels, clips: Iterable[str]) -> None:
    """Say what a labels file comes to for the given clips."""
    clips = [*clips]
    own = {clip_id: matched.by_clip[clip_id] for clip_id in clips if clip_id in matched.by_clip}
    if matched.unmatched:
        rows = counted(len(matched.unmatched), "row is", "rows are")
        note(f"{file}: {rows} of no clip: {listed(matched.unmatched)}")
    if len(own) < len(clips):
        without = counted(len(clips) - len(own), "clip has", "clips have")
        note(f"{file}: {without} no row: {listed([i for i in clips if i not in own])}")
    tell_labels(own, str(file))


def tell_labels(labels: Mapping[str, Label], source: str) -> None:
    """Say which signs the labels by clip id name, with their counts, and what looks wrong."""
    counts = Counter(label.label for label in labels.values() if label.label)
    if not counts:
        return
    often = [f"{sign} {count}" for sign, count in counts.most_common()]
    clips = counted(sum(counts.values()), "clip")
    note(f"{source}: {clips}, {counted(len(counts), 'sign')}: {listed(often, LISTED)}")
    single = sorted(sign for sign, count in counts.items() if count == 1)
    if single:
        note(f"signs with one clip only, so with none to test by: {listed(single, LISTED)}")
    if alike := alike_labels(counts):
        note(alike)


def _add(index: dict[str, str | None], keys: Iterable[str], clip_id: str) -> None:
    for key in {_plain(key) for key in keys}:
        index[key] = clip_id if index.setdefault(key, clip_id) == clip_id else None


def _plain(key: str) -> str:
    # Some systems spell é as e and an accent in file names, spreadsheets do not.
    return unicodedata.normalize("NFC", key)
