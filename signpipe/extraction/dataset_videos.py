"""A data set's clips as videos to extract, and what its annotations fill into the clip table."""

import os
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from signpipe.cliptable import Label
from signpipe.datasets.clips import Dataset
from signpipe.datasets.elan import ElanTiers
from signpipe.datasets.registry import read_dataset
from signpipe.datasets.summary import clips_per_split, leaks, write_missing
from signpipe.errors import SignpipeError
from signpipe.extraction.ids import safe
from signpipe.extraction.outcomes import read_outcomes
from signpipe.progress import note
from signpipe.video.read import FoundVideo
from signpipe.video.recordings import DuplicateGroup
from signpipe.workspace import Workspace


@dataclass(frozen=True)
class DatasetSummary:
    """What extract has to say of a data set.

    `splits` counts the clips that have a file; `missing` those that have none, listed in the file
    `missing_list`; `leaks` are recordings in several splits or under several labels, `problems`
    sentences about entries that were left out.
    """

    name: str
    splits: dict[str, int]
    missing: int
    missing_list: Path
    leaks: tuple[DuplicateGroup, ...]
    problems: tuple[str, ...]


@dataclass(frozen=True)
class DatasetVideos:
    """`labels` by clip id; a clip's id is the same whatever the subset or the folder."""

    dataset: Dataset
    found: list[FoundVideo] = field(default_factory=list)
    labels: dict[str, Label] = field(default_factory=dict)

    def summary(self, workspace: Workspace) -> DatasetSummary:
        """Write the list of missing clips into the workspace; look for duplicates."""
        name = self.dataset.name
        missing_list = workspace.root / f"missing-{name}.csv"
        write_missing(missing_list, self.dataset)
        return DatasetSummary(
            name,
            clips_per_split(self.dataset),
            len(self.dataset.missing),
            missing_list,
            tuple(leaks(self.dataset, _known_contents(workspace))),
            self.dataset.problems,
        )


def dataset_videos(name: str, root: Path, tiers: ElanTiers | None = None) -> DatasetVideos:
    """Raises SignpipeError as `read_dataset`, and if there is none of its videos."""
    videos = DatasetVideos(read_dataset(name, root, tiers))
    clips, missing = videos.dataset.clips, videos.dataset.missing
    if not clips:
        raise SignpipeError(
            f"none of the {len(missing)} videos of {videos.dataset.name} is in {root}; "
            f"{missing[0].path} would be one"
        )
    if missing:  # who waits for hours should know before
        note(f"clips without a video: {len(missing)} of {len(clips) + len(missing)}")
    for clip in clips:
        clip_id = safe(videos.dataset.prefix + clip.name)
        videos.found.append(FoundVideo(clip.path, clip.path.name, clip_id, clip.segment))
        videos.labels[clip_id] = Label(clip_id, clip.label, clip.signer, clip.split)
    return videos


def _known_contents(workspace: Workspace) -> dict[Path, str]:
    """The SHA-256 of the videos that are as they were when they were last looked at."""
    known: dict[Path, str] = {}
    for outcome in read_outcomes(workspace.outcomes).values():
        with suppress(OSError):
            if outcome.settings and outcome.sha256 and Path(outcome.source) not in known:
                status = os.stat(outcome.source)
                if (status.st_size, status.st_mtime_ns) == (outcome.size, outcome.mtime_ns):
                    known[Path(outcome.source)] = outcome.sha256
    return known
