"""Spotted signs as an ELAN file: one tier of suggestions, with the recording linked."""

import mimetypes
import os
import re
from collections.abc import Iterable
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.search.spotting import SpottedSign
from signpipe.workspace import atomic

TIER = "signpipe"
# What XML 1.0 cannot hold, however it is written.
UNWRITABLE = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def check_elan_file(path: Path) -> None:
    """Raises SignpipeError if the file cannot be written: it exists, or pympi-ling is missing."""
    if path.exists():
        raise SignpipeError(
            f"{path} exists, and somebody may have corrected it; name another file, or delete it"
        )
    try:
        import pympi  # noqa: F401
    except ImportError as error:
        raise SignpipeError(
            "ELAN files need pympi-ling; install it with pip install 'signpipe[elan]'"
        ) from error


def write_elan_file(path: Path, recording: Path, signs: Iterable[SpottedSign]) -> None:
    """Write the signs of one recording, atomically.

    An annotation is a sign from start to end in milliseconds; one that is "none of these" is empty,
    to be filled or deleted. The recording is linked by its absolute path and from where the file
    lies. Raises SignpipeError as `check_elan_file`.
    """
    check_elan_file(path)
    from pympi.Elan import Eaf

    document = Eaf(author="signpipe")
    document.remove_tier("default")
    document.add_tier(TIER)
    absolute = recording.resolve()
    relative = Path(os.path.relpath(absolute, path.resolve().parent)).as_posix()
    document.add_linked_file(
        # As ELAN writes it: spaces and accents are not escaped.
        f"file://{'' if absolute.as_posix().startswith('/') else '/'}{absolute.as_posix()}",
        relative if relative.startswith("../") else f"./{relative}",
        mimetypes.guess_type(recording.name)[0] or "unknown",
    )
    for sign in signs:
        start = round(1000 * sign.start)
        gloss = UNWRITABLE.sub("", sign.answer) if sign.is_sign else ""
        document.add_annotation(TIER, start, max(round(1000 * sign.end), start + 1), gloss)
    with atomic(path) as temporary:
        document.to_file(str(temporary))
