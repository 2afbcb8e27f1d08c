"""A data set by its annotations: clips of several segments of one file, labels, splits, reports."""

import csv
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from signpipe.clip_view import find_clip
from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.extraction import extract, import_keypoints
from signpipe.extraction.dataset_videos import _known_contents
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.shards import Shard
from signpipe.landmarks.pack import Landmarks, open_pack, write_pack
from signpipe.report.stored_footage import stored_footage
from signpipe.video.read import Video
from signpipe.workspace import Workspace, sha256_of_file

ROWS = """path,label,signer,split,start,end
long.mp4,wave,ada,train,0,1/4
long.mp4,tap,ada,val,10/20,15/20
copy.mp4,wave,bo,test,0,1/4
gone.mp4,wave,bo,test,,
long.mp4,wave,bo,train,60,61
long.mp4,wave,bo,tset,,
"""
FIRST, SECOND, COPY, LATE = (
    *("long_0.000-0.250", "long_0.500-0.750", "copy_0.000-0.250", "long_60.000-61.000"),
)


@pytest.fixture
def corpus(tmp_path: Path, demo_clips: Path) -> Path:
    folder = tmp_path / "corpus"
    folder.mkdir()
    for name in ("long.mp4", "copy.mp4"):
        shutil.copyfile(demo_clips / "wave" / "ada_0.mp4", folder / name)
    (folder / "labels.csv").write_text(ROWS)
    return folder


def test_a_data_set(tmp_path: Path, corpus: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    first = extract.run(workspace, [corpus], dataset="csv", workers=1, shard=Shard(1, 2))
    result = extract.run(workspace, [corpus], dataset="csv", workers=1, shard=Shard(2, 2))
    assert first.clips and first.left == result.clips and result.left == 0
    clips = read_clips(workspace.clips)
    assert {(c.clip_id, c.label, c.signer, c.split, c.frames) for c in clips.values()} == {
        (FIRST, "wave", "ada", "train", 5),
        (SECOND, "tap", "ada", "val", 5),
        (COPY, "wave", "bo", "test", 5),
        (LATE, "wave", "bo", "train", 0),
    }
    assert clips[LATE].status == "empty" and "after the last frame" in clips[LATE].reason
    with open_pack(workspace.pack(SECOND)) as pack:
        assert pack.attributes["segment"] == "1/2..3/4"
    footage = stored_footage(workspace, read_outcomes(workspace.outcomes)[SECOND])
    with Video(corpus / "long.mp4", 0.5, 0.75) as video:
        expected = [pixels for _, pixels in video]
    np.testing.assert_array_equal([*footage.frames()], expected)
    assert find_clip(workspace, str(corpus / "long.mp4")) is None  # only parts of it are known
    summary = result.dataset
    assert summary is not None
    assert summary.splits == {"train": 2, "val": 1, "test": 1} and summary.missing == 1
    assert [str(group) for group in summary.leaks] == [
        f"{COPY} (wave, test) = {FIRST} (wave, train)"
    ]
    assert "labels.csv, line 7" in summary.problems[0]
    with summary.missing_list.open(newline="") as file:
        assert [row["clip"] for row in csv.DictReader(file)] == ["gone"]

    assert _known_contents(workspace) == {
        corpus / name: sha256_of_file(corpus / name) for name in ("long.mp4", "copy.mp4")
    }

    # Again: nothing to do, and what a person wrote stays. Another range is another clip's work.
    write_clips(workspace.clips, [replace(c, label="mine") for c in clips.values()])
    again = extract.run(workspace, [corpus], dataset="csv", workers=1)
    assert (again.done_before, again.labels) == (4, {"mine": 4})
    (corpus / "labels.csv").write_text("path,clip_id,start,end\n" + f"long.mp4,{FIRST},0,1/10\n")
    extract.run(workspace, [corpus], dataset="csv", workers=1)
    outcome = read_outcomes(workspace.outcomes)[FIRST]
    assert (outcome.frames, outcome.segment) == (2, "0..1/10")


def test_what_does_not_go_together_is_refused(tmp_path: Path, corpus: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(SignpipeError, match="takes one folder"):
        extract.run(workspace, [corpus, corpus], dataset="csv")
    with pytest.raises(SignpipeError, match="takes one folder"):
        extract.run(workspace, [corpus], dataset="csv", labels=corpus / "labels.csv")
    (corpus / "labels.csv").write_text("path\ngone.mp4\n")
    with pytest.raises(SignpipeError, match="none of the 1 videos of csv"):
        extract.run(workspace, [corpus], dataset="csv")


def test_no_other_clip_is_replaced(
    tmp_path: Path, corpus: Path, walk: Callable[..., Landmarks]
) -> None:
    workspace = Workspace(tmp_path / "workspace")
    write_pack(tmp_path / "many.h5", {"one": walk(0, 0, 0), "two": walk(0, 0, 1)})
    import_keypoints.run(workspace, [tmp_path / "many.h5"])
    for name in ("one", "many"):
        (corpus / "labels.csv").write_text(f"path,clip_id\nlong.mp4,{name}\n")
        with pytest.raises(SignpipeError, match=f"would replace clip '{name}' .*another workspace"):
            extract.run(workspace, [corpus], dataset="csv", redo=True)

    (corpus / "labels.csv").write_text("path,clip_id\nlong.mp4,three\n")
    extract.run(workspace, [corpus], dataset="csv", workers=1)
    (corpus / "labels.csv").write_text("path,clip_id\ncopy.mp4,three\n")
    (corpus / "copy.mp4").write_bytes(b"another video")
    with pytest.raises(SignpipeError, match="'three' .*long.mp4; use .* or --redo to replace it"):
        extract.run(workspace, [corpus], dataset="csv")
    shutil.copyfile(corpus / "long.mp4", corpus / "copy.mp4")
    assert extract.run(workspace, [corpus], dataset="csv").done_before == 1
