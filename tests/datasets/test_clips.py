from fractions import Fraction
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.datasets.clips import AnnotatedClip, distinct, official_split, signer_named
from signpipe.video.segments import segment_times

TIMES = st.fractions(0, 10_000)


@given(TIMES, st.none() | TIMES)
def test_the_segment_tells_start_and_end_exactly(start, length):
    end = None if length is None else start + length
    segment = AnnotatedClip("a", Path("a"), "x", start=start, end=end).segment
    assert (segment == "") == (start == 0 and end is None)
    assert segment_times(segment) == (start, end)


@pytest.mark.parametrize("text", ["x", "..", "..2", "1..x", "1..2..3"])
def test_text_that_is_no_segment(text):
    with pytest.raises(ValueError):
        segment_times(text)


@given(st.integers(0, 10**6), st.integers(0, 10**6), st.integers(1, 240))
def test_frames_come_back(first, more, rate):
    start, end = Fraction(first, rate), Fraction(first + more + 1, rate)
    clip = AnnotatedClip("a", Path("a"), "x", start=start, end=end)
    assert clip.end is not None
    assert (clip.start * rate, clip.end * rate - 1) == (first, first + more)


def test_split_names():
    names = ("train", "VAL", "validation", "dev", " valid ", "test", "trial", None, 1)
    splits = ["train", "val", "val", "val", "val", "test", None, None, None]
    assert [official_split(name) for name in names] == splits


@pytest.mark.parametrize(
    ("number", "name"), [(0, "0"), (118, "118"), ("P01", "P01"), (-1, ""), (None, ""), (True, "")]
)
def test_signer_names(number, name):
    assert signer_named(number) == name


def test_classes_of_one_name_are_told_apart():
    assert distinct({0: "a", 1: "b", 7: "a"}) == {0: "a (0)", 1: "b", 7: "a (7)"}
