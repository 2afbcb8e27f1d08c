"""What a person sees while a stage runs: a live bar on a terminal, plain lines elsewhere."""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

# stdout stays free for results that another program reads.
console = Console(stderr=True, highlight=False, soft_wrap=True)

PLAIN_SECONDS = 10.0  # between two plain lines; a log of an overnight run stays readable


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
    """Counts finished items; `detail` is free text such as a rate or a loss."""

    def __init__(self, description: str, total: int, unit: str, bar: Progress | None) -> None:
        self.description, self.total, self.unit = description, total, unit
        self.done = 0
        self.started = self._last = time.monotonic()
        self._bar = bar
        self._task = bar.add_task(description, total=total, detail="") if bar else None

    def advance(self, count: int = 1, detail: str = "") -> None:
        """Mark `count` more items as finished."""
        self.done += count
        if self._bar is not None and self._task is not None:
            self._bar.update(self._task, advance=count, detail=detail)
            return
        now = time.monotonic()
        if now - self._last >= PLAIN_SECONDS:
            self._last = now
            spent = now - self.started
            left = spent / max(self.done, 1) * (self.total - self.done)
            text = f"{self.description}: {self.done} of {self.total} {self.unit}"
            note(f"{text}, {duration(left)} left" + (f", {detail}" if detail else ""))


@contextmanager
def track(description: str, total: int, unit: str = "clips") -> Iterator[Tracker]:
    """Show progress over `total` items; the bar vanishes when the block ends."""
    if not sys.stderr.isatty():
        yield Tracker(description, total, unit, None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(bar_width=24),
        TextColumn("{task.completed:.0f}/{task.total:.0f} " + unit),
        TextColumn("{task.detail}"),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True) as bar:
        yield Tracker(description, total, unit, bar)
