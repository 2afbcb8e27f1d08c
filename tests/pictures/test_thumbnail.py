import io

import numpy as np
import pytest
from PIL import Image

from signpipe.pictures.footage import GROUND, Footage
from signpipe.pictures.thumbnail import SIZE, thumbnail


@pytest.mark.parametrize(("width", "height"), [(1920, 1080), (540, 720), (64, 48), (4000, 10)])
def test_a_small_picture_with_the_skeleton_on_it(walk, width, height):
    png = thumbnail(Footage("a", walk(0, 0, 0), width, height))
    picture = Image.open(io.BytesIO(png))
    assert picture.width <= SIZE[0]
    assert picture.height <= SIZE[1]
    assert SIZE[0] == picture.width or SIZE[1] == picture.height
    pixels = np.asarray(picture.convert("RGB")).astype(int)
    assert (np.abs(pixels - GROUND).max(axis=2) > 60).any()
    assert len(png) < 40_000
