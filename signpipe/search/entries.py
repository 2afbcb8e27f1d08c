"""The clips of a dictionary: what is known of each beside its features."""

from collections.abc import Iterable
from dataclasses import astuple, dataclass, fields
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.search.traits import MOVEMENTS, PLACES, Traits
from signpipe.tables import read_table, write_table


@dataclass(frozen=True)
class Entry:
    """One clip. `made_from` is the fingerprint of its landmarks, `seconds` how long all of it is
    (0: not known).

    `source` is the video it was seen in, or the pack or file its landmarks came from, which need
    not be there any more; `segment` the part of it that the clip is, "" for all of it. `hands`,
    `place` and `movement` are as in `Traits`.
    """

    clip_id: str
    label: str
    signer: str
    source: str
    segment: str
    made_from: str
    seconds: float
    hands: int
    place: str
    movement: str

    @property
    def traits(self) -> Traits:
        return Traits(self.hands, self.place, self.movement)


COLUMNS = tuple(field.name for field in fields(Entry))


def write_entries(path: Path, entries: Iterable[Entry]) -> None:
    """Write entries as a table, atomically. Raises OSError."""
    write_table(path, COLUMNS, map(astuple, entries))


def read_entries(path: Path) -> list[Entry]:
    """Raises SignpipeError naming the file and line if it is no table of entries."""
    table = read_table(path)
    if table.columns != COLUMNS:
        raise SignpipeError(f"{path} is no list of a dictionary's clips; index again with --redo")
    found = []
    for line, (*texts, seconds, hands, place, movement) in table.rows:
        try:
            numbers = float(seconds), int(hands)
            known = numbers[1] in (1, 2) and place in ("", *PLACES)
            if not known or movement not in ("", *MOVEMENTS):
                raise ValueError("its hands, place or movement are none")
        except ValueError as error:
            raise SignpipeError(f"{path}, line {line}: {error}; index again with --redo") from error
        clip_id, label, signer, source, segment, made_from = texts
        found.append(
            Entry(clip_id, label, signer, source, segment, made_from, *numbers, place, movement)
        )
    return found
