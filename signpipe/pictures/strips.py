"""A clip as a few small skeletons on plain ground."""

import io
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from signpipe.landmarks.pack import Landmarks
from signpipe.pictures.footage import GROUND, Footage
from signpipe.pictures.lettering import fitting, font
from signpipe.pictures.overlay import VISIBLE, draw_landmarks
from signpipe.skeleton import TRUNK_IN_POSE

FRAMES = 6
TILE = (180, 200)  # width and height in pixels
SHARPER = 2  # drawn so many times larger first: thin lines, no steps
GAP, BAR, LETTERS = 4, 38, 25
INK, BETWEEN = (236, 238, 240), (16, 18, 20)
COLOURS = 64  # of the palette
MARGIN = 0.06  # around the person, of the longer side

Picture = NDArray[np.uint8]


def strip(footage: Footage, columns: int = FRAMES) -> Picture:
    """(H, W, 3) uint8: FRAMES skeletons in rows of `columns`, in their order, all of one scale."""
    chosen = moments(footage.landmarks)
    tiles = skeletons(footage.landmarks, chosen, footage.width / footage.height)
    width, height = TILE
    rows = -(-FRAMES // columns)
    size = (rows * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3)
    whole = np.full(size, BETWEEN, np.uint8)
    for place, tile in enumerate(tiles):
        y, x = place // columns * (height + GAP), place % columns * (width + GAP)
        whole[y : y + height, x : x + width] = tile
    return whole


def moments(landmarks: Landmarks) -> list[int]:
    """Up to FRAMES different frames, evenly from the first to the last that shows a hand."""
    hand = np.flatnonzero(landmarks.seen("left_hand") | landmarks.seen("right_hand"))
    first, last = (hand[0], hand[-1]) if len(hand) else (0, len(landmarks) - 1)
    count = min(FRAMES, last - first + 1)
    return sorted(set(np.linspace(first, last, count).round().astype(int).tolist()))


def skeletons(landmarks: Landmarks, chosen: Sequence[int], aspect: float) -> list[Picture]:
    """A tile of TILE pixels for every chosen frame, the person as large as fits all of them.

    `aspect` is the picture's width by its height.
    """
    frames = list(chosen)
    pose, left, right = (
        array[frames].copy()
        for array in (landmarks.pose, landmarks.left_hand, landmarks.right_hand)
    )
    trunk = pose[:, TRUNK_IN_POSE]
    shown = np.where(trunk[..., 3:] >= VISIBLE, trunk[..., :2], np.nan)
    points = np.concatenate([a[..., :2].reshape(-1, 2) for a in (shown, left, right)])
    corner, side = _box(points * (aspect, 1), TILE[0] / TILE[1])
    for part in (pose, left, right):
        part[..., :2] = (part[..., :2] * (aspect, 1) - corner) / side
    moved = Landmarks(pose, left, right)
    width, height = TILE
    tiles = []
    for index in range(len(frames)):
        large = np.full((height * SHARPER, width * SHARPER, 3), GROUND, np.uint8)
        draw_landmarks(large, moved, index)
        small = Image.fromarray(large).resize(TILE, Image.Resampling.LANCZOS)
        tiles.append(np.asarray(small))
    return tiles


def _box(points: NDArray[np.float64], shape: float) -> tuple[NDArray[np.float64], ...]:
    """Corner and sides (2,) of the least box of this shape around (N, 2) points, NaN left out."""
    known = points[np.isfinite(points).all(axis=1)]
    if not len(known):
        return np.zeros(2), np.ones(2)
    low, high = known.min(axis=0), known.max(axis=0)
    extent = high - low
    height = max(extent[1], extent[0] / shape, 1e-3) * (1 + 2 * MARGIN)
    side = np.array([height * shape, height])
    return (low + high - side) / 2, side


def titled(rows: Sequence[tuple[str, Picture]]) -> bytes:
    """A PNG of strips below each other, each under its own words."""
    width = max(picture.shape[1] for _, picture in rows)
    height = sum(picture.shape[0] + BAR for _, picture in rows)
    sheet = Image.new("RGB", (width, height), BETWEEN)
    draw = ImageDraw.Draw(sheet)
    y = 0
    for words, picture in rows:
        text = fitting(draw, words, font(LETTERS), width - 2 * GAP)
        draw.text((GAP, y + BAR / 2), text, INK, font(LETTERS), "lm")
        sheet.paste(Image.fromarray(picture), (0, y + BAR))
        y += BAR + picture.shape[0]
    return png(np.asarray(sheet))


def png(picture: Picture) -> bytes:
    """A small file of it."""
    file = io.BytesIO()
    Image.fromarray(picture).quantize(COLOURS).save(file, format="png", optimize=True)
    return file.getvalue()
