"""ELAN: every annotation of a tier is a clip of the recording that its .eaf links.

Every .eaf in the folder and below it is read. Start and end are the annotation's (of one that has
none of its own, its parent's), the label its text, the signer the text of the signer tier at its
middle, or else the tier's participant. A recording is looked up below the folder, first where the
.eaf's relative link leads, then by its file's name; of several cameras the first that is there.
Annotations without text, as `signpipe spot` writes them where it knows no sign, are no clips.
"""

import bisect
import math
import re
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path, PurePosixPath
from posixpath import normpath
from urllib.parse import unquote

from signpipe.answers import NO_SIGN
from signpipe.datasets.clips import AnnotatedClip, Collector
from signpipe.datasets.files import without_ending
from signpipe.errors import SignpipeError
from signpipe.progress import note, track
from signpipe.tables import cells_of, read_text
from signpipe.video.read import FoundVideo, Video, VideoError
from signpipe.wording import counted

LARGEST = 256 << 20  # bytes of an .eaf: 50,000 annotations are 20 MB
SLACK = 1000  # milliseconds by which an annotation may end after its recording, as they often do
ANSWERS = "signpipe-answers"  # the tier, and its type, that says what `spot` knew of each sign
Times = tuple[int, int]  # milliseconds


@dataclass(frozen=True)
class ElanTiers:
    """`tiers` whose annotations are clips: none is needed where a file has only one. With
    `normalise` glosses are made alike, see `normalised`; then with the file of a `vocabulary` only
    its glosses are clips, see `read_vocabulary`."""

    tiers: tuple[str, ...] = ()
    signer_tier: str | None = None
    normalise: bool = False
    vocabulary: Path | None = None


def as_arguments(chosen: ElanTiers | None) -> tuple[str, ...]:
    """The options of the command that say the same."""
    if chosen is None:
        return ()
    options = [word for name in chosen.tiers for word in ("--tier", name)]
    options += ["--signer-tier", chosen.signer_tier] if chosen.signer_tier else []
    options += ["--normalise-glosses"] if chosen.normalise else []
    options += ["--vocabulary", str(chosen.vocabulary.absolute())] if chosen.vocabulary else []
    return tuple(options)


@dataclass
class _Tier:
    participant: str
    kind: str
    annotations: list[tuple[str, str]] = field(default_factory=list)  # (id, text)


class _Doctype(Exception):
    pass


class _Builder(ET.TreeBuilder):
    def doctype(self, name: str, pubid: str | None, system: str | None) -> None:
        raise _Doctype  # entities could grow without end, or name other files


class _Document:
    """An .eaf. Raises ValueError that says what is wrong with it."""

    def __init__(self, file: Path) -> None:
        if file.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST >> 20} MB")
        try:
            root = ET.parse(file, ET.XMLParser(target=_Builder())).getroot()
        except _Doctype:
            raise ValueError("it has a DOCTYPE, which no .eaf has") from None
        except (ET.ParseError, LookupError) as error:
            raise ValueError(f"it is no XML ({error})") from error
        if root.tag != "ANNOTATION_DOCUMENT":
            raise ValueError("it is no ELAN document")
        self.media = [media.attrib for media in root.iter("MEDIA_DESCRIPTOR")]
        self._slots = {
            slot.get("TIME_SLOT_ID", ""): int(value)
            for slot in root.iter("TIME_SLOT")
            if (value := slot.get("TIME_VALUE", "")).isdecimal() and len(value) < 12
        }
        self._aligned: dict[str, tuple[str, str]] = {}
        self._parents: dict[str, str] = {}
        self.tiers = {tier.get("TIER_ID", ""): self._tier(tier) for tier in root.iter("TIER")}

    def _tier(self, element: ET.Element) -> _Tier:
        kind = element.get("LINGUISTIC_TYPE_REF", "")
        tier = _Tier(_line(element.get("PARTICIPANT", "")), kind)
        for one in element.iterfind("ANNOTATION/*"):
            name = one.get("ANNOTATION_ID", "")
            if one.tag == "REF_ANNOTATION":
                self._parents[name] = one.get("ANNOTATION_REF", "")
            else:
                self._aligned[name] = one.get("TIME_SLOT_REF1", ""), one.get("TIME_SLOT_REF2", "")
            tier.annotations.append((name, _line(one.findtext("ANNOTATION_VALUE") or "")))
        return tier

    def times(self, annotation: str) -> Times | None:
        """Start and end; None where there are none, or they are no segment."""
        for _ in range(len(self.tiers)):  # a parent is in another tier
            if annotation not in self._parents:
                break
            annotation = self._parents[annotation]
        start, end = map(self._slots.get, self._aligned.get(annotation, ("", "")))
        return (start, end) if start is not None and end is not None and start < end else None


