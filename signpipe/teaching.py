"""teach: examples of signs into a recogniser that learns without training."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from signpipe.answers import NOT_SIGNING
from signpipe.cliptable import USABLE, Clip, read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.extraction_stream import ExtractionStream
from signpipe.extraction.given_clips import GivenClip, given_clips
from signpipe.extraction.known_landmarks import KnownLandmarks
from signpipe.extraction.outcomes import read_outcomes
from signpipe.landmarks.formats.foreign import judge
from signpipe.landmarks.formats.page_takes import PageTake, read_page_takes
from signpipe.model.recognizer_card import CARD_FILE
from signpipe.progress import note, track
from signpipe.recognizer import TaughtRecognizer
from signpipe.splits import POOL
from signpipe.workspace import TAUGHT as TAUGHT
from signpipe.workspace import Workspace, as_paths, sha256_of_file

if TYPE_CHECKING:
    from signpipe.live.left_out_report import TeachingReport
    from signpipe.live.reference import Reference
    from signpipe.live.takes import Take

Given = tuple[str, GivenClip]  # a sign and a clip that shows it


@dataclass(frozen=True)
class TeachResult:
    """`added` are the new takes, `removed` those that they replaced; `failures` (clip, why)."""

    folder: Path
    added: "tuple[Take, ...]"
    removed: "tuple[Take, ...]"
    failures: tuple[tuple[str, str], ...]
    report: "TeachingReport"


def run(
    sign: str | None = None,
    clips: Path | str | Sequence[Path | str] = (),
    recognizer: Path | str | None = None,
    *,
    idle: Path | str | Sequence[Path | str] = (),
    labelled: bool = False,
    takes: Path | str | Sequence[Path | str] = (),
    replace: bool = False,
    workspace: Workspace | None = None,
    encoder: str | None = None,
    workers: int | None = None,
    cache: bool = True,
) -> TeachResult:
    """Add clips as takes of `sign` to the folder `recognizer`, which is made if it is not there.

    `clips` are videos, `.pose` files, folders that are searched for both, and clip ids of
    `workspace`; so is `idle`, of a person who does not sign. With `labelled` every labelled clip of
    the workspace is taught; `takes` are files that an exported page has saved. A clip that was
    taught before is taught anew; with `replace` the sign
    keeps no other takes. A clip that cannot be used costs only itself. Without `recognizer` it is
    `taught` in the workspace. A new one has the encoder `encoder` (`shipped`, a file, or a
    pretraining run), or else the workspace's newest, or that which comes with signpipe.

    Raises SignpipeError for what cannot name a sign, if no clip is given, or if the folder is
    damaged, has another encoder than the one asked for, or cannot be written.
    """
    workspace = workspace or Workspace("workspace")
    read = [(path, take) for path in as_paths(takes) for take in read_page_takes(path)]
    asked = bool(sign or clips or idle or labelled or not read)
    given = _given(sign, clips, idle, labelled, workspace) if asked else []
    taught = open_taught(recognizer or workspace.taught, workspace, encoder, cache=cache)
    known = KnownLandmarks.of(taught.card.extract, workspace, cache)
    before = {take.take_id: take for take in taught.takes}
    failures = _watch(taught, given, known, workers) if given else []
    failures += _take_in(taught, read)
    after = {take.take_id: take for take in taught.takes}
    added = tuple(take for one, take in after.items() if one not in before)
    if replace and added:
        for take in before.values():
            if take.sign in {new.sign for new in added}:
                taught.remove(take.take_id)
    taught.save()
    left = {take.take_id for take in taught.takes}
    removed = tuple(take for one, take in before.items() if one not in left)
    return TeachResult(taught.folder, added, removed, tuple(failures), taught.report())


def open_taught(
    recognizer: Path | str, workspace: Workspace, encoder: str | None = None, *, cache: bool = True
) -> TaughtRecognizer:
    """The taught recogniser in a folder, which is made if it is not there; as in `run`."""
    from signpipe.live.taught_folder import ENCODER_FILE, create_folder, writing
    from signpipe.training.encoders import named_encoder, newest_encoder

    folder = Path(recognizer)
    named = named_encoder(workspace, encoder) if encoder is not None else None
    if not (folder / CARD_FILE).exists():
        from signpipe.model.shipped import SHIPPED_FILE

        source = named or newest_encoder(workspace) or SHIPPED_FILE
        reference = _reference(source, workspace)
        with writing(folder):
            if not (folder / CARD_FILE).exists():
                create_folder(folder, source, reference)
    elif named and sha256_of_file(named) != sha256_of_file(folder / ENCODER_FILE):
        raise SignpipeError(
            f"{folder} was taught with another encoder than {encoder}; two cannot be mixed: name "
            "another --recognizer, or leave --encoder out"
        )
    return TaughtRecognizer.load(folder, cache=cache)


def _reference(encoder: Path, workspace: Workspace) -> "Reference":
    """What is known of an encoder's features: from the workspace's labelled clips but for those
    that are held out."""
    from signpipe.live.learn_reference import learn_reference, no_reference, shipped_reference
    from signpipe.model.backbone import read_backbone_card
    from signpipe.model.shipped import SHIPPED_FILE
    from signpipe.parts import prepare
    from signpipe.parts.store import open_parts

    if sha256_of_file(encoder) == sha256_of_file(SHIPPED_FILE):
        return shipped_reference()
    table = read_clips(workspace.clips).values()
    clips = [clip for clip in table if clip.label and clip.usable and clip.split in POOL]
    wanted = read_backbone_card(encoder).prepare.model_dump(mode="json")
    if not clips:
        return no_reference(encoder)
    prepare.run(workspace)
    parts = open_parts(workspace.parts)
    if parts.record["settings"] != wanted:
        note(f"{workspace.parts} is prepared otherwise than {encoder} wants: left out")
        return no_reference(encoder)
    return learn_reference(encoder, parts, clips)


def _given(
    sign: str | None,
    clips: Path | str | Sequence[Path | str],
    idle: Path | str | Sequence[Path | str],
    labelled: bool,
    workspace: Workspace,
) -> list[Given]:
    """Every clip with the sign it is to teach. Raises SignpipeError if there is none."""
    from signpipe.live.takes import sign_name

    if bool(sign) != bool(as_paths(clips)):
        raise SignpipeError("a sign is taught by clips: name the sign, then its clips")
    try:
        names = {sign: sign_name(sign)} if sign else {}
    except ValueError as error:
        raise SignpipeError(str(error)) from error
    given = [(name, clip) for name in names.values() for clip in given_clips(clips, workspace)]
    given += [(NOT_SIGNING, clip) for clip in given_clips(idle, workspace)]
    given += _labelled(workspace) if labelled else []
    if not given:
        words = ", ".join(map(str, [*as_paths(clips), *as_paths(idle)])) or "nothing"
        raise SignpipeError(f"there is no clip in {words}; name videos, .pose files or folders")
    return given


def _labelled(workspace: Workspace) -> Iterator[Given]:
    """The workspace's labelled clips. Raises SignpipeError if there are none."""
    table = read_clips(workspace.clips)
    labelled: list[Clip] = [clip for clip in table.values() if clip.label and clip.usable]
    if not labelled:
        raise SignpipeError(f"{workspace.clips} has no labelled clips; write labels into it")
    outcomes = read_outcomes(workspace.outcomes)
    for clip in labelled:
        stored = outcomes.get(clip.clip_id)
        yield clip.label, GivenClip(clip.clip_id, Path(clip.source), stored)


