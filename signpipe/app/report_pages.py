"""The report pages of the workspace: which there are, and whether they still hold."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from signpipe.workspace import Workspace


@dataclass(frozen=True)
class ReportState:
    """`made` is when (seconds since the epoch), None if there is none; `stale` whether what it
    tells of has changed since; `possible` whether there is something to tell of."""

    kind: str
    made: float | None
    stale: bool
    possible: bool


def report_file(workspace: Workspace, kind: str) -> Path:
    """Where the report of a kind lies."""
    return workspace.root / "report" / f"{kind}.html"


def report_states(workspace: Workspace) -> list[ReportState]:
    """One entry for every kind."""
    return [_state(workspace, kind) for kind in SOURCES]


def _state(workspace: Workspace, kind: str) -> ReportState:
    times = [*_times(SOURCES[kind](workspace))]
    made = max(_times([report_file(workspace, kind)]), default=None)
    stale = made is not None and bool(times) and max(times) > made
    return ReportState(kind, made, stale, bool(times))


def _times(files: Iterable[Path]) -> Iterator[float]:
    """When those that are there were written."""
    for file in files:
        try:
            yield file.stat().st_mtime
        except OSError:
            continue


def _results(workspace: Workspace) -> Iterable[Path]:
    runs = (workspace.root.glob(f"{stage}/*/metrics.csv") for stage in ("pretrain", "finetune"))
    return chain(workspace.root.glob("evaluate/*/metrics.json"), *runs)


def _extraction(workspace: Workspace) -> Iterable[Path]:
    return [workspace.clips]


SOURCES: Mapping[str, Callable[[Workspace], Iterable[Path]]] = {
    "results": _results,
    "extraction": _extraction,
    "labels": _extraction,
}
