"""report extraction: one page about what was extracted, from the clip table and a look at packs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from signpipe.cliptable import USABLE, Clip
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import Outcome, read_outcomes
from signpipe.extraction.stored import stored_landmarks
from signpipe.parts.normalise import FALLBACK_ASPECT
from signpipe.progress import track
from signpipe.report import handedness
from signpipe.report.duplicate_clips import duplicates_among, fingerprint
from signpipe.report.faults import worst
from signpipe.splits import split_clips
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class ExtractionReport:
    """The page, and how many clips it tells of, how many groups of duplicates, how many of these
    are leaks, how many signers likely are left-handed or mirrored, and which packs are unread."""

    path: Path
    clips: int
    duplicates: int
    leaks: int
    other_handed: int
    unread: tuple[str, ...]


def run(workspace: Workspace, *, out: Path | str | None = None) -> ExtractionReport:
    """Write a self-contained HTML page; `out` defaults to `report/extraction.html` inside.

    Packs that cannot be read are named on the page and the rest goes on. Raises SignpipeError if
    there is no clip, or the page cannot be written.
    """
    from signpipe.report.extraction_page import ExtractionFindings, extraction_page
    from signpipe.report.report_page import reported_clips

    clips = reported_clips(workspace)
    outcomes = read_outcomes(workspace.outcomes)
    unread: dict[str, str] = {}
    fingerprints, leads = _look(workspace, clips, outcomes, unread)
    splits, how = _splits(clips)
    faults = worst(clips)
    findings = ExtractionFindings(
        clips,
        faults,
        _thumbnails(workspace, (outcomes.get(fault.clip.clip_id) for fault in faults), unread),
        handedness.judge(leads),
        duplicates_among(clips, outcomes, fingerprints, splits),
        how,
        tuple(unread.values()),
    )
    path = Path(out or workspace.root / "report" / "extraction.html")
    try:
        extraction_page(findings).write(path)
    except OSError as error:
        raise SignpipeError(f"cannot write {path}: {error.strerror or error}") from error
    return ExtractionReport(
        path,
        len(clips),
        len(findings.duplicates),
        sum(group.crosses_splits for group in findings.duplicates),
        sum(hands.other_handed for hands in findings.hands),
        tuple(unread.values()),
    )


def _splits(clips: Sequence[Clip]) -> tuple[dict[str, str], str]:
    """What fine-tuning would use each clip as, and where that comes from in words."""
    given = {clip.clip_id: clip.split for clip in clips if clip.split}
    try:
        found = split_clips([clip for clip in clips if clip.usable and clip.label])
    except SignpipeError:  # too few labels for a split of its own
        return given, "as given in the clip table" if given else ""
    return given | found.of, found.how


def _look(
    workspace: Workspace,
    clips: Sequence[Clip],
    outcomes: dict[str, Outcome],
    unread: dict[str, str],
) -> tuple[dict[str, str], list[handedness.Lead]]:
    """Fingerprints of imported clips' landmarks, and which hand leads in these and in a sample of
    the others, each of which has a pack of its own to be opened."""
    known = {clip.clip_id: clip for clip in clips}
    usable = [o for o in outcomes.values() if o.clip_id in known and o.status in USABLE]
    extracted = [known[outcome.clip_id] for outcome in usable if outcome.settings]
    sampled = {clip.clip_id for clip in handedness.sample(extracted)}
    wanted = [o for o in usable if not o.settings or o.clip_id in sampled]
    fingerprints: dict[str, str] = {}
    leads: list[handedness.Lead] = []

    def failed(pack: str, error: SignpipeError) -> None:
        unread[pack] = str(error)

    with track("look at landmarks", len(wanted)) as tracker:
        for outcome, landmarks in stored_landmarks(workspace, wanted, failed):
            tracker.advance()
            if not outcome.settings:
                fingerprints[outcome.clip_id] = fingerprint(landmarks)
            clip = known[outcome.clip_id]
            if clip.signer and clip.label:
                width, height = outcome.width, outcome.height
                aspect = width / height if width and height else FALLBACK_ASPECT
                value = handedness.lead(landmarks, aspect)
                leads.append(handedness.Lead(clip.signer, clip.label, value))
    return fingerprints, leads


def _thumbnails(
    workspace: Workspace, outcomes: Iterable[Outcome | None], unread: dict[str, str]
) -> dict[str, bytes]:
    from signpipe.pictures.thumbnail import thumbnail
    from signpipe.report.stored_footage import stored_footage

    pictures = {}
    for outcome in outcomes:
        if outcome is None:
            continue
        try:
            footage = stored_footage(workspace, outcome)
        except SignpipeError as error:
            unread[outcome.pack] = str(error)
            continue
        if len(footage.landmarks):
            pictures[outcome.clip_id] = thumbnail(footage)
    return pictures
