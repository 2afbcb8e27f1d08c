"""A contact sheet: frames spread over a clip, above a time line of what was detected."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from signpipe.pictures.footage import Footage, Frame
from signpipe.pictures.lettering import fitting, font
from signpipe.pictures.overlay import COLOURS, draw_landmarks

FRAMES = 12
WIDTH = 1280
GAP = 10
GROUND, INK, QUIET, EMPTY = (24, 26, 30), (236, 238, 240), (160, 168, 176), (52, 56, 62)
PARTS = {"pose": "pose", "left_hand": "left hand", "right_hand": "right hand"}
LABELS, SHARES = 120, 70  # pixels beside the time line
ROW = 26  # of the time line
TITLE, CAPTION = 76, 28


def contact_sheet(footage: Footage, about: str) -> Image.Image:
    """The sheet of a clip that has frames; `about` is a line below its name."""
    chosen = spread(len(footage.landmarks))
    columns = 4 if footage.width >= footage.height else 6
    pictures = zip(chosen, footage.frames(chosen), strict=True)
    tiles = [_tile(footage, index, pixels, columns) for index, pixels in pictures]
    high, wide = tiles[0].shape[:2]
    rows = -(-len(tiles) // columns)
    below = TITLE + rows * (high + CAPTION + GAP)
    height = below + len(PARTS) * (ROW + 6) + 66
    sheet = Image.new("RGB", (WIDTH, height), GROUND)
    draw = ImageDraw.Draw(sheet)
    room = WIDTH - 2 * GAP
    draw.text((GAP, 28), fitting(draw, footage.name, font(24), room), INK, font(24), "lm")
    draw.text((GAP, 58), fitting(draw, about, font(16), room), QUIET, font(16), "lm")
    for place, (index, tile) in enumerate(zip(chosen, tiles, strict=True)):
        x = GAP + place % columns * (wide + GAP)
        y = TITLE + place // columns * (high + CAPTION + GAP)
        sheet.paste(Image.fromarray(tile), (x, y))
        caption = fitting(draw, moment(footage, index), font(16), wide)
        draw.text((x, y + high + CAPTION / 2), caption, QUIET, font(16), "lm")
    _time_line(sheet, draw, footage, chosen, below + 10)
    return sheet


def spread(frames: int) -> list[int]:
    """Up to FRAMES different frames from the first to the last, as evenly as can be."""
    return sorted(set(np.linspace(0, frames - 1, min(FRAMES, frames)).round().astype(int).tolist()))


def moment(footage: Footage, index: int) -> str:
    """Which frame it is, counted from 1, and when, as far as is known."""
    times = footage.landmarks.times
    return f"frame {index + 1}" + (f", {times[index]:.2f} s" if times is not None else "")


def _tile(footage: Footage, index: int, pixels: Frame, columns: int) -> Frame:
    width = (WIDTH - GAP * (columns + 1)) // columns
    height = max(1, round(width * footage.height / footage.width))
    tile: Frame = np.array(Image.fromarray(pixels).resize((width, height)))
    draw_landmarks(tile, footage.landmarks, index)
    return tile


def _time_line(
    sheet: Image.Image,
    draw: ImageDraw.ImageDraw,
    footage: Footage,
    chosen: Sequence[int],
    top: int,
) -> None:
    left, width = GAP + LABELS, WIDTH - 2 * GAP - LABELS - SHARES
    frames = len(footage.landmarks)
    for place, (part, name) in enumerate(PARTS.items()):
        y = top + place * (ROW + 6)
        seen = footage.landmarks.seen(part)
        share = shares_of_columns(seen, width)[:, None]
        colours = share * np.array(COLOURS[part]) + (1 - share) * np.array(EMPTY)
        band = np.repeat(colours[None].round().astype(np.uint8), ROW, axis=0)
        sheet.paste(Image.fromarray(band), (left, y))
        draw.text((GAP, y + ROW / 2), name, INK, font(16), "lm")
        draw.text((WIDTH - GAP, y + ROW / 2), f"{seen.mean():.0%}", INK, font(16), "rm")
    bottom = top + len(PARTS) * (ROW + 6)
    for index in chosen:
        x = left + (index + 0.5) * width / frames
        draw.polygon(((x, bottom - 2), (x - 5, bottom + 7), (x + 5, bottom + 7)), QUIET)
        times = footage.landmarks.times
        text = f"{times[index]:.2f} s" if times is not None else str(index + 1)
        draw.text((x, bottom + 19), text, QUIET, font(14), "mm")
    note = "Coloured where the part was detected; the marks are the frames above."
    draw.text((left, bottom + 44), note, QUIET, font(14), "lm")


def shares_of_columns(seen: NDArray[np.bool_], width: int) -> NDArray[np.float64]:
    """(T,) bool -> (width,): the share of the frames below each column of pixels that are True."""
    edges = np.linspace(0, len(seen), width + 1)
    first = np.floor(edges[:-1]).astype(int)
    last = np.maximum(np.ceil(edges[1:] - 1e-9).astype(int), first + 1)
    counted = np.concatenate([[0], np.cumsum(seen)])
    return (counted[last] - counted[first]) / (last - first)
