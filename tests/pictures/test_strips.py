import io
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image

from signpipe.pictures.footage import GROUND, Footage
from signpipe.pictures.strips import FRAMES, GAP, TILE, moments, skeletons, strip, titled


def test_frames_from_the_first_hand_to_the_last(walk):
    landmarks = walk(0, 0, 0, frames=40)
    landmarks.right_hand[:10] = landmarks.right_hand[31:] = np.nan
    chosen = moments(landmarks)
    assert (chosen[0], chosen[-1], len(chosen)) == (10, 30, FRAMES)
    assert moments(walk(0, 0, 0, frames=2)) == [0, 1]
    landmarks.right_hand[:] = np.nan
    assert moments(landmarks)[-1] == 39


@pytest.mark.parametrize("shift", [0.0, 3.0])
def test_the_person_fills_the_tiles_wherever_it_stands(walk, shift):
    landmarks = walk(1, 0, 0)
    moved = replace(
        landmarks,
        pose=landmarks.pose + np.float32([shift, shift, 0, 0]),
        right_hand=landmarks.right_hand + np.float32([shift, shift, 0]),
    )
    tiles = np.stack(skeletons(moved, [0, 5, 10], 1.0))
    drawn = (tiles != GROUND).any(axis=(0, 3))
    assert tiles.shape == (3, TILE[1], TILE[0], 3)
    columns, rows = np.flatnonzero(drawn.any(axis=0)), np.flatnonzero(drawn.any(axis=1))
    assert max(np.ptp(columns) / TILE[0], np.ptp(rows) / TILE[1]) > 0.8


def test_nobody_is_plain_ground(walk):
    landmarks = walk(0, 0, 0)
    landmarks.pose[:] = landmarks.right_hand[:] = np.nan
    assert (np.stack(skeletons(landmarks, [0, 1], 1.0)) == GROUND).all()


def test_a_short_clip_leaves_the_rest_of_its_strip_empty(walk):
    whole = strip(Footage("a", walk(0, 0, 0, frames=2), 640, 480), columns=3)
    width, height = TILE
    assert whole.shape == (2 * height + GAP, 3 * width + 2 * GAP, 3)
    assert (whole[height + GAP :] == whole[-1, -1]).all()
    assert not (whole[:height, :width] == whole[-1, -1]).all()


def test_strips_below_each_other_under_their_words(walk):
    picture = strip(Footage("a", walk(0, 0, 0), 640, 480))
    png = titled([("a very long name " * 20, picture), ("日本", picture)])
    image = Image.open(io.BytesIO(png))
    assert image.width == picture.shape[1]
    assert image.height > 2 * picture.shape[0]
    assert len(png) < 60_000