def _take_in(taught: TaughtRecognizer, takes: list[tuple[Path, PageTake]]) -> list[tuple[str, str]]:
    """Teach what a page has saved; (take, why) of what cannot be used."""
    failures = []
    for path, take in takes:
        name = f"{path.name}#{take.take_id}"
        status, reason = judge(take.landmarks)
        if status not in USABLE:
            failures.append((name, f"{status}: {reason}"))
            continue
        size = {"width": take.width, "height": take.height}
        try:
            taught.add_take(take.sign or NOT_SIGNING, take.landmarks, **size, source=name)
        except ValueError as error:
            failures.append((name, str(error)))
    return failures


def _watch(
    taught: TaughtRecognizer, given: list[Given], known: KnownLandmarks, workers: int | None
) -> list[tuple[str, str]]:
    """Teach every clip that can be used; (clip, why) of the others."""
    failures = []
    signs = [sign for sign, _ in given]
    clips = [clip for _, clip in given]
    examples = []
    with ExtractionStream(clips, known, workers) as stream, track("teach", len(clips)) as tracker:
        for sign, (clip, found) in zip(signs, stream, strict=True):
            tracker.advance()
            if found.status not in USABLE or found.landmarks is None or not len(found.landmarks):
                failures.append((clip.name, f"{found.status}: {found.reason}"))
                continue
            feature = taught.embed(found.landmarks, width=found.width, height=found.height)
            examples.append((sign, feature, clip.name))
    try:
        taught.add_features(examples)
    except ValueError as error:
        raise SignpipeError(str(error)) from error
    return failures
