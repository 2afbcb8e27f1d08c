"""Whose row a row of a labels file is."""

import os
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from signpipe.cliptable import Label, read_labels


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
    cannot be read.
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
    for label in read_labels(file):
        keys = [label.key.removeprefix("./")]
        if "\0" not in label.key:  # which no path can hold
            keys.append(os.path.realpath(os.path.join(folder, label.key)))
        keys += [os.path.splitext(key)[0] for key in keys]
        matches = (index.get(_plain(key)) for index in (exact, loose) for key in keys)
        match = next((match for match in matches if match is not None), None)
        if match is None:
            unmatched.append(label.key)
        else:
            by_clip[match] = label
    return MatchedLabels(by_clip, tuple(unmatched))


def _add(index: dict[str, str | None], keys: Iterable[str], clip_id: str) -> None:
    for key in {_plain(key) for key in keys}:
        index[key] = clip_id if index.setdefault(key, clip_id) == clip_id else None


def _plain(key: str) -> str:
    # Some systems spell é as e and an accent in file names, spreadsheets do not.
    return unicodedata.normalize("NFC", key)
