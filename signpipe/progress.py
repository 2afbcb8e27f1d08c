"""What a person sees while a stage runs: a live bar on a terminal, plain lines elsewhere.

With `SIGNPIPE_PROGRESS=json` a program is told instead, in lines of JSON on stderr: `progress` (of
what), `done`, `total`, `unit`, `left` and `detail`.
"""

import json
import os
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, ProgressColumn, TextColumn
from rich.table import Column

# stdout stays free for results that another program reads.
console = Console(stderr=True, highlight=False, soft_wrap=True)

PLAIN_SECONDS = 60.0  # between two plain lines; a log of an overnight run stays readable
TOLD_SECONDS = 0.5  # between two lines for a program
LEFT_SECONDS, LEFT_REPORTS = 5.0, 2  # what must have been seen before a time left is told
WIDE = 90  # columns of a terminal that has room for the number beside count and time


def note(text: str) -> None:
    """Print one line on stderr, for things a stage does beside what it was asked for."""
    console.print(text, markup=False)


def duration(seconds: float) -> str:
    """`4 s`, `3 min 20 s` or `2 h 05 min`."""
    seconds = round(seconds)
    if seconds < 60:
        return f"{seconds} s"
    if seconds < 3600:
        return f"{seconds // 60} min {seconds % 60:02d} s"
    return f"{seconds // 3600} h {seconds % 3600 // 60:02d} min"


class Tracker:
    """Counts finished items; `detail` is the one number shown beside them, as "62 frames/s"."""

    def __init__(self, description: str, total: int, unit: str, bar: Progress | None) -> None:
        self.description, self.total, self.unit = description, total, unit
        self.done = 0
        self.started = self._last = time.monotonic()
        self._first: tuple[float, int] | None = None  # when, and what, the first report finished
        self._bar = bar
        self._task = bar.add_task(description, total=total, detail="", left="") if bar else None

    def advance(self, count: int = 1, detail: str = "") -> None:
        """Mark `count` more items as finished."""
        self.done += count
        now = time.monotonic()
        if self._first is None:
            self._first = now, self.done
        left = self._left(now)
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=count, detail=detail, left=left)
        elif _for_program():
            if now - self._last >= TOLD_SECONDS or self.done >= self.total:
                self._last = now
                self.tell(left, detail)
        elif now - self._last >= PLAIN_SECONDS:
            self._last = now
            counted = f"{self.description}: {self.done} of {self.total} {self.unit}"
            note(", ".join(filter(None, (counted, left, detail))))

    def tell(self, left: str = "", detail: str = "") -> None:
        """Print where it stands for a program."""
        counted = {"done": self.done, "total": self.total, "unit": self.unit}
        line = {"progress": self.description, **counted, "left": left, "detail": detail}
        print(json.dumps(line), file=sys.stderr, flush=True)

    def _left(self, now: float) -> str:
        """`3 min 20 s left`, or nothing before that means something.

        The first report is left out of the pace: start-up work is in it.
        """
        when, counted = self._first or (now, self.done)
        if now - when < LEFT_SECONDS or self.done - counted < LEFT_REPORTS * counted:
            return ""
        pace = (now - when) / (self.done - counted)
        return f"{duration(pace * (self.total - self.done))} left"


@contextmanager
def track(description: str, total: int, unit: str = "clips") -> Iterator[Tracker]:
    """Show progress over `total` items, named by `unit` in the plural; the bar vanishes when the
    block ends."""
    unit = unit.removesuffix("s") if total == 1 else unit
    if _for_program() or not sys.stderr.isatty():
        tracker = Tracker(description, total, unit, None)
        if _for_program():
            tracker.tell()
        yield tracker
        return
    with Progress(
        *_columns(console.width, unit),
        console=console,
        transient=True,
        redirect_stdout=sys.stdout.isatty(),  # else it would take what goes into a file
    ) as bar:
        yield Tracker(description, total, unit, bar)


def _for_program() -> bool:
    return os.environ.get("SIGNPIPE_PROGRESS") == "json"


def _columns(width: int, unit: str) -> list[ProgressColumn]:
    """Name, bar, count and time left; where the terminal is wide enough, one number beside them."""
    columns: list[ProgressColumn] = [
        _text("{task.description}"),
        BarColumn(bar_width=24 if width >= WIDE else 10),
        _text("{task.completed:.0f}/{task.total:.0f} " + unit),
        _text("{task.fields[left]}"),
    ]
    return [*columns, _text("{task.fields[detail]}")] if width >= WIDE else columns


def _text(form: str) -> TextColumn:
    return TextColumn(form, markup=False, table_column=Column(no_wrap=True))
