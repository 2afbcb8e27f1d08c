"""index: a workspace's labelled clips, or those of a folder, into a dictionary."""

import shutil
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from signpipe.cliptable import Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.layouts import Layout
from signpipe.extraction.outcomes import Outcome
from signpipe.extraction.stored import extract_settings, stored_landmarks
from signpipe.live.signed_part import signed_part
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.parts.normalise import FALLBACK_ASPECT, to_keypoints
from signpipe.parts.prepare import fingerprint_of, usable_outcomes
from signpipe.progress import Tracker, note, track
from signpipe.search.dictionary_folder import (
    CARD,
    Contents,
    DictionaryCard,
    check_encoder,
    encoder_of,
    read_contents,
)
from signpipe.search.embedder import Embedder
from signpipe.search.entries import Entry
from signpipe.search.gathering import gather
from signpipe.search.growing import Growing
from signpipe.search.skeletons import Skeleton, skeleton
from signpipe.search.traits import Traits, traits
from signpipe.search.version_writer import write_version
from signpipe.training.encoders import named_encoder, newest_encoder
from signpipe.workspace import Workspace, atomic, remove_temporaries, sha256_of_file

OWN = "workspace"  # below the dictionary, where it is made from a folder
BLOCK = 256  # clips that are embedded at a time


@dataclass(frozen=True)
class IndexResult:
    """What a dictionary holds now, and what has changed: clips `added`, `gone` and `relabelled`.

    Left out are `unlabelled` clips, and those `without_hands`; `failed` says which packs could not
    be read. `card` has the distance from which on no sign is close enough.
    """

    folder: Path
    card: DictionaryCard
    signers: int
    added: int
    gone: int
    relabelled: int
    unlabelled: int
    without_hands: tuple[str, ...]
    failed: tuple[str, ...]
    already: bool


class _Seen(NamedTuple):
    """A clip as it is to be kept: its keypoints to embed, and its skeleton."""

    outcome: Outcome
    keypoints: NDArray[np.float32]
    skeleton: Skeleton


def run(
    workspace: Workspace,
    folder: Path | str | None = None,
    paths: Path | str | Sequence[Path | str] = (),
    *,
    encoder: str | None = None,
    labels: Path | str | None = None,
    layout: Layout | None = None,
    split: str | None = None,
    workers: int | None = None,
    redo: bool = False,
) -> IndexResult:
    """Make the dictionary `folder` (default: `dictionary/` of the workspace), or bring it up to
    date: new clips come in, those that are gone leave, labels follow the clip table.

    With `paths` (videos, packs, `.pose` files, folders of them) their clips are taken, which are
    extracted into a workspace of the dictionary's own; `labels` and `layout` are as in extract.
    Without, those of `workspace`; with a `split` only its clips.
    Clips without a label, and without hands, are left out. An interrupted run goes on where it was.

    `encoder` is a pretraining run of the workspace, an encoder file, or `shipped`; a dictionary
    keeps its own. Raises SignpipeError if there is no clip, or if the dictionary is of another
    encoder and `redo` does not say to make it again.
    """
    folder = Path(folder) if folder is not None else workspace.root / "dictionary"
    given = [paths] if isinstance(paths, str | Path) else list(paths)
    with Workspace(folder).lock("index"):
        remove_temporaries(folder)
        before = None if redo or not (folder / CARD).exists() else read_contents(folder)
        embedder, sha256 = _embedder(workspace, folder, encoder, before)
        source, only = workspace, None
        if given:
            source = Workspace(folder / OWN)
            only = gather(source, given, labels=labels, layout=layout, workers=workers)
        return _index(folder, source, only, split, embedder, sha256, before)


def _embedder(
    workspace: Workspace, folder: Path, name: str | None, before: Contents | None
) -> tuple[Embedder, str]:
    """The encoder, brought into the folder; it is known by its SHA-256."""
    if before is None:
        file = _chosen(workspace, name)
        embedder, sha256 = Embedder(file), sha256_of_file(file)
        if not encoder_of(folder, sha256).exists():
            with atomic(encoder_of(folder, sha256)) as temporary:
                shutil.copyfile(file, temporary)
        return embedder, sha256
    own = check_encoder(folder, before.card)
    if name is not None:
        asked = _chosen(workspace, name)
        if sha256_of_file(asked) != before.card.encoder:
            raise SignpipeError(
                f"the dictionary {folder} is of another encoder than {asked}; make it again with "
                "--redo, or name another folder"
            )
    return Embedder(own), before.card.encoder


def _chosen(workspace: Workspace, name: str | None) -> Path:
    if name is not None:
        return named_encoder(workspace, name)
    return newest_encoder(workspace) or SHIPPED_FILE


