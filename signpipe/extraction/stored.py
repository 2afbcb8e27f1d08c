"""A workspace's clips as they were extracted or imported: one, or many pack by pack."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping

from pydantic import ValidationError

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.clip_worker import settings_fingerprint
from signpipe.extraction.outcomes import Outcome
from signpipe.landmarks.pack import Landmarks, Pack, open_pack
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace, parse_json, read_record


def stored_extraction(
    workspace: Workspace, outcome: Outcome, extractor_version: str | None = None
) -> Extraction:
    """What the workspace has of a clip; without landmarks if its outcome has none.

    Raises SignpipeError if its pack cannot be read, is another clip's, or, where
    `extractor_version` is given, was not made by that version.
    """
    if not outcome.pack:
        return Extraction(outcome.status, outcome.reason)
    path = workspace.pack(outcome.pack)
    with open_pack(path) as pack:
        if pack.clip_ids[outcome.index : outcome.index + 1] != [outcome.clip_id]:
            raise SignpipeError(f"{path} has changed since it came into {workspace.root}")
        version = str(pack.attributes.get("extractor_version"))
        if extractor_version not in (None, version):
            raise SignpipeError(f"{path} was made by version {version} of its extractor")
        landmarks = pack.read(outcome.index)
    return Extraction(
        outcome.status, outcome.reason, landmarks, outcome.fps, outcome.width, outcome.height
    )


def stored_landmarks(
    workspace: Workspace,
    outcomes: Iterable[Outcome],
    failed: Callable[[str, SignpipeError], None] | None = None,
) -> Iterator[tuple[Outcome, Landmarks]]:
    """Landmarks of clips that have some, pack by pack and in a pack's order, each opened once.

    One clip is in memory at a time, of a large pack some 20 MB. A pack that cannot be read, or has
    changed, raises SignpipeError, or is told to `failed` by its name and the others go on.
    """
    by_pack: dict[str, dict[int, Outcome]] = defaultdict(dict)
    for outcome in outcomes:
        by_pack[outcome.pack][outcome.index] = outcome
    for name, wanted in by_pack.items():
        try:
            yield from _of_pack(workspace, name, wanted)
        except SignpipeError as error:
            if failed is None:
                raise
            failed(name, error)


def extract_settings(workspace: Workspace) -> ExtractSettings | None:
    """Those of the workspace's keypoints; None if they were imported."""
    record = read_record(workspace.keypoints)
    try:
        return ExtractSettings.model_validate(record["settings"]) if record else None
    except ValidationError as error:
        raise SignpipeError(
            f"{workspace.keypoints / 'settings.json'} is not of this version of signpipe: "
            f"{error.errors()[0]['msg']}; extract again with --redo"
        ) from error


def _of_pack(
    workspace: Workspace, name: str, wanted: Mapping[int, Outcome]
) -> Iterator[tuple[Outcome, Landmarks]]:
    path = workspace.pack(name)
    with open_pack(path) as pack:
        if not all(_is_of(pack, outcome) for outcome in wanted.values()):
            raise SignpipeError(
                f"{path} has changed since it came into {workspace.root}; extract or import its "
                "clips again"
            )
        some = len(wanted) < len(pack) / 2  # else one pass over the pack is quicker
        clips = ((i, pack.read(i)) for i in sorted(wanted)) if some else enumerate(pack.read_each())
        for index, landmarks in clips:
            if index in wanted:
                yield wanted[index], landmarks


def _is_of(pack: Pack, outcome: Outcome) -> bool:
    """Whether a pack holds what the outcome says: clip, length, and of extracted ones how."""
    index = outcome.index
    if pack.clip_ids[index : index + 1] != [outcome.clip_id]:
        return False
    if pack.offsets[index + 1] - pack.offsets[index] != outcome.frames:
        return False
    if not outcome.settings:  # imported
        return True
    try:
        made = ExtractSettings.model_validate(parse_json(pack.attributes["settings"]))
        source = pack.attributes["source_sha256"]
    except (KeyError, ValueError, TypeError):
        return False
    return settings_fingerprint(made) == outcome.settings and source == outcome.sha256
