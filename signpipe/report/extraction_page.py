"""The page about an extraction: what came of it, where it is weak, and what looks wrong."""

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from signpipe.cliptable import Clip, count_by
from signpipe.pictures import charts
from signpipe.pictures.page import Card, Page, Share, TableCell
from signpipe.report import handedness
from signpipe.report.duplicate_clips import crossing
from signpipe.report.faults import WORST, Fault, better_hand
from signpipe.report.handedness import Handedness
from signpipe.video.recordings import DuplicateGroup
from signpipe.wording import counted, listed, noun

MOST = 300  # rows of a table; the clip table has them all
NAMED = 6  # clips of one group of duplicates
MEANING = {
    "ok": "landmarks of all frames",
    "truncated": "the file is cut short or damaged; the readable frames are used",
    "nobody": "no person was found in any frame",
    "empty": "there are no frames",
    "unreadable": "it cannot be opened or decoded as a video",
    "failed": "the extraction failed; `signpipe extract --retry-failed` tries again",
    "": "not extracted yet",
}


@dataclass(frozen=True)
class ExtractionFindings:
    """All that the page tells. `clips` is the clip table, at least one row; `thumbnails` are PNGs
    by clip id; `unread` says which packs could not be read and why; `splits` in words where the
    splits come from."""

    clips: Sequence[Clip]
    worst: Sequence[Fault]
    thumbnails: Mapping[str, bytes]
    hands: Sequence[Handedness]
    duplicates: Sequence[DuplicateGroup]
    splits: str
    unread: Sequence[str] = ()


def extraction_page(findings: ExtractionFindings) -> Page:
    """Build the page."""
    clips = findings.clips
    seen = [clip for clip in clips if clip.pose is not None and clip.frames]
    page = Page("Extraction", "What was extracted or imported, and what to look at before training")
    page.facts(_facts(clips, seen))
    _warnings(page, findings)
    _outcomes(page, clips)
    _rates(page, seen, "signer")
    _rates(page, seen, "label")
    _worst(page, findings)
    _spread(page, clips)
    _hands(page, findings.hands)
    _duplicates(page, findings)
    return page


def _facts(clips: Sequence[Clip], seen: Sequence[Clip]) -> list[tuple[str, str]]:
    usable = sum(clip.usable for clip in clips)
    frames = sum(clip.frames for clip in clips)
    facts = [(f"{len(clips):,}", noun(len(clips), "clip"))]
    facts.append((f"{usable:,}", "with landmarks to learn from"))
    facts.append((f"{frames:,}", noun(frames, "frame")))
    for column in ("signer", "label"):
        count = len(_values(clips, column))
        facts.append((f"{count:,}", noun(count, column)))
    pose, hand = rate(seen, lambda clip: clip.pose), rate(seen, better_hand)
    if pose is not None and hand is not None:
        facts.append((f"{pose:.0%}", "of frames show a person"))
        facts.append((f"{hand:.0%}", "show a hand (each clip's better one)"))
    return facts


def _values(clips: Sequence[Clip], column: Literal["signer", "label"]) -> set[str]:
    return {getattr(clip, column) for clip in clips} - {""}


def rate(clips: Sequence[Clip], share: Callable[[Clip], float | None]) -> float | None:
    """A share of all frames of these clips; None if there are none."""
    known = [(value, clip.frames) for clip in clips if (value := share(clip)) is not None]
    frames = sum(count for _, count in known)
    return sum(value * count for value, count in known) / frames if frames else None


def _warnings(page: Page, findings: ExtractionFindings) -> None:
    leaks = sum(group.crosses_splits for group in findings.duplicates)
    if leaks:
        lie = counted(leaks, "group of duplicates lies", "groups of duplicates lie")
        page.warning(f"{lie} across splits: see Duplicates.")
    if findings.unread:
        page.warning(f"Not everything could be looked at: {listed(findings.unread, 1)}.")


def _outcomes(page: Page, clips: Sequence[Clip]) -> None:
    counts = count_by(clips, "status")
    page.heading("Outcomes")
    rows: list[list[TableCell]] = [
        [status or "none", count, Share(count / len(clips)), MEANING.get(status, "")]
        for status, count in counts.items()
    ]
    page.table(["status", "clips", "share", "meaning"], rows)
    wrong = [clip for clip in clips if clip.status != "ok"]
    if not wrong:
        return
    reasons = [
        [clip.clip_id, clip.status or "none", clip.reason, clip.source] for clip in wrong[:MOST]
    ]
    caption = f"Every clip that is not ok{_first(wrong)}"
    page.table(["clip", "status", "reason", "source"], reasons, caption)


def _first(items: Sequence[object]) -> str:
    return f" (the first {MOST} of {len(items):,})" if len(items) > MOST else ""


