"""Light and shade on a surface."""

import cv2
import numpy as np

from drawn_signers.hand import Vector, unit
from drawn_signers.surface import Field, Material, Surface

_BEHIND = -0.15  # depth in metres that counts as the wall when crevices are looked for
_VIEWER = np.array([0.0, 0.0, 1.0])


def shade(surface: Surface, colours: Field, lamp: Vector, softness: float) -> Field:
    """`colours` (H, W, 3), 0..255, as a lamp in the direction `lamp` makes them look.

    `softness` is in pixels: how far neighbouring parts of the skin melt into each other.
    """
    skin = np.isin(surface.material, (Material.SKIN, Material.FACE)).astype(np.float32)
    normal = melt(surface.normal, skin, softness)
    light = normal @ unit(lamp).astype(np.float32)
    brightness = 0.50 + 0.50 * np.clip(light, -0.3, 1) + 0.10 * normal[..., 2]
    lit = colours * (brightness - _crevices(surface, softness))[..., None]
    # Light that has been below the skin makes its shaded side redder.
    glow = (skin * np.clip(0.6 - light, 0, 1))[..., None]
    lit *= 1 + glow * np.array([0.04, -0.05, -0.10], np.float32)
    gloss = np.clip(normal @ unit(unit(lamp) + _VIEWER).astype(np.float32), 0, 1) ** 24
    hair = surface.material == Material.HAIR
    lit += (gloss * (25 * skin + 22 * hair))[..., None]
    return lit


def melt(normal: Field, mask: Field, softness: float) -> Field:
    """Normals averaged within the mask, which hides where one cone of a hand meets the next."""
    total = cv2.GaussianBlur(normal * mask[..., None], (0, 0), softness)
    weight = cv2.GaussianBlur(mask, (0, 0), softness)
    smooth = np.where(mask[..., None] > 0, total / np.maximum(weight, 0.05)[..., None], normal)
    length = np.linalg.norm(smooth, axis=-1, keepdims=True)
    unit_normal: Field = smooth / np.maximum(length, 1e-6)
    return unit_normal


def _crevices(surface: Surface, softness: float) -> Field:
    """How much darker a pixel is for lying deeper than its surroundings, near and far."""
    depth = np.maximum(surface.depth, _BEHIND)
    half = cv2.resize(depth, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    near = cv2.GaussianBlur(half, (0, 0), softness)
    far = cv2.GaussianBlur(half, (0, 0), 3 * softness)
    size = depth.shape[::-1]
    near, far = (cv2.resize(field, size, interpolation=cv2.INTER_LINEAR) for field in (near, far))
    dark: Field = np.clip(9 * (near - depth), 0, 0.34) + np.clip(1.5 * (far - depth), 0, 0.22)
    return dark
