"""Which clip id a video gets: its path in the folder that was given, made safe as a file name."""

import hashlib
import os
import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence

from signpipe.extraction.outcomes import Outcome
from signpipe.video.read import FoundVideo

COMPONENT_BYTES = 200  # of a file name; 255 is the usual limit, and endings are added
ID_BYTES = 1000


def name_clips(
    found: Sequence[FoundVideo],
    journal: Mapping[str, Outcome],
    is_same: Callable[[FoundVideo, Outcome], bool],
) -> dict[str, str]:
    """Clip id by `FoundVideo.key`. A source in the journal keeps its id, and a video that was given
    one has that; so does a video that was moved or has another name now.

    Videos that would share an id are told apart by their ending, then by a hash of their path.
    `is_same` says whether a video is the one, since moved, of a journal's outcome.
    """
    # Imported packs have a source and names of their own.
    named = {
        outcome.source: clip_id
        for clip_id, outcome in journal.items()
        if outcome.settings and not outcome.segment
    }
    short = Counter(_without_ending(video.name) for video in found)
    full = Counter(video.name for video in found)
    ids = {video.key: video.clip_id or named.get(video.key, "") for video in found}
    ids |= _moved(found, ids, journal, is_same)
    taken = {*journal, *(outcome.pack for outcome in journal.values()), *ids.values()}
    for video in found:
        if ids[video.key]:
            continue
        for clip_id in _candidates(video, short, full):
            if clip_id not in taken:
                break
        ids[video.key] = clip_id
        taken.add(clip_id)
    return ids


def _moved(
    found: Sequence[FoundVideo],
    ids: Mapping[str, str],
    journal: Mapping[str, Outcome],
    is_same: Callable[[FoundVideo, Outcome], bool],
) -> dict[str, str]:
    """The clip ids of those found videos that have none, but are known under another name."""
    without = [video for video in found if not ids[video.key]]
    if not without:
        return {}
    given = {*ids.values()}
    by_size: dict[tuple[int, str], list[Outcome]] = defaultdict(list)
    for outcome in journal.values():
        if outcome.settings and outcome.sha256 and outcome.clip_id not in given:
            by_size[outcome.size, outcome.segment].append(outcome)
    if not by_size:
        return {}
    moved: dict[str, str] = {}
    taken: set[str] = set()
    for video in without:
        candidates = by_size.get((_size(video), video.segment), [])
        # Where several clips have the same content, the one whose name is the same comes first.
        stem = safe(_without_ending(video.name))
        for outcome in sorted(candidates, key=lambda outcome: outcome.clip_id != stem):
            if outcome.clip_id not in taken and is_same(video, outcome):
                moved[video.key] = outcome.clip_id
                taken.add(outcome.clip_id)
                break
    return moved


def _size(video: FoundVideo) -> int:
    try:
        return os.stat(video.path).st_size
    except OSError:
        return -1


def _candidates(video: FoundVideo, short: Counter[str], full: Counter[str]) -> Iterator[str]:
    stem = _without_ending(video.name)
    if short[stem] == 1:
        yield safe(stem)
    if full[video.name] == 1:
        yield safe(video.name)
    salt = ""
    while True:
        yield f"{safe(stem)}-{_hash(str(video.path) + salt)}"
        salt += "+"


def _without_ending(name: str) -> str:
    return os.path.splitext(name)[0]


def safe(name: str) -> str:
    """`name`, its parts usable as file names everywhere; whatever is changed gets a hash.

    Plain names, with spaces, quotes or any script's letters, stay as they are, and so does "".
    """
    if not name:
        return name
    whole = "/".join(_safe_component(part) for part in name.split("/"))
    if len(whole.encode()) > ID_BYTES:
        whole = f"{whole.rsplit('/', 1)[1]}-{_hash(name)}"
    return whole


def _safe_component(part: str) -> str:
    # Categories C*: control characters, surrogates (bytes that are no UTF-8), unassigned ones.
    clean = "".join("_" if unicodedata.category(c)[0] == "C" or c == "\\" else c for c in part)
    if clean != clean.rstrip(". ") or clean.endswith(".h5") or clean.startswith("."):
        clean = clean.strip(". ").removesuffix(".h5") or "_"
    if len(clean.encode()) > COMPONENT_BYTES:
        clean = clean.encode()[: COMPONENT_BYTES - 20].decode(errors="ignore")
    clean = clean or "_"  # as in a//b, which would be the same file as a/b
    return clean if clean == part else f"{clean}-{_hash(part)}"


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogateescape")).hexdigest()[:8]
