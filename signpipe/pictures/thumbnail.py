"""A small picture of a clip: the skeleton over its middle frame."""

import io

import numpy as np
from PIL import Image

from signpipe.pictures.footage import Footage
from signpipe.pictures.overlay import draw_landmarks

SIZE = (320, 240)  # pixels within which it fits
COLOURS = 128  # of the palette: a third of the bytes, hardly to be seen
FARTHEST = 1000  # of a very long clip an earlier frame than the middle: it must be decoded to there


def thumbnail(footage: Footage) -> bytes:
    """A PNG of a clip that has frames."""
    index = min(len(footage.landmarks) // 2, FARTHEST)
    picture = Image.fromarray(next(footage.frames([index])))
    shrink = min(side / long for side, long in zip(SIZE, picture.size, strict=True))
    size = tuple(max(1, round(long * shrink)) for long in picture.size)
    pixels = np.array(picture.resize((size[0], size[1])))
    draw_landmarks(pixels, footage.landmarks, index)
    file = io.BytesIO()
    Image.fromarray(pixels).quantize(COLOURS).save(file, format="png", optimize=True)
    return file.getvalue()
