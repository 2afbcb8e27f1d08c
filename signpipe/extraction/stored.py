"""A workspace's clip as it was extracted or imported."""

from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.extraction.outcomes import Outcome
from signpipe.landmarks.pack import open_pack
from signpipe.workspace import Workspace


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