class _Signers:
    """The texts of a tier by time."""

    def __init__(self, document: _Document, tier: _Tier) -> None:
        timed = ((document.times(name), text) for name, text in tier.annotations)
        self._spans = sorted((*times, text) for times, text in timed if times)
        self._starts = [start for start, _, _ in self._spans]

    def at(self, times: Times) -> str:
        middle = sum(times) // 2
        at = bisect.bisect_right(self._starts, middle) - 1
        return self._spans[at][2] if at >= 0 and middle < self._spans[at][1] else ""


def normalised(gloss: str) -> str:
    """The gloss in upper case, without `*` and the number of a variant (`House-1*` is HOUSE); of
    what points (`pt:pro1`), only PT."""
    gloss = gloss.replace("*", "").strip().upper()
    if re.match(r"PT\s*:", gloss):
        return "PT"
    return re.sub(r"(?<=\w)-\d+[A-Z]?$", "", gloss)


def read_vocabulary(path: Path) -> dict[str, str]:
    """What each gloss is called: a gloss a line, or after a comma or tab the sign it stands for.

    Raises SignpipeError if the file cannot be read or has none.
    """
    found: dict[str, str] = {}
    for _, cells in cells_of(path, read_text(path), ",", "\t", sample=1000):
        gloss, sign = [*map(_line, cells[:2]), "", ""][:2]
        if gloss:
            found[gloss] = sign or gloss
    if not found:
        raise SignpipeError(f"{path} has no gloss; write one a line")
    return found


def read(collector: Collector, chosen: ElanTiers) -> None:
    """Collect the annotations of all files. Raises SignpipeError if there is no .eaf, none has the
    tier, or it is not said which of several tiers is meant."""
    root = collector.videos.root
    vocabulary = read_vocabulary(chosen.vocabulary) if chosen.vocabulary else None
    files = sorted(file for file in root.rglob("*.eaf") if not file.name.startswith("."))
    if not files:
        raise SignpipeError(f"{root} has no .eaf; give the folder of the ELAN files")
    unlike: set[str] = set()  # tiers of files that have not the one that is asked for
    used = 0
    with track("read ELAN files", len(files)) as tracker:
        for file in files:
            try:
                document = _Document(file)
            except (ValueError, OSError) as error:
                collector.skip(str(file), str(error))
            else:
                names = _chosen(file, document, chosen)
                if missing := [name for name in names if name not in document.tiers]:
                    unlike |= set(document.tiers)
                    there = _list(document.tiers)
                    collector.skip(str(file), f"it has no tier {_list(missing)}, but {there}")
                else:
                    used += 1
                    _add_tiers(collector, file, document, names, chosen, vocabulary)
            tracker.advance()
    if unlike and not used:
        asked = _list(chosen.tiers + ((chosen.signer_tier,) if chosen.signer_tier else ()))
        raise SignpipeError(f"no .eaf in {root} has the tier {asked}; there are {_list(unlike)}")


def _chosen(file: Path, document: _Document, chosen: ElanTiers) -> list[str]:
    """The tiers that are clips, and then that of signers."""
    signers = [chosen.signer_tier] if chosen.signer_tier else []
    if chosen.tiers:
        return [*chosen.tiers, *signers]
    used = {name: tier for name, tier in document.tiers.items() if tier.annotations}
    there = [name for name, tier in used.items() if tier.kind != ANSWERS]
    there = [name for name in there if name != chosen.signer_tier]
    if len(there) > 1:
        raise SignpipeError(
            f"{file} has several tiers: {_list(there)}; name the one whose annotations are clips "
            "with --tier, or for several people every person's"
        )
    return [*there, *signers]


