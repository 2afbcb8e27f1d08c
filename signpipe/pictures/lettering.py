"""Text on pictures, in one font that is always there."""

from functools import cache
from pathlib import Path

import matplotlib
from PIL import ImageDraw, ImageFont


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """Letters `size` pixels high."""
    # OpenCV's own letters are ASCII only; matplotlib brings a font with many alphabets.
    path = Path(matplotlib.get_data_path()) / "fonts" / "ttf" / "DejaVuSans.ttf"
    return ImageFont.truetype(str(path), size)


def fitting(
    draw: ImageDraw.ImageDraw, text: str, letters: ImageFont.FreeTypeFont, room: float
) -> str:
    """`text` on one line, cut short with an ellipsis where it is wider than `room` pixels."""
    text = " ".join(text.split())
    if draw.textlength(text, letters) <= room:
        return text
    while text and draw.textlength(text + "…", letters) > room:
        text = text[:-1]
    return text + "…"
