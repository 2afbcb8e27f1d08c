"""What a data set's annotations come to: clips, missing ones, and entries left out."""

from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path

from signpipe.datasets.files import VideoIndex
from signpipe.video.read import FoundVideo
from signpipe.video.segments import segment_text
from signpipe.vocabulary import TEST, TRAIN, VAL, split_named


@dataclass(frozen=True)
class AnnotatedClip:
    """One clip as the annotations have it.

    `name` is the same in every run and no other clip's of the data set; it may hold / and has no
    file's ending. `path` is the absolute path of its file, links resolved; of a missing clip, where
    the published layout has it. `signer` and `split` are "" if the data set does not tell.

    The clip is what the file shows from `start` to before `end` (None: to its end), in exact
    seconds after its first frame: frames a to b (from 0, both in it) at a rate r are a/r to
    (b + 1)/r, and come back from these.
    """

    name: str
    path: Path
    label: str
    signer: str = ""
    split: str = ""
    start: Fraction = Fraction(0)
    end: Fraction | None = None

    @property
    def segment(self) -> str:
        """Start and end as text that tells them exactly, such as 1/2..2; "" for a whole file."""
        return segment_text(self.start, self.end)


@dataclass(frozen=True)
class Dataset:
    """`missing` are clips without a file; `problems` sentences about entries left out.

    `prefix` before a clip's name tells it from other data sets' clips; subsets of one data set have
    the same, such as "wlasl/", for they share their clips.
    """

    name: str
    prefix: str
    clips: tuple[AnnotatedClip, ...]
    missing: tuple[AnnotatedClip, ...] = ()
    problems: tuple[str, ...] = ()


@dataclass
class Collector:
    """Gathers a data set's clips: its reader calls `add` or `skip` for every entry."""

    videos: VideoIndex
    clips: dict[str, AnnotatedClip] = field(default_factory=dict)
    missing: dict[str, AnnotatedClip] = field(default_factory=dict)
    problems: list[str] = field(default_factory=list)

    def add(self, entry: str, clip: AnnotatedClip, found: FoundVideo | None) -> None:
        """Add a clip whose video was `found`, or else is missing.

        `entry` says which entry of which file it is. `clip.path`, relative to the root, is where
        the video should be.
        """
        if clip.name in self.clips or clip.name in self.missing:
            self.skip(entry, f"{clip.name} occurs before it")
        elif found is None:
            self.missing[clip.name] = replace(clip, path=self.videos.root / clip.path)
        else:
            self.clips[clip.name] = replace(clip, path=found.path)

    def skip(self, entry: str, cause: str) -> None:
        self.problems.append(f"{entry}: {cause}; the entry is left out")

    def dataset(self, name: str, prefix: str) -> Dataset:
        clips, missing = tuple(self.clips.values()), tuple(self.missing.values())
        return Dataset(name, prefix, clips, missing, tuple(self.problems))


def official_split(text: object) -> str | None:
    """`train`, `val` or `test` by any of its usual names; None if it is none of these."""
    split = split_named(text)
    return split if split in (TRAIN, VAL, TEST) else None


def signer_named(number: object) -> str:
    """A signer's number as text; "" if there is none, or the -1 of unknown signers."""
    is_number = isinstance(number, int | str) and not isinstance(number, bool)
    return str(number) if is_number and str(number) != "-1" else ""


def distinct(names: dict[int, str]) -> dict[int, str]:
    """Class names by class number; a name of several classes gets the number added."""
    often = {name for name in names.values() if list(names.values()).count(name) > 1}
    return {
        number: f"{name} ({number})" if name in often else name for number, name in names.items()
    }
