"""Spotted signs as an ELAN file: a tier of suggestions, with the recording linked."""

import mimetypes
import os
import re
from pathlib import Path

from signpipe.datasets.elan import ANSWERS
from signpipe.errors import SignpipeError, missing_extra
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
        raise missing_extra("an ELAN file", "pympi-ling", "elan") from error


class ElanSuggestions:
    """Signs of one recording, added one by one; `save` writes them.

    An annotation of the tier `signpipe` is a sign from start to end in milliseconds; one that is
    "none of these" is empty, to be filled or deleted. What is known of each, the `top` likeliest
    signs and how likely they are, is an annotation of its own that hangs on it, in another tier: a
    label is nothing but the sign. The recording is linked by its absolute path and from where the
    file lies. Raises SignpipeError as `check_elan_file`.
    """

    def __init__(self, path: Path, recording: Path, top: int) -> None:
        check_elan_file(path)
        from pympi.Elan import Eaf

        self._path, self._top = path, top
        self._document = Eaf(author="signpipe")
        self._document.remove_tier("default")
        self._document.add_tier(TIER)
        self._document.add_linguistic_type(ANSWERS, "Symbolic_Association", timealignable=False)
        self._document.add_tier(ANSWERS, ANSWERS, parent=TIER)
        self._link(recording)

    def _link(self, recording: Path) -> None:
        # A name that is no text cannot be linked; who opens the file is asked where it is.
        absolute = Path(UNWRITABLE.sub("\ufffd", str(recording.resolve())))
        relative = Path(os.path.relpath(absolute, self._path.resolve().parent)).as_posix()
        self._document.add_linked_file(
            # As ELAN writes it: spaces and accents are not escaped.
            f"file://{'' if absolute.as_posix().startswith('/') else '/'}{absolute.as_posix()}",
            relative if relative.startswith("../") else f"./{relative}",
            mimetypes.guess_type(recording.name)[0] or "unknown",
        )

    def add(self, sign: SpottedSign) -> None:
        """Add a sign."""
        document, start = self._document, round(1000 * sign.start)
        gloss = UNWRITABLE.sub("", sign.answer) if sign.is_sign else ""
        document.add_annotation(TIER, start, max(round(1000 * sign.end), start + 1), gloss)
        if named := UNWRITABLE.sub("", sign.named(self._top)):
            suggestion = next(reversed(document.annotations))
            answers = document.generate_annotation_id()
            # Not by `add_ref_annotation`, which would look for the sign among all there are.
            document.tiers[ANSWERS][1][answers] = (suggestion, named, None, None)
            document.annotations[answers] = ANSWERS

    def save(self) -> None:
        """Write the file, atomically."""
        check_elan_file(self._path)
        with atomic(self._path) as temporary:
            self._document.to_file(str(temporary))
