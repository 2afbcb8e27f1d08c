"""What stands behind a signer: a wall and some furniture, out of focus."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from drawn_signers.hand import Vector
from drawn_signers.signers import Furniture, Place
from drawn_signers.surface import Field

_BLUR = 0.012  # of the picture's side


def draw_backdrop(place: Place, side: int) -> Field:
    """The background (side, side, 3), 0..255."""
    down = np.linspace(0, 1, side)[:, None, None]
    wall = (1 - down) * np.array(place.top) + down * np.array(place.bottom)
    room = _Room(np.repeat(wall, side, axis=1).astype(np.uint8), np.array(place.accent, float))
    _FURNITURE[place.furniture](room)
    blurred = cv2.GaussianBlur(room.pixels.astype(np.float32), (0, 0), _BLUR * side)
    return blurred * _vignette(side)


def _vignette(side: int) -> Field:
    """Slightly darker corners, (side, side, 1)."""
    axis = np.linspace(-1, 1, side, dtype=np.float32) ** 2
    return (1 - 0.06 * (axis[:, None] + axis[None, :]))[..., None]


class _Room:
    """Draws furniture in shares of the picture's side; `accent` is its colour."""

    def __init__(self, pixels: npt.NDArray[np.uint8], accent: Vector) -> None:
        self.pixels = pixels
        self._side = pixels.shape[0]
        self._accent = accent

    def pictures(self) -> None:
        for left, top, right, bottom in ((0.06, 0.12, 0.24, 0.36), (0.76, 0.06, 0.95, 0.22)):
            self._box(left, top, right, bottom, 0.45 * self._accent)
            self._box(left + 0.015, top + 0.015, right - 0.015, bottom - 0.015, self._accent)
            self._disc((left + right) / 2, bottom - 0.06, 0.035, 0.6 * self._accent + 90)
        self._box(0, 0.88, 1, 1, 0.75 * self._accent + 40)

    def window(self) -> None:
        self._box(0.60, 0.04, 0.98, 0.62, np.array([250.0, 250.0, 250.0]))
        self._box(0.62, 0.06, 0.96, 0.60, np.array([178.0, 212.0, 240.0]))
        self._disc(0.72, 0.56, 0.10, np.array([146.0, 184.0, 150.0]))
        self._disc(0.90, 0.58, 0.13, np.array([128.0, 170.0, 136.0]))
        self._box(0.782, 0.06, 0.798, 0.60, np.array([250.0, 250.0, 250.0]))
        self._box(0.58, 0.62, 1.0, 0.65, self._accent)

    def shelf(self) -> None:
        random = np.random.default_rng(5)  # the same books in every clip
        for board in (0.26, 0.52, 0.78):
            left = 0.0
            while left < 1.0:
                width, height = random.uniform(0.02, 0.05), random.uniform(0.10, 0.17)
                colour = self._accent + random.uniform(-60, 60, 3)
                self._box(left, board - height, left + width, board, colour)
                left += width + random.choice([0.004, 0.004, 0.03])
            self._box(0, board, 1, board + 0.022, 0.6 * self._accent)

    def plant(self) -> None:
        for angle in np.linspace(-2.7, -0.4, 8):
            tip = np.array([0.13, 0.66]) + 0.30 * np.array([0.6 * np.cos(angle), np.sin(angle)])
            shade = self._accent * (0.85 + 0.3 * np.sin(5 * angle) ** 2)
            self._leaf(np.array([0.13, 0.70]), tip, shade)
        self._box(0.06, 0.70, 0.20, 0.88, np.array([186.0, 112.0, 80.0]))
        self._box(0.72, 0.10, 0.94, 0.38, np.array([232.0, 228.0, 214.0]))

    def lamp(self) -> None:
        self._box(0.135, 0.30, 0.150, 0.95, np.array([96.0, 80.0, 70.0]))
        self._disc(0.14, 0.24, 0.17, 0.25 * self._accent + 0.75 * self.pixels[40, 40])
        self._box(0.06, 0.17, 0.225, 0.31, self._accent)
        self._box(0.70, 0.62, 1.0, 1.0, np.array([122.0, 134.0, 120.0]))

    def tiles(self) -> None:
        for row in range(8):
            for column in range(8):
                if (row + column) % 2:
                    left, top = column / 8, row / 8
                    colour = 0.22 * self._accent + 0.78 * self.pixels[int(top * self._side), 0]
                    self._box(left, top, left + 0.125, top + 0.125, colour)

    def _box(self, left: float, top: float, right: float, bottom: float, colour: Vector) -> None:
        first = (round(left * self._side), round(top * self._side))
        last = (round(right * self._side), round(bottom * self._side))
        cv2.rectangle(self.pixels, first, last, _bytes(colour), cv2.FILLED)

    def _disc(self, x: float, y: float, radius: float, colour: Vector) -> None:
        centre = (round(x * self._side), round(y * self._side))
        cv2.circle(self.pixels, centre, round(radius * self._side), _bytes(colour), cv2.FILLED)

    def _leaf(self, stem: Vector, tip: Vector, colour: Vector) -> None:
        aside = 0.14 * np.array([stem[1] - tip[1], tip[0] - stem[0]])
        middle = 0.45 * stem + 0.55 * tip
        corners = np.round(np.array([stem, middle + aside, tip, middle - aside]) * self._side)
        cv2.fillPoly(self.pixels, [corners.astype(np.int32)], _bytes(colour))


_FURNITURE: dict[Furniture, Callable[[_Room], None]] = {
    "pictures": _Room.pictures,
    "window": _Room.window,
    "shelf": _Room.shelf,
    "plant": _Room.plant,
    "lamp": _Room.lamp,
    "tiles": _Room.tiles,
}


def _bytes(colour: Vector) -> list[float]:
    return [float(value) for value in np.clip(colour, 0, 255)]
