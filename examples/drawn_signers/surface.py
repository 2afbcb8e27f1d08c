"""A height field: for every pixel, the depth, normal and material of what is nearest to the viewer.

Everything is drawn from rounded cones and ellipsoids seen without perspective, for which the
nearest point above a pixel has a closed form: no mesh and no ray marching is needed.
"""

from copy import copy
from enum import IntEnum
from typing import Self

import numpy as np
import numpy.typing as npt

from drawn_signers.hand import Vector
from drawn_signers.signers import Camera

Field = npt.NDArray[np.float32]

FAR = -9.0  # depth in metres where there is nothing; larger is nearer


class Material(IntEnum):
    NOTHING = 0
    TORSO = 1
    SLEEVE = 2
    SKIN = 3
    FACE = 4
    HAIR = 5


class Surface:
    """`depth` (S, S) in metres, `normal` (S, S, 3) of length 1, `material` (S, S)."""

    def __init__(self, camera: Camera, side: int) -> None:
        """An empty surface of `side` x `side` pixels."""
        self.side = side
        self.scale = camera.zoom * side  # pixels per metre
        self.origin = np.array([camera.x, camera.y]) * side  # pixel of the point (0, 0, z)
        self.depth = np.full((side, side), FAR, np.float32)
        self.normal = np.zeros((side, side, 3), np.float32)
        self.material = np.zeros((side, side), np.uint8)

    def duplicate(self) -> Self:
        """A surface that can be drawn on without changing this one."""
        other = copy(self)
        other.depth = self.depth.copy()
        other.normal = self.normal.copy()
        other.material = self.material.copy()
        return other

    def cut(self, window: tuple[slice, slice]) -> Self:
        """The part of the surface in a window, for reading; it shares its pixels with the whole."""
        rows, columns = window
        other = copy(self)
        other.origin = self.origin - [columns.start, rows.start]
        other.depth, other.normal = self.depth[window], self.normal[window]
        other.material = self.material[window]
        return other

    def all(self) -> tuple[slice, slice]:
        """The window with every pixel."""
        return slice(0, self.side), slice(0, self.side)

    def drawn(self) -> tuple[slice, slice]:
        """The smallest window around what is drawn; the whole surface if that is nothing."""
        rows, columns = (np.flatnonzero(self.material.any(axis=axis)) for axis in (1, 0))
        if rows.size == 0:
            return self.all()
        return slice(rows[0], rows[-1] + 1), slice(columns[0], columns[-1] + 1)

    def window(self, low: Vector, high: Vector) -> tuple[slice, slice]:
        """Rows and columns of the pixels between two corners in metres; may be empty."""
        first = np.floor(low[:2] * self.scale + self.origin).astype(int)
        last = np.ceil(high[:2] * self.scale + self.origin).astype(int) + 1
        (left, top), (right, bottom) = np.clip([first, last], 0, self.side)
        return slice(top, bottom), slice(left, right)

    def metres(self, window: tuple[slice, slice]) -> tuple[Field, Field]:
        """x as (1, W) and y as (H, 1) of a window's pixels."""
        rows, columns = window
        x = (np.arange(columns.start, columns.stop) - self.origin[0]) / self.scale
        y = (np.arange(rows.start, rows.stop) - self.origin[1]) / self.scale
        return x.astype(np.float32)[None, :], y.astype(np.float32)[:, None]

    def cone(
        self, start: Vector, end: Vector, start_radius: float, end_radius: float, material: Material
    ) -> None:
        """Add the hull of two spheres."""
        radius = max(start_radius, end_radius)
        window = self.window(np.minimum(start, end) - radius, np.maximum(start, end) + radius)
        x, y = self.metres(window)
        if x.size == 0 or y.size == 0:
            return
        along = (end - start).astype(np.float32)
        growth = np.float32(end_radius - start_radius)
        dx, dy = x - np.float32(start[0]), y - np.float32(start[1])
        # The sphere at share t of the axis rises sqrt(a t^2 + b t + c) above the axis' depth.
        a = growth**2 - along[0] ** 2 - along[1] ** 2
        b = 2 * (np.float32(start_radius) * growth + dx * along[0] + dy * along[1])
        c = np.float32(start_radius) ** 2 - dx**2 - dy**2
        share = _highest(a, b, c, along[2], growth)
        rise = (a * share + b) * share + c
        height = np.sqrt(np.maximum(rise, 0))
        depth = np.where(rise > 0, np.float32(start[2]) + along[2] * share + height, FAR)
        normal = np.stack([dx - along[0] * share, dy - along[1] * share, height], axis=-1)
        self._add(window, depth, normal, material)

    def ellipsoid(
        self, centre: Vector, radii: Vector, material: Material, exponent: float = 2.0
    ) -> None:
        """Add an ellipsoid; an exponent above 2 makes its outline more like a rectangle's."""
        window = self.window(centre - radii, centre + radii)
        x, y = self.metres(window)
        if x.size == 0 or y.size == 0:
            return
        across = (x - np.float32(centre[0])) / np.float32(radii[0])
        down = (y - np.float32(centre[1])) / np.float32(radii[1])
        rise = 1 - np.abs(across) ** exponent - np.abs(down) ** exponent
        height = np.sqrt(np.maximum(rise, 0))
        depth = np.where(rise > 0, centre[2] + radii[2] * height, FAR)
        flat = np.zeros_like(height)
        normal = np.stack([across / radii[0] + flat, down / radii[1] + flat, height / radii[2]], -1)
        self._add(window, depth, normal, material)

    def _add(
        self, window: tuple[slice, slice], depth: Field, normal: Field, material: Material
    ) -> None:
        nearer = depth > self.depth[window]
        length = np.linalg.norm(normal[nearer], axis=-1, keepdims=True)
        self.depth[window][nearer] = depth[nearer]
        self.normal[window][nearer] = normal[nearer] / np.maximum(length, 1e-6)
        self.material[window][nearer] = material


def _highest(a: np.float32, b: Field, c: Field, slope: np.float32, growth: np.float32) -> Field:
    """The share t (0..1) of greatest slope * t + sqrt(a t^2 + b t + c), for every pixel."""
    if a > -1e-8:  # seen end on (or one sphere within the other): the nearer end hides the rest
        return np.full(c.shape, float(slope + growth > 0), np.float32)
    curvature = a - slope**2
    root = np.sqrt(np.maximum(curvature * (4 * a * c - b * b), 0))
    share: Field = np.clip((slope * root / curvature - b) / (2 * a), 0, 1)
    return share
