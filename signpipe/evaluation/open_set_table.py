"""`open_set.csv` beside metrics.json: what each fold's recogniser said of each clip."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.evaluation.open_set_figures import Asked
from signpipe.tables import read_table, write_table

FILE = "open_set.csv"
COLUMNS = ("fold", "clip_id", "signer", "label", "kind", "named", "probability", "unknownness")
ANSWERED = "answered"


@dataclass(frozen=True)
class AskedClip:
    """What one fold's recogniser said of a clip of a sign of this kind: known, other, or idle."""

    fold: str
    clip_id: str
    signer: str
    label: str
    kind: str
    named: str
    unknownness: float
    answered: bool

    @property
    def right(self) -> bool:
        """Named as it is, rejected or not."""
        return self.named == self.label


def write_asked(folder: Path, folds: Sequence[Asked]) -> None:
    """Write a row for each clip of each fold; unknownness is by the score that rejects."""
    rows = []
    for fold in folds:
        unknown = fold.unknownness(fold.rejection.score)
        said = zip(fold.named, fold.probabilities.max(axis=1), unknown, fold.answered, strict=True)
        for clip, kind, (named, share, value, answered) in zip(
            fold.clips, fold.kinds, said, strict=True
        ):
            about = (str(fold.fold), clip.clip_id, clip.signer, clip.label, str(kind), named)
            rows.append((*about, f"{share:.4f}", f"{value:.9g}", "yes" if answered else "no"))
    write_table(folder / FILE, (*COLUMNS, ANSWERED), rows)


def read_asked(folder: Path) -> list[AskedClip]:
    """Raises SignpipeError if the file cannot be read or is damaged."""
    try:
        return [
            AskedClip(
                row["fold"],
                row["clip_id"],
                row["signer"],
                row["label"],
                row["kind"],
                row["named"],
                float(row["unknownness"]),
                row[ANSWERED] == "yes",
            )
            for row in read_table(folder / FILE).dicts(*COLUMNS, ANSWERED)
        ]
    except (SignpipeError, ValueError) as error:
        raise SignpipeError(f"{folder / FILE}: {error}; evaluate again with --redo") from error
