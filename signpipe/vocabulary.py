"""What people call the columns and splits of a table, and labels that look alike."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from signpipe.errors import SignpipeError
from signpipe.tables import Table
from signpipe.wording import listed

TRAIN, VAL, TEST, UNLABELLED = "train", "val", "test", "unlabelled"
_SPLITS = {
    **dict.fromkeys(("train", "training", "trn"), TRAIN),
    **dict.fromkeys(("val", "valid", "validation", "validate", "dev", "development"), VAL),
    **dict.fromkeys(("test", "testing", "tst", "eval"), TEST),
    **dict.fromkeys(("unlabelled", "unlabeled", "no label"), UNLABELLED),
}
_OWN_SPLIT = re.compile(r"[^\W\d][\w.-]+")
_ALIKE = 0.7  # how alike (difflib) a name is to a known one of which it is taken for a misspelling
# Zero-width (non-)joiners, which words of Persian, Sinhala and others hold, within such words.
_JOINER = re.compile(r"(?<=[^\x00-\x7f\u200c\u200d])[\u200c\u200d](?=[^\x00-\x7f\u200c\u200d])")
SYNONYMS = {
    "path": ("video", "file", "filename", "file_name", "filepath", "file_path")
    + ("video_path", "video_file", "video_name"),
    "clip_id": ("clip", "clipid", "clip_name"),
    "label": ("gloss", "sign", "class", "class_name", "word"),
    "signer": ("participant", "subject", "signer_id", "participant_id", "subject_id", "person"),
    "split": ("subset", "partition"),
}


def split_named(text: object) -> str | None:
    """The split that a cell names: train, val, test, unlabelled, by any of their usual names and
    however it is written; "" for none; any other name as it is, for a split of one's own.

    None for what is no name, or is likely a misspelt one.
    """
    if not isinstance(text, str):
        return None
    name = " ".join(text.split()).lower()
    if not name or name in _SPLITS:
        return _SPLITS.get(name, "")
    own = _OWN_SPLIT.fullmatch(name) and not difflib.get_close_matches(name, _SPLITS, 1, _ALIKE)
    return text.strip() if own else None


def is_name(text: str) -> bool:
    """Whether a sign or signer can be called so: it can be read, in one line, and is not empty."""
    return bool(text) and _JOINER.sub("", text).isprintable()


@dataclass(frozen=True)
class Columns:
    """Which column holds what: `names` are the table's by meaning, `unused` the others."""

    names: dict[str, str]
    unused: tuple[str, ...]

    def __str__(self) -> str:
        said = (f"{m} ({name})" if m != name else m for m, name in self.names.items())
        unused = f"; not used: {', '.join(self.unused)}" if self.unused else ""
        return f"columns {', '.join(said)}{unused}"


def understand(table: Table, meanings: Sequence[str]) -> Columns:
    """Find the column of each of the `meanings`: named so, or by another case, or a synonym.

    Raises SignpipeError if two columns can be meant alike.
    """
    names: dict[str, str] = {}
    for meaning in meanings:
        plain = [name for name in table.columns if _plain(name) == meaning]
        others = [name for name in table.columns if _plain(name) in SYNONYMS.get(meaning, ())]
        found = [meaning] if meaning in plain else plain or others
        if len(found) > 1:
            raise SignpipeError(
                f"{table.path}: each of the columns {', '.join(found)} may be the {meaning}; "
                f"rename the right one {meaning}"
            )
        if found:
            names[meaning] = found[0]
    unused = tuple(n for n in table.columns if n and n not in names.values())
    return Columns(names, unused)


def _plain(name: str) -> str:
    return re.sub(r"[\s-]+", "_", name.strip()).lower()


def look_alikes(names: Iterable[str]) -> list[tuple[str, ...]]:
    """Names that differ only in case, blanks, hyphens or in how their accents are stored."""
    groups: dict[str, list[str]] = defaultdict(list)
    for name in sorted({*names} - {""}):
        plain = unicodedata.normalize("NFKC", name).casefold()
        groups[re.sub(r"[\s_-]+", "", plain) or plain].append(name)
    return [tuple(group) for group in groups.values() if len(group) > 1]


def alike_labels(labels: Iterable[str]) -> str:
    """A sentence that names labels which may be one sign written in several ways; "" if none do."""
    groups = [" = ".join(map(repr, group)) for group in look_alikes(labels)]
    if not groups:
        return ""
    return (
        "labels that differ only in case, blanks or hyphens count as different signs: "
        f"{listed(groups)}; where they are one, `signpipe rename OLD NEW` makes them so"
    )
