import shutil
from fractions import Fraction

import pytest

from signpipe.datasets import cut_files
from signpipe.datasets.cut_files import segment_of
from signpipe.video.read import FoundVideo

WHOLE = (Fraction(0), None)


@pytest.mark.parametrize(
    ("start", "end", "is_cut"),
    [
        ("0.4", "1.2", False),  # fits into the 1.65 s of the file
        ("1", "1.65", False),
        ("1", "4", False),  # too long for a clip of it
        ("0.2", "1.7", False),  # ends a little late, as annotations do
        ("45.8", "47.44", True),  # 1.64 s long: the file is this segment
        ("45.8", "46.8", True),  # with a margin
        ("45.8", "48.2", True),  # a little short
        ("45.8", "49.8", False),  # too short
        ("90", "90.2", False),  # 1.65 s are no clip of 0.2 s: it is after the file's end
    ],
)
def test_a_file_that_is_cut_already_is_taken_whole(demo_clips, start, end, is_cut):
    found = FoundVideo(demo_clips / "wave" / "ada_0.mp4", "wave/ada_0.mp4")
    segment = Fraction(start), Fraction(end)
    assert segment_of(found, *segment) == (WHOLE if is_cut else segment)


def test_open_segments_and_files_that_tell_nothing(tmp_path, demo_clips):
    found = FoundVideo(demo_clips / "wave" / "ada_0.mp4", "wave/ada_0.mp4")
    assert segment_of(found, Fraction(9), None) == (9, None)
    assert segment_of(found, Fraction(0), Fraction(9)) == (0, 9)
    (tmp_path / "a.mp4").write_bytes(b"no video")
    for video in (None, FoundVideo(tmp_path / "a.mp4", "a.mp4"), FoundVideo(tmp_path, "b.mp4")):
        assert segment_of(video, Fraction(9), Fraction(10)) == (9, 10)


def test_a_file_is_opened_once_for_all_its_segments(tmp_path, demo_clips, monkeypatch):
    opened = []
    original = cut_files.Video
    monkeypatch.setattr(cut_files, "Video", lambda path: opened.append(path) or original(path))
    path = tmp_path / "a.mp4"
    shutil.copyfile(demo_clips / "wave" / "ada_0.mp4", path)
    cut = Fraction("45.8"), Fraction("47.44")
    for _ in range(3):
        assert segment_of(FoundVideo(path, "a.mp4"), *cut) == WHOLE
    assert opened == [path]
    path.write_bytes(b"no video any more")
    assert segment_of(FoundVideo(path, "a.mp4"), *cut) == cut