def _rates(page: Page, clips: Sequence[Clip], column: Literal["signer", "label"]) -> None:
    page.heading(f"Detected, per {column}")
    if not _values(clips, column):
        page.text(f"No clip with landmarks has a {column} in the clip table.")
        return
    groups: dict[str, list[Clip]] = defaultdict(list)
    for clip in clips:
        groups[getattr(clip, column)].append(clip)
    rows = [
        (
            name or f"(no {column})",
            len(members),
            rate(members, lambda clip: clip.pose),
            rate(members, lambda clip: clip.left_hand),
            rate(members, lambda clip: clip.right_hand),
            rate(members, better_hand),
        )
        for name, members in groups.items()
    ]
    rows.sort(key=lambda row: (row[5] or 0, row[0]))
    columns = [column, "clips", "pose", "left hand", "right hand", "better hand"]
    cells: list[list[TableCell]] = [[*row[:2], *map(Share, row[2:])] for row in rows[:MOST]]
    caption = (
        "Shares of the frames in which each was found, the poorest first; the better hand is, clip "
        f"by clip, the one that is found more often{_first(rows)}"
    )
    page.table(columns, cells, caption)


def _worst(page: Page, findings: ExtractionFindings) -> None:
    page.heading("The worst clips")
    if not findings.worst:
        page.text("Nothing is wrong with any clip that has landmarks.")
        return
    few = len(findings.worst) < WORST
    page.text(
        ("These are all clips with landmarks that have a fault" if few else "The worst first")
        + ": the skeleton over the middle frame, on a plain ground where there is no video."
    )
    page.cards(
        [
            Card(
                findings.thumbnails.get(fault.clip.clip_id),
                f"Middle frame of {fault.clip.clip_id}",
                fault.clip.clip_id,
                fault.words[:1].upper() + fault.words[1:] + ".",
            )
            for fault in findings.worst
        ]
    )


def _spread(page: Page, clips: Sequence[Clip]) -> None:
    page.heading("Frame rates, picture sizes, lengths")
    rates = [clip.fps for clip in clips if clip.fps]
    sizes = [f"{clip.width} x {clip.height}" for clip in clips if clip.width and clip.height]
    lengths = [float(clip.frames) for clip in clips if clip.frames]
    if rates:
        caption = f"Frames a second, on average over each clip{_known(rates, clips)}"
        page.figure(charts.histogram(rates, "frames a second"), "Chart of frame rates", caption)
    else:
        page.text("The frame rate of no clip is known: imported landmarks seldom tell it.")
    if sizes:
        caption = f"Picture size in pixels, as shown{_known(sizes, clips)}"
        page.figure(charts.bars(sizes), "Chart of picture sizes", caption)
    else:
        page.text("The picture size of no clip is known.")
    if lengths:
        page.figure(charts.histogram(lengths, "frames"), "Chart of lengths", "Frames in each clip")


def _known(values: Sequence[object], clips: Sequence[Clip]) -> str:
    return "" if len(values) == len(clips) else f"; known of {len(values):,} of {len(clips):,}"


def _hands(page: Page, judged: Sequence[Handedness]) -> None:
    page.heading("Mirrored or left-handed")
    page.text(
        f"Of every signer all imported clips and up to {handedness.SAMPLE} extracted ones are "
        "looked at: the hand that moves more while it is detected leads. Where most other signers "
        "of a label lead clearly with the same hand, a signer is listed whose other hand leads "
        f"clearly in at least {handedness.AGAINST:.0%} of such clips, if there are "
        f"{handedness.CLIPS} or more. This cannot tell a left-handed person from a mirrored "
        "recording, nor from somebody who chose the other hand that day; signs of two equal hands "
        "tell nothing; and the majority is taken to be right. Look at a clip before you mirror "
        "anything."
    )
    if not judged:
        page.text(
            "Nobody can be judged: it takes clips with signer and label, of one-handed signs that "
            f"at least {handedness.OTHERS + 1} signers have made."
        )
        return
    enough = [item for item in judged if item.clips >= handedness.CLIPS]
    found = [item for item in enough if item.other_handed]
    if not found:
        judgeable = counted(len(enough), "signer who can be judged", "signers who can be judged")
        page.text(f"Nobody stands out among {judgeable}.")
        return
    page.text(
        f"Likely left-handed or mirrored, compared with the others: {len(found):,} of "
        f"{counted(len(enough), 'signer')} who can be judged."
    )
    rows: list[list[TableCell]] = [[item.signer, item.clips, Share(item.against)] for item in found]
    page.table(["signer", "clips judged", "other hand leads"], rows)


def _duplicates(page: Page, findings: ExtractionFindings) -> None:
    page.heading("Duplicates")
    page.text(
        "Extracted clips from the same part of files with the same bytes, and imported clips whose "
        "landmarks have. A recording that was cut or encoded anew is not found. Splits are "
        f"{findings.splits or 'unknown, since no clip has one'}."
    )
    groups = findings.duplicates
    if not groups:
        page.text("No duplicates were found.")
        return
    extra = sum(len(group.clip_ids) - 1 for group in groups)
    faulty = sum(bool(crossing(group)) for group in groups)
    leaks = sum(group.crosses_splits for group in groups)
    page.text(
        f"{counted(len(groups), 'group')}, {counted(extra, 'clip')} too many. Groups under "
        f"different labels, signers or splits: {faulty:,}, of these across splits: {leaks:,}."
    )
    if leaks:
        page.warning(
            "Across splits is a leak: what is measured on one copy was learned from the other. "
            "Give all copies of a group one split in the clip table, or delete all rows but one."
        )
    rows: list[list[TableCell]] = [
        [crossing(group) or "repeated", len(group.clip_ids), listed(group.clip_ids, NAMED)]
        for group in groups[:MOST]
    ]
    page.table(["what", "clips", "which"], rows, f"The gravest first{_first(groups)}")
