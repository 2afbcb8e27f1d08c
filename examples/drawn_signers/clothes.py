"""What the signers wear, as colours on the trunk."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from drawn_signers.signers import Looks, Pattern
from drawn_signers.surface import Field

Mask = npt.NDArray[np.bool_]

_HEM_OF_NECKLINE = np.array([0.066, 0.046])  # half axes of a round neckline, metres
_STRIPES = 0.056  # metres from one to the next


def paint_clothes(x: Field, y: Field, looks: Looks) -> Field:
    """Colours (H, W, 3), 0..255, at x (1, W) and y (H, 1) metres from between the shoulders."""
    first, second = (np.array(c, np.float32) for c in (looks.clothes, looks.second_colour))
    second_shows = _SECOND[looks.pattern](np.abs(x), y)
    colours = np.where(second_shows[..., None], second, first)
    round_neck = (x / _HEM_OF_NECKLINE[0]) ** 2 + ((y + 0.02) / _HEM_OF_NECKLINE[1]) ** 2
    seam = (round_neck < 1.35)[..., None]
    colours = np.where(seam, 0.82 * colours, colours)
    bare = (round_neck < 1)[..., None]
    return np.where(bare, np.array(looks.skin, np.float32), colours).astype(np.float32)


def _plain(x: Field, y: Field) -> Mask:
    return np.zeros((y.size, x.size), np.bool_)


def _stripes(x: Field, y: Field) -> Mask:
    # They sag a little in the middle, as on a round body.
    wave: Field = np.sin(2 * np.pi * (y + 0.8 * x**2) / _STRIPES)
    return wave > 0.35


def _skirt(x: Field, y: Field) -> Mask:
    return y > 0.34 - x**2


def _cardigan(x: Field, y: Field) -> Mask:
    return (x < 0.074 - 0.14 * y) & (y > -0.015)


_SECOND: dict[Pattern, Callable[[Field, Field], Mask]] = {
    "plain": _plain,
    "stripes": _stripes,
    "skirt": _skirt,
    "cardigan": _cardigan,
}
