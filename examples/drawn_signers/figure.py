"""The signer's figure as rounded cones and ellipsoids on a surface."""

import math

import numpy as np

from drawn_signers.body import SHOULDER, Arm
from drawn_signers.hand import Vector
from drawn_signers.signers import Build, Hair, Looks
from drawn_signers.surface import Material, Surface

HEAD = np.array([0.0, -0.237, 0.0])  # centre of the head when it is held still
_SIDES = (-1, 1)
_CLOTH = 0.010  # metres that a sleeve stands off the arm

_FINGER_RADII = np.array(
    [
        [0.0105, 0.0092, 0.0085, 0.0072],
        [0.0107, 0.0094, 0.0086, 0.0073],
        [0.0101, 0.0088, 0.0081, 0.0070],
        [0.0090, 0.0077, 0.0070, 0.0061],
    ]
)
_THUMB_RADII = (0.0175, 0.0145, 0.0112, 0.0100, 0.0082)


def draw_torso(surface: Surface, build: Build) -> None:
    """Trunk, shoulders and neck: all that holds still."""
    wide, thick = build.shoulders, build.girth
    for side in _SIDES:
        shoulder = SHOULDER * np.array([-side * wide, 1, 1])
        surface.cone(
            shoulder + [-0.004 * side, 0.022, -0.02],
            np.array([0.0, 0.0, -0.02]),
            0.056 * thick,
            0.07 * thick,
            Material.TORSO,
        )
        surface.cone(
            shoulder * 0.86 + [0, 0.012, -0.03],
            np.array([0.0, -0.042, -0.03]),
            0.046 * thick,
            0.046 * thick,
            Material.TORSO,
        )
        waist = np.array([side * 0.052 * thick, 0.42, -0.03])
        hips = np.array([side * 0.066 * thick, 0.80, -0.03])
        chest = np.array([side * 0.078 * wide, 0.09, -0.03])
        surface.cone(chest, waist, 0.105 * wide, 0.094 * thick, Material.TORSO)
        surface.cone(waist, hips, 0.094 * thick, 0.102 * thick, Material.TORSO)
    surface.ellipsoid(
        np.array([0, 0.42, -0.03]), np.array([0.150 * wide, 0.46, 0.112]), Material.TORSO, 5
    )
    surface.cone(
        np.array([0, -0.17, -0.02]), np.array([0, -0.01, -0.015]), 0.049, 0.056, Material.SKIN
    )


def draw_head(surface: Surface, centre: Vector, build: Build, hair: Hair) -> None:
    """Head, ears, nose and hair; the face's features are painted, see `drawn_signers.face`."""
    wide = build.face

    def ball(x: float, y: float, z: float, radii: Vector, material: Material) -> None:
        surface.ellipsoid(centre + [wide * x, y, z], radii * [wide, 1, 1], material)

    surface.ellipsoid(
        centre + [0, 0, 0.012], np.array([0.076 * wide, 0.112, 0.092]), Material.FACE, 2.2
    )
    ball(0, 0.066, 0.022, np.array([0.058, 0.056, 0.066]), Material.FACE)
    for side in _SIDES:
        ball(0.078 * side, 0.012, -0.01, np.array([0.013, 0.028, 0.02]), Material.FACE)
    surface.cone(centre + [0, -0.002, 0.1], centre + [0, 0.034, 0.11], 0.008, 0.0135, Material.FACE)
    ball(0, -0.036, -0.02, np.array([0.088, 0.116, 0.10]), Material.HAIR)
    for x, y, z, radii in _HAIR[hair]:
        ball(x, y, z, np.array(radii), Material.HAIR)


_Radii = tuple[float, float, float]
_Ball = tuple[float, float, float, _Radii]  # x, y, z from the centre of the head


def _curls() -> tuple[_Ball, ...]:
    """Balls along the outline of the head, from ear to ear, and over the forehead."""

    def curl(angle: float, across: float, up: float, z: float, radius: float) -> _Ball:
        x, y = across * math.cos(angle), up * math.sin(angle) - 0.02
        return x, y, z, (radius, radius, radius)

    angles = [math.radians(degrees) for degrees in range(180, 361, 18)]
    outer = [curl(angle, 0.096, 0.110, -0.03, 0.046) for angle in angles]
    inner = [curl(angle, 0.068, 0.082, 0.045, 0.034) for angle in angles[2:-2]]
    return (*outer, *inner)


