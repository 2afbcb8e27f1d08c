"""One self-contained HTML page: text, tables and pictures, for a phone as for a desktop.

    page = Page("Results", "How good the recogniser is.")
    page.facts([("81.0 %", "top-1"), ("120", "clips")])
    page.heading("Per sign")
    page.table(["sign", "clips", "right"], [["tree", 12, Share(0.75)]])
    page.figure(matplotlib_figure, "Confusion of 12 signs", "Rows are the signs made.")
    page.write(Path("report.html"))

Nothing is loaded from anywhere: styles stand in the page and pictures in data URIs. All text is
escaped, so that a file's name can be anything.
"""

import base64
import html
import io
import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from numbers import Integral
from pathlib import Path
from typing import TYPE_CHECKING, Self

from signpipe.pictures.style import STYLE
from signpipe.workspace import write_text

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LONG = 32  # characters; a cell with more is given room before its table scrolls
CONTENTS = 3  # a page with so many headings gets a list of them
DASH = "&ndash;"  # for what is not known
# Even text that was not escaped by mistake could not fetch or run anything.
POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


@dataclass(frozen=True)
class Share:
    """A table's cell that shows a share in [0, 1] as per cent and as a bar; None is a dash."""

    value: float | None


TableCell = str | int | float | Share | None


@dataclass(frozen=True)
class Card:
    """A picture (PNG bytes, None if there is none), its name and what is to be said of it."""

    png: bytes | None
    alt: str
    title: str
    text: str = ""


class Page:
    """A page that is added to from top to bottom; `html` is the whole of it."""

    def __init__(self, title: str, lead: str = "") -> None:
        self._title, self._lead = title, lead
        self._headings: list[str] = []
        self._body: list[str] = []

    def heading(self, text: str) -> Self:
        """Begin a section."""
        self._headings.append(text)
        self._body.append(f'<h2 id="s{len(self._headings)}">{escape(text)}</h2>')
        return self

    def text(self, text: str) -> Self:
        """A paragraph; what stands in `backquotes` is shown as code."""
        self._body.append(f"<p>{_with_code(text)}</p>")
        return self

    def warning(self, text: str) -> Self:
        """A paragraph that must not be overlooked."""
        self._body.append(f'<p class="warning" role="note">{_with_code(text)}</p>')
        return self

    def facts(self, facts: Sequence[tuple[str, str]]) -> Self:
        """Large figures with what each is: (figure, name)."""
        items = (
            f"<div><dt>{escape(name)}</dt><dd>{escape(figure)}</dd></div>" for figure, name in facts
        )
        self._body.append(f'<dl class="facts">{"".join(items)}</dl>')
        return self

    def table(
        self, columns: Sequence[str], rows: Sequence[Sequence[TableCell]], caption: str = ""
    ) -> Self:
        """A table; numbers stand right, and what is wide or long scrolls inside its own box.

        Whole numbers get separators, others two decimals; None is a dash.
        """
        numeric = [_is_numeric(column) for column in zip(*rows, strict=True)] if rows else []
        numeric += [False] * (len(columns) - len(numeric))
        head = "".join(
            f'<th scope="col"{_class("n" * right)}>{escape(name)}</th>'
            for name, right in zip(columns, numeric, strict=True)
        )
        body = "".join(
            f"<tr>{''.join(_cell(*pair) for pair in zip(row, numeric, strict=True))}</tr>"
            for row in rows
        )
        name = 'aria-label="table"'
        if caption:  # above the box, or it would scroll away
            name = f'aria-labelledby="t{len(self._body)}"'
            self._body.append(f'<p class="caption" id="t{len(self._body)}">{escape(caption)}</p>')
        self._body.append(  # the box can be reached, and then scrolled, by the keyboard
            f'<div class="box" tabindex="0" role="region" {name}>'
            f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
        )
        return self

    def records(self, records: Sequence[tuple[str, Sequence[tuple[str, str]]]]) -> Self:
        """What is too wide for a table: of each record its name, and (field, value) below it."""
        for name, fields in records:
            items = "".join(
                f"<div{_class('whole' * (len(value) > LONG))}><dt>{escape(field)}</dt>"
                f"<dd>{escape(value)}</dd></div>"
                for field, value in fields
            )
            title = f'<p class="caption">{escape(name)}</p>'
            self._body.append(f'<div class="record">{title}<dl>{items}</dl></div>')
        return self

    def closed(self, summary: str, items: Sequence[str]) -> Self:
        """One line that opens to a list."""
        inside = "".join(f"<li>{_with_code(item)}</li>" for item in items)
        opened = f"<summary>{escape(summary)}</summary><ul>{inside}</ul>"
        self._body.append(f"<details>{opened}</details>")
        return self

    def picture(self, png: bytes, alt: str, caption: str = "") -> Self:
        """A PNG, never wider than the page; `alt` says what it shows to who cannot see it."""
        return self._figure(_image(png, "image/png", alt), caption)

    def figure(self, figure: "Figure", alt: str, caption: str = "") -> Self:
        """A matplotlib figure as SVG, on white paper whatever the page's colours."""
        import matplotlib

        file = io.BytesIO()
        # The same figure gives the same bytes: no date, no random names.
        with matplotlib.rc_context({"svg.hashsalt": "signpipe"}):
            figure.savefig(file, format="svg", metadata={"Date": None})
        return self._figure(_image(file.getvalue(), "image/svg+xml", alt), caption)

    def _figure(self, image: str, caption: str) -> Self:
        below = f"<figcaption>{escape(caption)}</figcaption>" if caption else ""
        self._body.append(f"<figure>{image}{below}</figure>")
        return self

    def cards(self, cards: Sequence[Card]) -> Self:
        """Pictures with words below each, as many side by side as there is room for."""
        items = (
            f"<li>{_image(card.png, 'image/png', card.alt) if card.png else ''}"
            f"<strong>{escape(card.title)}</strong><span>{escape(card.text)}</span></li>"
            for card in cards
        )
        self._body.append(f'<ul class="cards">{"".join(items)}</ul>')
        return self

    def html(self) -> str:
        """The page's source."""
        lead = f'<p class="lead">{escape(self._lead)}</p>' if self._lead else ""
        return (
            '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">\n'
            '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{escape(self._title)}</title>\n<style>{STYLE}</style>\n</head>\n"
            f"<body>\n<main>\n<h1>{escape(self._title)}</h1>\n{lead}\n{self._contents()}\n"
            + "\n".join(self._body)
            + "\n</main>\n</body>\n</html>\n"
        )

    def _contents(self) -> str:
        if len(self._headings) < CONTENTS:
            return ""
        links = (
            f'<a href="#s{number}">{escape(text)}</a>'
            for number, text in enumerate(self._headings, start=1)
        )
        return f'<nav aria-label="Contents">{"".join(links)}</nav>'

    def write(self, path: Path) -> None:
        """Write the page atomically. Raises OSError if the disk is full or the folder read-only."""
        write_text(path, self.html())


