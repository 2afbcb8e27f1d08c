"""Counts and lists of names in words, for whatever is said to a person."""

from collections.abc import Sequence

NAMED = 5  # names that are listed in one line


def counted(count: int, one: str, several: str = "") -> str:
    """`1 clip`, `2,000 clips`; `several` where it is not `one` with an s, such as `clips are`."""
    return f"{count:,} {noun(count, one, several)}"


def noun(count: int, one: str, several: str = "") -> str:
    """`clip` for 1, else `clips`; `several` as in `counted`."""
    return one if count == 1 else several or one + "s"


def listed(names: Sequence[str], most: int = NAMED) -> str:
    """The first names with commas between, and how many more there are."""
    more = f" and {len(names) - most:,} more" if len(names) > most else ""
    return ", ".join(names[:most]) + more


def one_line(text: str) -> str:
    """Names may hold line breaks; in a line they are spaces."""
    return " ".join(text.split())


def times(count: int) -> str:
    """`once`, `twice`, `3 times`; `never` for 0."""
    return {0: "never", 1: "once", 2: "twice"}.get(count, f"{count:,} times")
