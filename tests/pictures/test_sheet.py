from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe.pictures.footage import Footage
from signpipe.pictures.overlay import COLOURS
from signpipe.pictures.sheet import FRAMES, WIDTH, contact_sheet, moment, shares_of_columns, spread


@pytest.fixture
def footage(walk):
    landmarks = replace(walk(1, 1, 0, frames=40), times=np.arange(40) / 20)
    landmarks.right_hand[20:] = np.nan
    return Footage("sign/clip", landmarks, 64, 48)


def test_the_time_line_is_coloured_where_a_part_was_detected(footage):
    sheet = np.asarray(contact_sheet(footage, "about"))
    assert sheet.shape[1] == WIDTH
    coloured = (sheet == COLOURS["right_hand"]).all(axis=2).sum(axis=1)
    line = sheet[int(np.flatnonzero(coloured > 400)[0])]
    columns = np.flatnonzero((line == COLOURS["right_hand"]).all(axis=1))
    assert columns[0] == 130
    assert columns[-1] == pytest.approx(130 + 1070 / 2, abs=2)
    assert not ((sheet == COLOURS["left_hand"]).all(axis=2).sum(axis=1) > 100).any()


@pytest.mark.parametrize("frames", [1, 2, 12, 13])
def test_any_number_of_frames_fits(walk, frames):
    tall = contact_sheet(Footage("x" * 500, walk(0, 0, 0, frames=frames), 48, 64), "y" * 500)
    assert tall.width == WIDTH


@given(st.integers(1, 5000))
def test_frames_are_spread_from_the_first_to_the_last(frames):
    chosen = spread(frames)
    assert len(chosen) == min(FRAMES, frames)
    assert chosen[0] == 0
    assert chosen[-1] == frames - 1 or frames == 1
    steps = np.diff(chosen)
    assert not len(steps) or steps.max() - steps.min() <= 1


@given(st.lists(st.booleans(), min_size=1, max_size=300), st.integers(1, 120))
def test_columns_show_every_frame_somewhere(seen, width):
    shares = shares_of_columns(np.array(seen), width)
    assert shares.shape == (width,)
    assert ((shares >= 0) & (shares <= 1)).all()
    assert (shares.max() > 0) == any(seen)  # one frame among many leaves a trace too
    assert (shares.min() < 1) == (not all(seen))


def test_a_moment_has_its_time_where_it_is_known(footage):
    assert moment(footage, 1) == "frame 2, 0.05 s"
    without = replace(footage, landmarks=replace(footage.landmarks, times=None))
    assert moment(without, 1) == "frame 2"