def _add_tiers(
    collector: Collector,
    file: Path,
    document: _Document,
    names: list[str],
    chosen: ElanTiers,
    vocabulary: Mapping[str, str] | None,
) -> None:
    path, found, origin = _recording(collector, file, document)
    length = _milliseconds(found) + SLACK
    signers = None
    if chosen.signer_tier:
        *names, signer_tier = names
        signers = _Signers(document, document.tiers[signer_tier])
    for name in names:
        tier = document.tiers[name]
        stem = file.relative_to(collector.videos.root).with_suffix("").as_posix()
        stem = f"{stem}_{name}" if len(names) > 1 else stem
        empty, unlisted, spans = 0, 0, []
        for annotation, text in tier.annotations:
            label = normalised(text) if chosen.normalise else text
            times = document.times(annotation)
            where = f"{file}, tier {_line(name)}, annotation {annotation}"
            if not label or label.lower() in NO_SIGN:
                empty += 1
            elif vocabulary is not None and label not in vocabulary:
                unlisted += 1
            elif times is None:
                collector.skip(where, "it has no start and end")
            else:
                start, end = (Fraction(time + origin, 1000) for time in times)
                signer = signers.at(times) if signers else tier.participant
                clip_name = f"{_line(stem)}_{times[0]}-{times[1]}"
                sign = label if vocabulary is None else vocabulary[label]
                clip = AnnotatedClip(clip_name, path, sign, signer, "", start, end)
                collector.add(where, clip, found)
                spans.append(times)
        where = f"{file}, tier {_line(name)}"
        _tell(where, empty, unlisted, sorted(spans))
        late = sum(end + origin > length for _, end in spans)
        if late:
            ends = counted(late, "annotation ends", "annotations end")
            note(f"{where}: {ends} after the recording, of which there is no more")


def _milliseconds(found: FoundVideo | None) -> float:
    """How long a recording is; infinity if it does not say."""
    try:
        if found is not None:
            with Video(found.path) as video:
                return 1000 * (video.declared_seconds or math.inf)
    except (VideoError, OSError):
        pass  # who watches it will say what is wrong with it
    return math.inf


def _tell(where: str, empty: int, unlisted: int, spans: list[Times]) -> None:
    overlaps, until = 0, 0
    for start, end in spans:
        overlaps += start < until
        until = max(until, end)
    if overlaps:
        note(f"{where}: {counted(overlaps, 'annotation overlaps', 'annotations overlap')} another")
    if unlisted:
        left_out = counted(unlisted, "annotation is", "annotations are")
        note(f"{where}: {left_out} not in the vocabulary and left out")
    if empty:
        note(f"{where}: {counted(empty, 'annotation names', 'annotations name')} no sign")


def _recording(
    collector: Collector, file: Path, document: _Document
) -> tuple[Path, FoundVideo | None, int]:
    """Where the recording should be below the root, its file, and the milliseconds before 0."""
    folder = file.parent.relative_to(collector.videos.root).as_posix()
    missing = []
    for media in document.media:
        relative = media.get("RELATIVE_MEDIA_URL", "").removeprefix("file:")
        absolute = media.get("MEDIA_URL", "")
        spelled = {link: None for link in (relative, unquote(relative)) if link}  # ELAN escapes not
        names = [PurePosixPath(link).name for link in (absolute, unquote(absolute), *spelled)]
        tries = [collector.videos.at(normpath(f"{folder}/{link}")) for link in spelled]
        tries += [collector.videos.find(without_ending(name)) for name in names if name]
        if found := next(filter(None, tries), None):
            origin = media.get("TIME_ORIGIN", "")
            return Path(found.name), found, int(origin) if origin.isdecimal() else 0
        missing += [name for name in names if name]
    return Path(missing[0] if missing else f"{file.stem}.mp4"), None, 0


def _line(text: str) -> str:
    return " ".join(text.split())


def _list(names: Iterable[str]) -> str:
    return ", ".join(sorted(repr(_line(name)) for name in names)) or "none"
