"""The page of results, and the files behind it: a PNG of every picture, a CSV of every table."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from signpipe.errors import SignpipeError
from signpipe.pictures.page import Card, Page, TableCell
from signpipe.tables import read_table, write_table
from signpipe.wording import counted
from signpipe.workspace import atomic

DPI, CARD_DPI = 120, 200  # a card is shown smaller than it is, and so stays sharp
WIDTH = 4.6  # inches of a picture: on a phone its letters are just large enough
CONTENTS = "contents.csv"
DASH = "\u2060\N{EN DASH}\u2060"


@dataclass(frozen=True)
class Accuracy:
    """A share in [0, 1]; (low, high) is its interval, `spread` its standard deviation over runs.

    In a table's CSV these are columns of their own.
    """

    value: float
    low: float | None = None
    high: float | None = None
    spread: float | None = None

    def __str__(self) -> str:
        text = f"{100 * self.value:.1f}"
        if self.spread is not None:
            text += f" ± {100 * self.spread:.1f}"
        if self.low is not None and self.high is not None:
            # Joined: a line may break before the bracket, not in it.
            text += f" ({100 * self.low:.1f}{DASH}{100 * self.high:.1f})"
        return text


Entry = str | int | float | Accuracy | None


class ReportWriter:
    """Adds to `page` from top to bottom, and writes the files at once to `folder`.

    `missing` collects (what, command) of all that cannot be shown yet; `where` ends every command.
    """

    def __init__(self, page: Page, folder: Path, where: str = "") -> None:
        self.page, self.folder, self._where = page, folder, where
        self.missing: list[tuple[str, str]] = []
        self._files: list[tuple[str, str]] = []
        self._remove_older()

    def table(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Entry]], caption: str
    ) -> None:
        """A table of at least one row; accuracies are shown in per cent."""
        shown: list[list[TableCell]] = [
            [str(cell) if isinstance(cell, Accuracy) else cell for cell in row] for row in rows
        ]
        self.page.table(columns, shown, caption)
        self.csv(name, columns, rows, caption)

    def csv(
        self, name: str, columns: Sequence[str], rows: Sequence[Sequence[Entry]], what: str
    ) -> None:
        """Numbers that are not on the page, or behind a picture on it."""
        kinds = [_accuracy_columns(column) for column in zip(*rows, strict=True)]
        heads = zip(columns, kinds, strict=True)
        header = [f"{c} {k}".strip() for c, kind in heads for k in kind]
        cells = [zip(row, kinds, strict=True) for row in rows]
        values = [[value for cell, kind in row for value in _values(cell, kind)] for row in cells]
        write_table(self.folder / f"{name}.csv", header, values)
        self._files.append((f"{name}.csv", what))

    def figure(self, name: str, figure: Figure, alt: str, caption: str = "") -> None:
        """A matplotlib figure."""
        self.page.picture(self.png(name, figure, alt, DPI), alt, caption)

    def png(self, name: str, figure: Figure, what: str, dpi: int = CARD_DPI) -> bytes:
        """Write a figure's PNG, for the page to show in its own way."""
        FigureCanvasAgg(figure)

        def save(path: Path) -> None:
            figure.savefig(path, format="png", dpi=dpi)

        return self.draw(name, save, what)

    def draw(self, name: str, draw: Callable[[Path], object], what: str) -> bytes:
        """Have `draw` write a PNG; returns it."""
        path = self.folder / f"{name}.png"
        with atomic(path) as temporary:
            draw(temporary)
        self._files.append((path.name, what))
        return path.read_bytes()

    def cards(self, cards: Sequence[tuple[str, Card]]) -> None:
        """Cards, the picture of each by its file's name."""
        for name, card in cards:
            if card.png:
                with atomic(self.folder / f"{name}.png") as temporary:
                    temporary.write_bytes(card.png)
                self._files.append((f"{name}.png", card.alt))
        self.page.cards([card for _, card in cards])

    def add_missing(self, what: str, command: str) -> None:
        """Note a picture or table that is not there yet, and with which command it comes."""
        self.missing.append((what, command + self._where))

    def finish(self) -> None:
        """Say in one closed line what is missing, and write the list of the files."""
        if self.missing:
            by_command: dict[str, list[str]] = {}
            for what, command in self.missing:
                by_command.setdefault(command, []).append(what)
            items = [f"`{command}`: {'; '.join(of)}" for command, of in by_command.items()]
            parts = counted(len(self.missing), "part of this page comes", "parts of this page come")
            self.page.closed(f"{parts} with further commands", items)
        write_table(self.folder / CONTENTS, ("file", "what"), self._files)

    def _remove_older(self) -> None:
        """Those that an earlier report lists: what is not made again must not look like new."""
        with suppress(OSError, SignpipeError):
            names = [row["file"] for row in read_table(self.folder / CONTENTS).dicts("file")]
            for name in names:
                if Path(name).name == name and Path(name).suffix in (".png", ".csv"):
                    (self.folder / name).unlink(missing_ok=True)


def folder_of(page: Path) -> Path:
    """Where the files of a page lie. Raises SignpipeError if it would be the page itself."""
    if not page.suffix:
        raise SignpipeError(f"{page} has no ending; name the page {page}.html")
    return page.with_suffix("")


def _accuracy_columns(cells: Sequence[Entry]) -> list[str]:
    """How the columns of a CSV that hold these cells are named after the table's column."""
    known = [cell for cell in cells if isinstance(cell, Accuracy)]
    parts = [n for n in ("low", "high", "spread") if any(getattr(c, n) is not None for c in known)]
    return ["", *parts]


def _values(cell: Entry, kind: list[str]) -> list[str | int | float | None]:
    if isinstance(cell, Accuracy):
        return [cell.value, *(getattr(cell, name) for name in kind[1:])]
    return [cell, *(None for _ in kind[1:])]
