"""ASL Citizen: 2,731 signs of American Sign Language by 52 signers, in everyday settings.

`train.csv`, `val.csv` and `test.csv`, in the root or in splits/ (there also below ASL_Citizen/),
have the columns Participant ID, Video file, Gloss and ASL-LEX Code; no signer is in two of them.
Videos lie in any folder under the name in Video file. Glosses are taken as they are: BITE1 and
BITE2 are different signs. Where others pass on the keypoints alone, one .pose file a video, these
files are the labels of `signpipe import`, see `labels_of`.
"""

from pathlib import Path, PurePosixPath

from signpipe.cliptable import Label
from signpipe.datasets.clips import AnnotatedClip, Collector
from signpipe.datasets.files import is_plain, need, without_ending
from signpipe.errors import SignpipeError
from signpipe.splits import TEST, TRAIN, VAL
from signpipe.tables import read_table

SIGNER, VIDEO, GLOSS = "Participant ID", "Video file", "Gloss"
PLACES = ("", "splits/", "ASL_Citizen/splits/")


def read(collector: Collector) -> None:
    """Collect all clips. Raises SignpipeError if a split's file or a column of it is missing."""
    for split in (TRAIN, VAL, TEST):
        file = _file(collector.videos.root, split)
        for line, row in _rows(file):
            where, video = f"{file}, line {line}", row[VIDEO].strip()
            signer, gloss = row[SIGNER].strip(), row[GLOSS].strip()
            if not is_plain(video) or not gloss:
                collector.skip(where, "it names no video file, or no gloss")
                continue
            name = without_ending(video)
            clip = AnnotatedClip(name, Path("videos", video), gloss, signer, split)
            collector.add(where, clip, collector.videos.find(f"videos/{name}", name))


def labels_of(root: Path) -> list[Label]:
    """What the three files say of each video, by its name without ending.

    Raises SignpipeError if one of them, or one of their columns, is missing.
    """
    found = []
    for split in (TRAIN, VAL, TEST):
        for line, row in _rows(_file(root, split)):
            name = PurePosixPath(without_ending(row[VIDEO].strip())).name
            if name:
                found.append(Label(name, row[GLOSS].strip(), row[SIGNER].strip(), split, line))
    return found


def _file(root: Path, split: str) -> Path:
    return need(root, *(f"{place}{split}.csv" for place in PLACES))


def _rows(file: Path) -> list[tuple[int, dict[str, str]]]:
    table = read_table(file)
    if missing := [name for name in (SIGNER, VIDEO, GLOSS) if name not in table.columns]:
        raise SignpipeError(
            f"{file} has no column {', '.join(missing)}; get the published file again"
        )
    lines = (line for line, _ in table.rows)
    return list(zip(lines, table.dicts(), strict=True))
