"""WLASL (word-level American Sign Language): WLASL100, 300, 1000 and 2000.

`WLASL_v0.3.json` is a list of {"gloss", "instances"}; an instance has video_id, split ("train",
"val", "test"), signer_id, fps (25 in all), frame_start (counted from 1), frame_end (in the clip; -1
for the end), url, and bbox, instance_id, source, variation_id, which are not used. The frames count
at 25 a second, whatever the file's own rate. It lies in the root or in start_kit/.

A subset is the video ids of `nslt_100.json` ({video_id: {"subset": split, "action": [class,
frame_start, frame_end]}}), in the root or in code/I3D/preprocess/; its split counts, and ids that
only it has are taken with the gloss of that class. Without it the subset is the first 100 glosses,
as its authors define it.

Videos are videos/<video_id>.mp4, or <video_id> in any folder; or else the untrimmed source
raw_videos_mp4/<YouTube id>.mp4, or <YouTube id> in any folder. The published preprocessing cuts the
former, but not everybody applies it: `segments.segment_of` tells.
"""

from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

from signpipe.datasets.clips import AnnotatedClip, Collector, official_split, signer_named
from signpipe.datasets.cut_files import segment_of
from signpipe.datasets.files import is_plain, look_for, need, read_json
from signpipe.datasets.youtube import youtube_id
from signpipe.progress import track

SUBSETS = (100, 300, 1000, 2000)
RATE = 25  # frames a second in which frame_start and frame_end count


@dataclass(frozen=True)
class _Instance:
    video_id: str
    label: str
    signer: str
    split: str
    start: Fraction
    end: Fraction | None
    source: str  # YouTube id or ""


def read(collector: Collector, classes: int) -> None:
    """Collect the clips of the subset of so many classes."""
    root = collector.videos.root
    file = need(root, "WLASL_v0.3.json", "start_kit/WLASL_v0.3.json")
    glosses = read_json(file, list)
    name = f"nslt_{classes}.json"
    subset = look_for(root, name, f"code/I3D/preprocess/{name}", f"preprocess/{name}")
    members = read_json(subset, dict) if subset else None
    known: set[str] = set()
    chosen = glosses[:classes] if members is None else glosses
    with track("look at videos", len(chosen), "glosses") as tracker:
        for rank, gloss in enumerate(chosen):
            known |= _read_gloss(collector, file, rank, gloss, members)
            tracker.advance()
    for video_id, member in (members or {}).items():
        if video_id not in known:
            _read_member(collector, f"{subset}, entry {video_id}", video_id, member, glosses)


def _read_gloss(
    collector: Collector, file: Path, rank: int, gloss: Any, members: dict[str, Any] | None
) -> set[str]:
    """Collect one gloss's instances that are `members`; the ids of all it has."""
    if not isinstance(gloss, dict) or not isinstance(gloss.get("gloss"), str):
        collector.skip(f"{file}, entry {rank}", "it has no gloss")
        return set()
    label, instances = gloss["gloss"], gloss.get("instances")
    if not isinstance(instances, list):
        collector.skip(f"{file}, entry {rank} ({label})", "it has no list of instances")
        return set()
    known = set()
    for number, entry in enumerate(instances):
        where = f"{file}, entry {rank} ({label}), instance {number}"
        try:
            instance = _instance(label, entry)
        except ValueError as error:
            collector.skip(where, str(error))
            continue
        known.add(instance.video_id)
        if members is None:
            _add(collector, where, instance, instance.split)
        elif instance.video_id in members:
            member = members[instance.video_id]
            split = official_split(member.get("subset")) if isinstance(member, dict) else None
            _add(collector, where, instance, split or instance.split)
    return known


def _read_member(
    collector: Collector, where: str, video_id: str, member: Any, glosses: list[Any]
) -> None:
    """Collect an id that only the subset's file has."""
    match member:
        case {"subset": str(split), "action": [int(rank), int(first), int(last)]}:
            gloss = glosses[rank] if 0 <= rank < len(glosses) else None
            label = gloss.get("gloss") if isinstance(gloss, dict) else None
            entry = {"video_id": video_id, "split": split, "frame_start": first, "frame_end": last}
        case _:
            collector.skip(where, "it is not {subset, action: [class, first frame, last frame]}")
            return
    if not isinstance(label, str):
        collector.skip(where, f"there is no gloss {rank}")
        return
    try:
        instance = _instance(label, entry)
    except ValueError as error:
        collector.skip(where, str(error))
    else:
        _add(collector, where, instance, instance.split)


def _instance(label: str, entry: Any) -> _Instance:
    """Raises ValueError that says what is wrong with the entry."""
    if not isinstance(entry, dict) or not is_plain(entry.get("video_id")):
        raise ValueError("it has no video_id that is a file's name")
    split = official_split(entry.get("split"))
    if split is None:
        raise ValueError(f"its split is {entry.get('split')!r}, not train, val or test")
    first, last = entry.get("frame_start", 1), entry.get("frame_end", -1)
    if type(first) is not int or type(last) is not int or first < 1 or 0 < last < first:
        raise ValueError(f"its frames {first!r} to {last!r} are no range counted from 1")
    rate = entry.get("fps", RATE)
    if type(rate) not in (int, float) or not 1 <= rate <= 1000:
        raise ValueError(f"its fps is {rate!r}")
    return _Instance(
        entry["video_id"],
        label,
        signer_named(entry.get("signer_id")),
        split,
        (first - 1) / Fraction(repr(rate)),
        last / Fraction(repr(rate)) if last > 0 else None,
        youtube_id(entry.get("url")),
    )


def _add(collector: Collector, where: str, instance: _Instance, split: str) -> None:
    name = instance.video_id
    sources = [f"raw_videos_mp4/{instance.source}", instance.source] if instance.source else []
    found = collector.videos.find(f"videos/{name}", name, *sources)
    start, end = segment_of(found, instance.start, instance.end)
    path = Path("videos", f"{name}.mp4")
    clip = AnnotatedClip(name, path, instance.label, instance.signer, split, start, end)
    collector.add(where, clip, found)