def escape(text: str) -> str:
    """Any text as HTML: markup becomes plain, line ends and other controls visible, like \\n."""
    known = text.encode("utf-8", "backslashreplace").decode("utf-8")  # names that are no UTF-8
    shown = (
        c.encode("unicode_escape").decode() if unicodedata.category(c) == "Cc" else c for c in known
    )
    return html.escape("".join(shown))


def _with_code(text: str) -> str:
    return re.sub("`([^`]+)`", r"<code>\1</code>", escape(text))


def _is_numeric(cells: Sequence[TableCell]) -> bool:
    known = [cell for cell in cells if cell is not None]
    return bool(known) and not any(isinstance(cell, str) for cell in known)


def _cell(cell: TableCell, right: bool) -> str:
    if isinstance(cell, Share):
        share = cell.value
        if share is None or math.isnan(share):
            return f'<td class="n">{DASH}</td>'
        bar = f"<i style='width:{100 * min(max(share, 0), 1):.0f}%'></i>"
        return f'<td class="n share"><b>{share:.0%}</b><span>{bar}</span></td>'
    if isinstance(cell, str):
        return f"<td{_class('long' * (len(cell) > LONG))}>{escape(cell)}</td>"
    return f"<td{_class('n' * right)}>{_number(cell)}</td>"


def _number(value: int | float | None) -> str:
    if value is None or not math.isfinite(value):
        return DASH
    return f"{value:,}" if isinstance(value, Integral) else f"{value:,.2f}"


def _class(name: str) -> str:
    return f' class="{name}"' if name else ""


def _image(data: bytes, kind: str, alt: str) -> str:
    text = base64.b64encode(data).decode()
    return f'<img src="data:{kind};base64,{text}" alt="{escape(alt)}">'