_FRINGE: _Ball = (0, -0.092, 0.03, (0.073, 0.036, 0.075))
_HAIR: dict[Hair, tuple[_Ball, ...]] = {
    "short": (_FRINGE,),
    "bob": (
        (0, -0.03, -0.02, (0.1, 0.122, 0.1)),
        (0, 0.02, -0.07, (0.104, 0.105, 0.06)),
        (-0.02, -0.088, 0.035, (0.07, 0.042, 0.075)),
        *((0.081 * side, 0.018, 0.0, (0.028, 0.092, 0.06)) for side in _SIDES),
    ),
    "long": (
        (0, 0.07, -0.07, (0.118, 0.20, 0.07)),
        (-0.036, -0.085, 0.03, (0.05, 0.042, 0.07)),
        (0.036, -0.085, 0.03, (0.05, 0.042, 0.07)),
        *((0.086 * side, 0.06, -0.01, (0.026, 0.14, 0.04)) for side in _SIDES),
    ),
    "bun": ((0, -0.16, -0.03, (0.05, 0.045, 0.05)), (0, -0.096, 0.025, (0.078, 0.032, 0.075))),
    "quiff": (
        (0.016, -0.100, 0.035, (0.066, 0.034, 0.07)),
        (-0.042, -0.088, 0.03, (0.042, 0.034, 0.06)),
        (0.026, -0.120, 0.025, (0.058, 0.036, 0.06)),
    ),
    "curls": _curls(),
}


def draw_arm(surface: Surface, arm: Arm, build: Build, looks: Looks) -> None:
    """One arm, its sleeve and its hand."""
    shoulder, elbow, wrist = arm.shoulder, arm.elbow, arm.wrist
    bulge = elbow + 0.35 * (wrist - elbow)  # where the forearm is thickest
    upper, fore = 0.046 * build.girth, 0.039 * build.girth
    surface.cone(shoulder, elbow, upper, fore, Material.SKIN)
    surface.cone(elbow, bulge, fore * 0.97, fore * 0.95, Material.SKIN)
    surface.cone(bulge, wrist, fore * 0.95, 0.0235 * build.hands, Material.SKIN)
    hem = shoulder + min(looks.sleeves, 1.0) * (elbow - shoulder)
    surface.cone(shoulder, hem, upper + _CLOTH, fore + _CLOTH, Material.SLEEVE)
    if looks.sleeves > 1:
        cuff = elbow + (looks.sleeves - 1) * (wrist - elbow)
        surface.cone(elbow, cuff, fore + _CLOTH, fore * 0.86 + _CLOTH, Material.SLEEVE)
    _draw_hand(surface, arm.hand, build.hands)


def _draw_hand(surface: Surface, joints: Vector, size: float) -> None:
    def cone(start: Vector, end: Vector, start_radius: float, end_radius: float) -> None:
        surface.cone(start, end, start_radius * size, end_radius * size, Material.SKIN)

    def between(first: int, second: int, share: float) -> Vector:
        return (1 - share) * joints[first] + share * joints[second]

    for joint in range(4):
        cone(joints[joint], joints[joint + 1], _THUMB_RADII[joint], _THUMB_RADII[joint + 1])
    for finger, radii in enumerate(_FINGER_RADII):
        knuckle = 5 + 4 * finger
        cone(between(0, knuckle, 0.07), joints[knuckle], 0.0155, 0.0118)
        for bone in range(3):
            cone(joints[knuckle + bone], joints[knuckle + bone + 1], radii[bone], radii[bone + 1])
        if finger:
            cone(between(knuckle - 4, 0, 0.1), between(knuckle, 0, 0.1), 0.0105, 0.0105)
    cone(between(0, 1, 0.3), between(2, 5, 0.15), 0.0165, 0.0125)  # ball of the thumb
    cone(between(0, 17, 0.2), between(17, 0, 0.2), 0.0150, 0.0125)  # edge of the palm
    cone(joints[2], between(5, 0, 0.25), 0.0085, 0.0095)  # web of the thumb
