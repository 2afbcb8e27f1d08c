"""The painted face: eyes, brows, mouth, beard and glasses, as colours on the head."""

import cv2
import numpy as np

from drawn_signers.hand import Vector
from drawn_signers.signers import Looks
from drawn_signers.surface import Field

_SIDES = (-1, 1)
_SUBPIXEL = 4  # bits of a pixel's fraction in cv2's drawing functions

_WHITE = np.array([240.0, 238.0, 234.0])
_BLACK = np.array([18.0, 14.0, 14.0])
_LIPS = np.array([0.90, 0.62, 0.62])  # factors of the skin's colour


class FacePainter:
    """Draws in metres from the centre of the face, which lies at pixel `centre` of the patch."""

    def __init__(self, patch: Field, centre: Vector, scale: float, looks: Looks) -> None:
        """`patch` (H, W, 3), 0..255, is one with the skin's colour; `scale` is pixels per metre."""
        self._pixels = np.clip(patch, 0, 255).astype(np.uint8)  # cv2 smooths edges in bytes only
        self._centre = centre
        self._scale = scale
        self._looks = looks
        self._skin = np.array(looks.skin, float)
        self._hair = np.array(looks.hair, float)

    def paint(self, width: float, eyes: float) -> Field:
        """The painted patch; `width` scales the face, `eyes` (0..1) is how far they are open."""
        skin, hair = self._skin, self._hair
        if self._looks.beard:
            self._oval(0, 0.074, 0.064 * width, 0.050, 0.8 * hair + 0.2 * skin)
            self._oval(0, 0.048, 0.034, 0.014, 0.8 * hair + 0.2 * skin)
        for side in _SIDES:
            self._oval(0.046 * side * width, 0.034, 0.017, 0.013, skin * [1.0, 0.92, 0.90])
            self._eye(0.032 * side * width, -0.008, eyes)
            brow = 0.75 * hair + 0.2 * skin
            self._arc(0.033 * side * width, -0.018, 0.021, 0.016, (205, 335), brow, 0.0048)
            self._oval(0.007 * side, 0.0415, 0.0034, 0.002, 0.55 * skin)
        self._mouth(width)
        if self._looks.glasses:
            self._glasses(width)
        return cv2.GaussianBlur(self._pixels, (0, 0), 0.0012 * self._scale).astype(np.float32)

    def _eye(self, x: float, y: float, openness: float) -> None:
        skin = self._skin
        self._oval(x, y, 0.020, 0.013, 0.9 * skin)
        if openness > 0.4:
            height = 0.0095 * openness
            self._oval(x, y, 0.0158, height, _WHITE)
            self._oval(x, y, 0.0078, min(0.0078, height), np.array(self._looks.eyes, float))
            self._oval(x, y, 0.004, min(0.004, height), _BLACK)
            self._oval(x - 0.0025, y - 0.003, 0.0018, 0.0018, np.full(3, 252.0))
        lid = 0.0095 * (2 * openness - 1)  # the lashes hang down when the eye is closed
        angles = (185, 355) if lid > 0 else (5, 175)
        self._arc(x, y, 0.0165, max(abs(lid), 0.002), angles, 0.25 * skin, 0.003)

    def _mouth(self, width: float) -> None:
        skin = self._skin
        self._arc(0, 0.052, 0.027 * width, 0.019, (18, 162), skin * _LIPS, 0.0095)
        self._arc(0, 0.052, 0.029 * width, 0.0185, (12, 168), 0.42 * skin * _LIPS, 0.0022)
        self._oval(0, 0.0885, 0.013, 0.0025, 0.88 * (self._hair if self._looks.beard else skin))

    def _glasses(self, width: float) -> None:
        frame = np.array([70.0, 40.0, 46.0])
        for side in _SIDES:
            self._arc(0.033 * side * width, -0.006, 0.026, 0.021, (0, 360), frame, 0.0036)
            self._arc(0.068 * side * width, -0.006, 0.010, 0.003, (180, 360), frame, 0.0036)
        self._arc(0, -0.006, 0.008, 0.004, (180, 360), frame, 0.0036)

    def _oval(self, x: float, y: float, across: float, down: float, colour: Vector) -> None:
        self._draw(x, y, across, down, (0, 360), colour, cv2.FILLED)

    def _arc(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        degrees: tuple[int, int],
        colour: Vector,
        width: float,
    ) -> None:
        self._draw(x, y, across, down, degrees, colour, max(1, round(width * self._scale)))

    def _draw(
        self,
        x: float,
        y: float,
        across: float,
        down: float,
        degrees: tuple[int, int],
        colour: Vector,
        thickness: int,
    ) -> None:
        fine = 1 << _SUBPIXEL
        column, row = fine * (self._centre + self._scale * np.array([x, y]))
        axes = (round(fine * self._scale * across), round(fine * self._scale * down))
        cv2.ellipse(
            self._pixels,
            (round(column), round(row)),
            axes,
            0,
            *degrees,
            [float(value) for value in np.clip(colour, 0, 255)],
            thickness,
            cv2.LINE_AA,
            _SUBPIXEL,
        )
