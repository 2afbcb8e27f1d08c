"""A new version of a dictionary's files, some thousand clips at a time."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from signpipe import __version__
from signpipe.search import closeness
from signpipe.search.dictionary_folder import (
    CARD,
    KINDS,
    Contents,
    DictionaryCard,
    file_of,
    remove_others,
)
from signpipe.search.entries import Entry, write_entries
from signpipe.settings import ExtractSettings
from signpipe.training.nearest_signs import NearestSigns, signer_numbers
from signpipe.workspace import atomic, sha256_of_values, write_json

ARRAYS = KINDS[1:]
COPIED = 4096  # clips at a time


def write_version(
    folder: Path,
    entries: Sequence[Entry],
    before: Contents | None,
    grown: NDArray[np.void],
    encoder: str,
    extract: ExtractSettings | None,
) -> DictionaryCard:
    """Write all files, and dictionary.json last; then those of earlier versions go.

    The entries' numbers are taken from the records that have `grown`, or else from `before`.
    `encoder` is its SHA-256. Raises OSError.
    """
    made_of = [(e.clip_id, e.label, e.signer, e.made_from) for e in entries]
    name = sha256_of_values(encoder, made_of)[:12]
    places = {made_from.decode(): row for row, made_from in enumerate(grown["made_from"].tolist())}
    kept = {entry.made_from: row for row, entry in enumerate(before.entries)} if before else {}
    for kind in ARRAYS:
        old = None if before is None else getattr(before, kind)
        path = file_of(folder, kind, name)
        if not path.exists():  # else it is mapped, and the same
            _write_array(path, entries, places, grown[kind], kept, old)
    write_entries(file_of(folder, "entries", name), entries)
    labels = [entry.label for entry in entries]
    features, sequences = (np.load(file_of(folder, k, name), mmap_mode="r") for k in ARRAYS[:2])
    signers = [entry.signer for entry in entries]
    signs = np.unique(labels, return_inverse=True)[1]
    nearest = NearestSigns(features, signs, signer_numbers(signers), sequences)
    card = DictionaryCard(
        signpipe=__version__,
        encoder=encoder,
        extract=extract,
        clips=len(entries),
        signs=len(set(labels)),
        files=name,
        rejection=closeness.fit(nearest, signers),
    )
    write_json(folder / CARD, card.model_dump(mode="json"))
    remove_others(folder, card)
    return card


def _write_array(
    path: Path,
    entries: Sequence[Entry],
    places: Mapping[str, int],
    grown: NDArray[Any],
    kept: Mapping[str, int],
    before: NDArray[Any] | None,
) -> None:
    header = {
        "descr": grown.dtype.str,
        "fortran_order": False,
        "shape": (len(entries), *grown.shape[1:]),
    }
    with atomic(path) as temporary, open(temporary, "wb") as file:
        np.lib.format.write_array_header_1_0(file, header)  # type: ignore[no-untyped-call]
        for block in _blocks(entries):
            rows = np.empty((len(block), *grown.shape[1:]), grown.dtype)
            new = [place for place, name in enumerate(block) if name in places]
            old = [place for place, name in enumerate(block) if name not in places]
            if new:
                rows[new] = grown[[places[block[place]] for place in new]]
            if old:
                assert before is not None
                rows[old] = before[[kept[block[place]] for place in old]]
            file.write(rows.tobytes())


def _blocks(entries: Sequence[Entry]) -> Iterator[list[str]]:
    for start in range(0, len(entries), COPIED):
        yield [entry.made_from for entry in entries[start : start + COPIED]]
