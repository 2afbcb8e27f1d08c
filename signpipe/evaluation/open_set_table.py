"""`open_set.csv` beside metrics.json: what each fold's recogniser said of each clip."""

from collections.abc import Sequence
from pathlib import Path

from signpipe.evaluation.open_set_figures import Asked
from signpipe.tables import write_table

FILE = "open_set.csv"
COLUMNS = ("fold", "clip_id", "signer", "label", "kind", "named", "probability", "unknownness")


def write_asked(folder: Path, folds: Sequence[Asked]) -> None:
    """Write a row for each clip of each fold; unknownness is by the score that rejects."""
    rows = []
    for fold in folds:
        unknown = fold.unknownness(fold.rejection.score)
        columns = (fold.clips, fold.kinds, fold.named, fold.probabilities.max(axis=1), unknown)
        for (clip, kind, named, share, value), answered in zip(
            zip(*columns, strict=True), fold.answered, strict=True
        ):
            about = (str(fold.fold), clip.clip_id, clip.signer, clip.label, str(kind), named)
            rows.append((*about, f"{share:.4f}", f"{value:.6g}", "yes" if answered else "no"))
    write_table(folder / FILE, (*COLUMNS, "answered"), rows)
