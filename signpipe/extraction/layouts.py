"""Labels and signers from the names of the folders that clips lie in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from signpipe.cliptable import Clip, Label
from signpipe.extraction.labels import tell_labels
from signpipe.extraction.outcomes import printable
from signpipe.progress import note

Layout = Literal["sign", "sign/signer", "signer/sign"]  # folders from the outer to the inner one


@dataclass(frozen=True)
class Place:
    """Where a clip lies: `path` is absolute, `name` relative to what was given, with /."""

    path: Path
    name: str


def folder_labels(places: Mapping[str, Place], layout: Layout = "sign") -> dict[str, Label]:
    """What the folders say of each clip, by clip id."""
    return {clip_id: _label(clip_id, place, layout) for clip_id, place in places.items()}


def _label(clip_id: str, place: Place, layout: Layout) -> Label:
    inner_first = layout.split("/")[::-1]
    folders = place.name.split("/")[-2::-1] if "/" in place.name else []
    if len(folders) < len(inner_first):  # go on outside the folder that was given
        outside = [parent.name for parent in place.path.parents]
        folders += outside[len(folders) : len(inner_first)]
    of = dict(zip(inner_first, map(printable, folders), strict=False))
    return Label(clip_id, of.get("sign", ""), of.get("signer", ""))


def relabelled(
    places: Mapping[str, Place], layout: Layout, table: Mapping[str, Clip]
) -> dict[str, Label]:
    """New labels for clips that the table knows, but not where a person has changed them: those
    that have no label and signer, or what another layout says."""
    now = folder_labels(places, layout)
    found = {}
    for clip_id, place in places.items():
        clip = table.get(clip_id)
        guesses = (_label(clip_id, place, other) for other in get_args(Layout))
        untouched = {("", ""), *((guess.label, guess.signer) for guess in guesses)}
        if clip is not None and (clip.label, clip.signer) in untouched:
            found[clip_id] = now[clip_id]
    return found


def tell_folder_labels(places: Mapping[str, Place], layout: Layout | None) -> None:
    """Say what the folders are taken for; where nobody said it (None), what else they may be."""
    labels = folder_labels(places, layout or "sign")
    tell_labels(labels, f"labels from folders, --layout {layout or 'sign'}")
    signs = {label.label for label in labels.values()}
    if len(signs) == 1 and len(places) > 1:
        note(
            f"all clips are of the one sign {next(iter(signs))!r}, their folder's name; put them "
            "into a folder for each sign, or name their signs with --labels FILE.csv"
        )
    elif layout is None and all(place.name.count("/") > 1 for place in places.values()):
        note(
            "signs are the names of the innermost folders; where these are signers, give "
            "--layout sign/signer, where the outer ones are, --layout signer/sign"
        )
