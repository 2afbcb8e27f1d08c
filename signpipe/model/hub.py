"""Folders of the Hugging Face hub: `hf:owner/name`, or `hf:owner/name@revision`.

Only weights, JSON and Markdown are fetched, into the hub's own cache; nothing is ever uploaded.
"""

import re
from pathlib import Path

from signpipe.errors import SignpipeError, missing_extra
from signpipe.progress import note

PREFIX = "hf:"
PATTERNS = ["*.safetensors", "*.json", "*.md"]
_NAME = re.compile(r"hf:([\w.-]+/[\w.-]+)(?:@([\w./-]+))?", re.ASCII)


def local_folder(name: Path | str) -> Path:
    """A path as it is; of a name on the hub the folder that it was fetched into.

    That folder's own name is the revision, which is told. Raises SignpipeError if there is none of
    that name, if it cannot be reached, or if the extra `hub` is missing.
    """
    text = str(name)
    if not text.startswith(PREFIX):
        return Path(name)
    match = _NAME.fullmatch(text)
    if match is None:
        raise SignpipeError(f"{text!r} names nothing on the hub; write hf:OWNER/NAME")
    try:
        from huggingface_hub import snapshot_download
        from huggingface_hub.errors import HfHubHTTPError
    except ImportError as error:
        raise missing_extra(text, "huggingface_hub", "hub") from error
    repository, revision = match.groups()
    try:
        found = Path(snapshot_download(repository, revision=revision, allow_patterns=PATTERNS))
    except (HfHubHTTPError, OSError, ValueError) as error:
        first = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise SignpipeError(
            f"{text} cannot be fetched ({first}); check the name, or fetch its folder otherwise "
            "and give that"
        ) from error
    note(f"{text}: revision {found.name}")
    return found
