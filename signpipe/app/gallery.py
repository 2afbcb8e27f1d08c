"""The workspace's clips, as the gallery shows them: a page at a time, filtered and in order."""

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from signpipe.cliptable import Clip, count_by, read_clips
from signpipe.extraction.forgotten import read_forgotten
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.video.read import VIDEO_SUFFIXES
from signpipe.workspace import Workspace

FACETS = ("label", "signer", "status", "split")  # columns that clips are chosen by
ORDERS = ("label", "signer")
MOST = 96  # clips of one answer


@dataclass(frozen=True)
class ClipFilter:
    """Which clips: `values` are wanted by column, `in_bin` those that were left out; in what order.

    `text` is part of the clip id, in any case.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    text: str = ""
    in_bin: bool = False
    order: str = "label"

    def fits(self, clip: Clip) -> bool:
        fits = all(getattr(clip, column) == value for column, value in self.values.items())
        return fits and self.text.casefold() in clip.clip_id.casefold()


def find_clips(workspace: Workspace, wanted: ClipFilter) -> list[Clip]:
    """The clips that fit, in order; those without a label, or signer, come last."""
    first, second = (wanted.order, *(name for name in ORDERS if name != wanted.order))
    by_first, by_second = _last_if_empty(first), _last_if_empty(second)
    chosen = [clip for clip in _rows(workspace, wanted.in_bin).values() if wanted.fits(clip)]
    return sorted(chosen, key=lambda clip: (by_first(clip), by_second(clip), clip.clip_id))


def clip_page(workspace: Workspace, wanted: ClipFilter, start: int, count: int) -> dict[str, Any]:
    """`count` clips from the `start`-th on, how many fit, and what there is to choose by."""
    rows = _rows(workspace, wanted.in_bin)
    found = find_clips(workspace, wanted)
    start = min(max(0, start), max(0, len(found) - 1))
    shown = found[start : start + min(max(1, count), MOST)]
    outcomes = read_outcomes(workspace.outcomes)
    return {
        "clips": [_shown(clip, outcomes.get(clip.clip_id)) for clip in shown],
        "start": start,
        "fitting": len(found),
        "total": len(rows),
        "in_bin": len(read_forgotten(workspace)),
        "facets": {column: _counts(rows.values(), column) for column in FACETS},
    }


def _rows(workspace: Workspace, in_bin: bool) -> dict[str, Clip]:
    return read_forgotten(workspace) if in_bin else read_clips(workspace.clips)


def _last_if_empty(column: str) -> Callable[[Clip], tuple[bool, str, str]]:
    def key(clip: Clip) -> tuple[bool, str, str]:
        value = getattr(clip, column)
        return not value, value.casefold(), value

    return key


def _counts(clips: Iterable[Clip], column: str) -> list[tuple[str, int]]:
    return sorted(count_by(list(clips), column).items(), key=lambda item: item[0].casefold())


def _shown(clip: Clip, outcome: Outcome | None) -> dict[str, Any]:
    names = ("label", "signer", "split", "status", "reason", "frames", "fps", "source")
    rates = ("pose", "left_hand", "right_hand")
    return {
        "id": clip.clip_id,
        **{name: getattr(clip, name) for name in (*names, *rates)},
        "has_landmarks": outcome is not None and bool(outcome.pack),
        "has_video": outcome is not None and has_video(outcome),
    }


def has_video(outcome: Outcome) -> bool:
    """Whether the file that a whole clip was extracted from is still there."""
    is_video = os.path.splitext(outcome.source)[1].lower() in VIDEO_SUFFIXES
    whole = bool(outcome.settings) and not outcome.segment
    return whole and is_video and os.path.isfile(outcome.source)
