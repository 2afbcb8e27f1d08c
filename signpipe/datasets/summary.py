"""What to say of a data set before its videos are read: counts, missing ones, duplicates."""

from collections import Counter
from collections.abc import Mapping
from pathlib import Path

from signpipe.datasets.clips import Dataset
from signpipe.tables import write_table
from signpipe.video.recordings import DuplicateGroup, Recording, find_duplicates
from signpipe.vocabulary import TEST, TRAIN, VAL

MISSING_COLUMNS = ("clip", "label", "signer", "split", "start", "end", "expected")


def clips_per_split(dataset: Dataset) -> dict[str, int]:
    """How many clips have a file, by split: train, val and test first, "" for none."""
    counts = Counter(clip.split for clip in dataset.clips)
    first = [split for split in (TRAIN, VAL, TEST) if split in counts]
    return {split: counts[split] for split in (*first, *sorted(counts.keys() - {*first}))}


def leaks(dataset: Dataset, known: Mapping[Path, str] = {}) -> list[DuplicateGroup]:
    """Recordings that are in several splits or under several labels.

    Reads the files that are as large as another one, but for those whose SHA-256 is `known`.
    """
    recordings = (
        Recording(
            dataset.prefix + clip.name,
            clip.path,
            clip.label,
            clip.split,
            clip.signer,
            clip.segment,
            known.get(clip.path, ""),
        )
        for clip in dataset.clips
    )
    groups = find_duplicates(recordings)
    return [group for group in groups if group.crosses_splits or group.crosses_labels]


def write_missing(path: Path, dataset: Dataset) -> None:
    """Write the missing clips as a CSV, atomically; without any, no such file is left.

    `expected` is where the video was looked for first, start and end are seconds.
    """
    if not dataset.missing:
        path.unlink(missing_ok=True)
        return
    rows = []
    for clip in dataset.missing:
        end = None if clip.end is None else f"{float(clip.end):.3f}"
        times = f"{float(clip.start):.3f}", end
        rows.append((clip.name, clip.label, clip.signer, clip.split, *times, str(clip.path)))
    write_table(path, MISSING_COLUMNS, rows)