def _index(
    folder: Path,
    workspace: Workspace,
    only: set[str] | None,
    split: str | None,
    embedder: Embedder,
    sha256: str,
    before: Contents | None,
) -> IndexResult:
    pairs, unlabelled = _wanted(workspace, only, split)
    made_from = {outcome.clip_id: fingerprint_of(outcome) for outcome, _ in pairs}
    kept = {entry.made_from for entry in before.entries} if before else set()
    growing = Growing(folder, sha256, embedder.width)
    known = kept | {name.decode() for name in growing.read()["made_from"].tolist()}
    todo = [o for o, _ in pairs if made_from[o.clip_id] not in known]
    failed: list[str] = []
    handless: list[str] = []
    with track("index", len(todo)) as tracker:
        seen = _seen(workspace, todo, embedder, failed, handless, tracker)
        for block in _blocks(seen):
            features, sequences = embedder.rows([one.keypoints for one in block])
            names = [made_from[one.outcome.clip_id] for one in block]
            growing.add(names, features, sequences, np.stack([one.skeleton for one in block]))
    grown = growing.read()
    looks = {entry.made_from: entry.traits for entry in before.entries} if before else {}
    looks |= {
        name.decode(): traits(clip)
        for name, clip in zip(grown["made_from"].tolist(), grown["skeletons"], strict=True)
    }
    entries = sorted(
        (
            _entry(outcome, clip, made_from[outcome.clip_id], looks[made_from[outcome.clip_id]])
            for outcome, clip in pairs
            if made_from[outcome.clip_id] in looks
        ),
        key=lambda entry: (entry.label, entry.clip_id),
    )
    if not entries:
        raise SignpipeError(f"{workspace.root} has no clip with hands to make a dictionary of")
    extract = extract_settings(workspace)
    same = before is not None and before.entries == entries and before.card.extract == extract
    if before is not None and same:
        card = before.card
    else:
        card = write_version(folder, entries, before, grown, sha256, extract)
    growing.clear()
    then = {entry.clip_id: entry for entry in before.entries} if before else {}
    now = {entry.clip_id: entry for entry in entries}
    both = then.keys() & now.keys()
    return IndexResult(
        folder=folder,
        card=card,
        signers=len({entry.signer for entry in entries} - {""}),
        added=sum(entry.made_from not in kept for entry in entries),
        gone=len(then.keys() - now.keys()),
        relabelled=sum(then[i].label != now[i].label for i in both),
        unlabelled=unlabelled,
        without_hands=tuple(handless),
        failed=tuple(failed),
        already=same,
    )


def _wanted(
    workspace: Workspace, only: set[str] | None, split: str | None
) -> tuple[list[tuple[Outcome, Clip]], int]:
    """The clips to be found in the dictionary, and how many have no label.

    Raises SignpipeError if there is none.
    """
    outcomes, table = usable_outcomes(workspace), read_clips(workspace.clips)
    rows = [(o, table[o.clip_id]) for o in outcomes if o.clip_id in table]
    rows = [(o, clip) for o, clip in rows if only is None or o.clip_id in only]
    rows = [(o, clip) for o, clip in rows if not split or clip.split == split]
    labelled = [(o, clip) for o, clip in rows if clip.label]
    if not labelled:
        of = f" of the split {split!r}" if split else ""
        raise SignpipeError(
            f"{workspace.root} has no usable clip{of} with a label; `signpipe extract VIDEOS` or "
            "`signpipe import` brings clips in, and the column label of its clip table names signs"
        )
    return labelled, len(rows) - len(labelled)


def _seen(
    workspace: Workspace,
    outcomes: Sequence[Outcome],
    embedder: Embedder,
    failed: list[str],
    handless: list[str],
    tracker: Tracker,
) -> Iterator[_Seen]:
    """The clips from rest to rest; names of what cannot be had go into the lists."""

    def tell(name: str, error: SignpipeError) -> None:
        failed.append(str(error))
        note(str(error))

    prepare = embedder.card.prepare
    for outcome, whole in stored_landmarks(workspace, outcomes, tell):
        tracker.advance()
        width, height = outcome.width, outcome.height
        part = signed_part(whole, width, height)
        if part is None:
            handless.append(outcome.clip_id)
            continue
        aspect = width / height if width and height else FALLBACK_ASPECT
        yield _Seen(outcome, to_keypoints(part, prepare, width, height), skeleton(part, aspect))


def _blocks(clips: Iterable[_Seen]) -> Iterator[list[_Seen]]:
    block: list[_Seen] = []
    for clip in clips:
        block.append(clip)
        if len(block) == BLOCK:
            yield block
            block = []
    if block:
        yield block


def _entry(outcome: Outcome, clip: Clip, made_from: str, seen: Traits) -> Entry:
    return Entry(
        clip_id=clip.clip_id,
        label=clip.label,
        signer=clip.signer,
        source=clip.source,
        segment=outcome.segment,
        made_from=made_from,
        seconds=round(outcome.frames / outcome.fps, 3) if outcome.fps else 0.0,
        hands=seen.hands,
        place=seen.place,
        movement=seen.movement,
    )
