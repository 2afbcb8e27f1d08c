"""Poses -> pictures: draws the figure, colours it, lights it and puts it before its backdrop."""

import cv2
import numpy as np
import numpy.typing as npt

from drawn_signers.backdrop import draw_backdrop
from drawn_signers.body import Pose, arm_joints
from drawn_signers.clothes import paint_clothes
from drawn_signers.face import FacePainter
from drawn_signers.figure import HEAD, draw_arm, draw_head, draw_torso
from drawn_signers.hand import Vector
from drawn_signers.light import melt, shade
from drawn_signers.signers import Looks, Signer
from drawn_signers.surface import Field, Material, Surface

_FINENESS = 2  # pixels drawn per pixel of the picture, along each side
_SKIN_SOFTNESS, _CLOTH_SOFTNESS = 1.6, 5.0  # pixels of the picture
_WEAVE = 12.0  # strength of the cloth's grain before it is blurred, of 255
_FACE_BOX = np.array([0.12, 0.16, 0.0])  # half of it, metres


class Renderer:
    """Draws one signer; what does not move is drawn once."""

    def __init__(self, signer: Signer, size: int = 320) -> None:
        """`size` is the side of the square pictures in pixels."""
        self._signer = signer
        self._size = size
        side = size * _FINENESS
        self._backdrop = draw_backdrop(signer.place, side)
        self._palette = _palette(signer.looks)
        self._torso = Surface(signer.camera, side)
        draw_torso(self._torso, signer.build)
        cloth = (self._torso.material == Material.TORSO).astype(np.float32)
        self._torso.normal = melt(self._torso.normal, cloth, _CLOTH_SOFTNESS * _FINENESS)
        self._clothes = paint_clothes(*self._torso.metres(self._torso.all()), signer.looks)
        self._clothes += _weave(side)

    def draw(self, pose: Pose) -> npt.NDArray[np.uint8]:
        """The picture (size, size, 3) of a pose: RGB bytes."""
        build, looks = self._signer.build, self._signer.looks
        surface = self._torso.duplicate()
        head = HEAD + pose.head
        draw_head(surface, head, build, looks.hair_style)
        draw_arm(surface, arm_joints(pose.right, "right", build), build, looks)
        draw_arm(surface, arm_joints(pose.left, "left", build), build, looks)
        picture = self._backdrop.copy()
        window = surface.drawn()
        figure = surface.cut(window)
        colours = self._colours(surface, head, pose.eyes)[window]
        lamp = np.array(self._signer.place.light)
        lit = shade(figure, colours, lamp, _SKIN_SOFTNESS * _FINENESS)
        np.copyto(picture[window], lit, where=(figure.material > 0)[..., None])
        small = cv2.resize(picture, (self._size, self._size), interpolation=cv2.INTER_AREA)
        return np.clip(small, 0, 255).astype(np.uint8)

    def _colours(self, surface: Surface, head: Vector, eyes: float) -> Field:
        """The colour of every pixel in even light."""
        colours: Field = self._palette[surface.material]
        np.copyto(colours, self._clothes, where=(surface.material == Material.TORSO)[..., None])
        window = surface.window(head - _FACE_BOX, head + _FACE_BOX)
        box = surface.cut(window)
        painter = FacePainter(
            colours[window], head[:2] * box.scale + box.origin, box.scale, self._signer.looks
        )
        painted = painter.paint(self._signer.build.face, eyes)
        np.copyto(colours[window], painted, where=(box.material == Material.FACE)[..., None])
        return colours


def _weave(side: int) -> Field:
    """Grain of the cloth (side, side, 1), added to its colour; always the same."""
    grain = np.random.default_rng(0).standard_normal((side, side)).astype(np.float32)
    return _WEAVE * cv2.GaussianBlur(grain, (0, 0), 1.5 * _FINENESS)[..., None]


def _palette(looks: Looks) -> Field:
    """A colour for every material, by its number."""
    colours = {
        Material.NOTHING: (0, 0, 0),
        Material.TORSO: looks.clothes,
        Material.SLEEVE: looks.clothes,
        Material.SKIN: looks.skin,
        Material.FACE: looks.skin,
        Material.HAIR: looks.hair,
    }
    return np.array([colours[material] for material in Material], np.float32)
