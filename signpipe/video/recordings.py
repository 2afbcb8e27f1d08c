"""Clips that are the same recording: which share their bytes, and whether they cross splits.

A recording that is in train and in test, or under two signs, makes a score worth less than it says.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from signpipe.workspace import sha256_of_file


@dataclass(frozen=True)
class Recording:
    """One clip. `content` is the hash of the file's bytes; what has none given is read.

    `segment` says which part of the file the clip is, in any notation; clips of one file are the
    same recording only if this is the same.
    """

    clip_id: str
    path: Path
    label: str = ""
    split: str = ""
    signer: str = ""
    segment: str = ""
    content: str = ""


@dataclass(frozen=True)
class DuplicateGroup:
    """Two or more clips that are the same recording, by clip id."""

    clips: tuple[Recording, ...]

    @property
    def clip_ids(self) -> tuple[str, ...]:
        return tuple(clip.clip_id for clip in self.clips)

    @property
    def splits(self) -> tuple[str, ...]:
        return _named(clip.split for clip in self.clips)

    @property
    def labels(self) -> tuple[str, ...]:
        return _named(clip.label for clip in self.clips)

    @property
    def signers(self) -> tuple[str, ...]:
        return _named(clip.signer for clip in self.clips)

    @property
    def crosses_splits(self) -> bool:
        return len(self.splits) > 1

    @property
    def crosses_labels(self) -> bool:
        return len(self.labels) > 1

    def __str__(self) -> str:
        """Such as `00335 (book, train) = 00336 (book, test)`."""
        return " = ".join(
            f"{clip.clip_id} ({', '.join(filter(None, (clip.label, clip.split))) or 'no label'})"
            for clip in self.clips
        )


def _named(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted({value for value in values if value}))


def find_duplicates(recordings: Iterable[Recording]) -> list[DuplicateGroup]:
    """Groups of clips that are the same recording, in the order of their first clip ids.

    Only files that have another one's size are read. A file that is empty or cannot be read is no
    duplicate.
    """
    recordings = [*recordings]
    same: dict[tuple[str, str], list[Recording]] = defaultdict(list)
    alike: dict[tuple[int, str], list[Recording]] = defaultdict(list)
    all_known = all(recording.content for recording in recordings)
    for recording in recordings:
        if recording.content:
            same[recording.content, recording.segment].append(recording)
        if not all_known and (size := _size(recording.path)):
            alike[size, recording.segment].append(recording)
    hashes: dict[Path, str] = {}
    for candidates in alike.values():
        for recording in candidates if len(candidates) > 1 else ():
            if not recording.content and (content := _hash(recording.path, hashes)):
                same[content, recording.segment].append(recording)
    groups = (sorted(clips, key=lambda clip: clip.clip_id) for clips in same.values())
    found = (DuplicateGroup(tuple(clips)) for clips in groups if len(clips) > 1)
    return sorted(found, key=lambda group: group.clip_ids)


def _size(path: Path) -> int:
    try:
        return path.stat().st_size
    except OSError:
        return 0


def _hash(path: Path, known: dict[Path, str]) -> str:
    if path not in known:
        try:
            known[path] = sha256_of_file(path)
        except OSError:
            known[path] = ""
    return known[path]
