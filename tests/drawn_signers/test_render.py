"""The renderer: right shapes at the right pixels, the same picture for the same pose."""

import numpy as np
import pytest

from drawn_signers.body import arm_joints
from drawn_signers.gestures import GESTURES
from drawn_signers.performance import perform, variation_of
from drawn_signers.render import Renderer
from drawn_signers.signers import SIGNERS, Camera
from drawn_signers.surface import FAR, Material, Surface

WAVE = GESTURES[0]
CAMERA = Camera(zoom=1.0, x=0.5, y=0.5)


def poses(signer, gesture=WAVE):
    return perform(signer, gesture, variation_of(signer, gesture, 0, 0)).poses


def test_a_cone_is_the_hull_of_its_two_balls():
    hull, balls = Surface(CAMERA, 200), Surface(CAMERA, 200)
    start, end = np.array([-0.2, -0.1, 0.0]), np.array([0.2, 0.15, 0.3])
    hull.cone(start, end, 0.12, 0.05, Material.SKIN)
    for share in np.linspace(0, 1, 400):
        centre = start + share * (end - start)
        radius = 0.12 + share * (0.05 - 0.12)
        balls.ellipsoid(centre, np.full(3, radius), Material.SKIN)
    seen = (hull.depth > FAR) & (balls.depth > FAR)
    assert np.mean((hull.depth > FAR) != (balls.depth > FAR)) < 0.002
    # Balls are steep at their outline, so the few pixels there may be further off.
    assert np.quantile(np.abs(hull.depth - balls.depth)[seen], 0.98) < 0.004


def test_a_cone_seen_end_on_is_its_nearer_ball():
    surface = Surface(CAMERA, 100)
    surface.cone(np.zeros(3), np.array([0, 0, 0.5]), 0.2, 0.1, Material.HAIR)
    assert surface.depth[50, 50] == pytest.approx(0.6, abs=1e-3)
    assert surface.material[50, 50] == Material.HAIR
    np.testing.assert_allclose(surface.normal[50, 50], [0, 0, 1], atol=1e-3)


def test_what_is_nearer_hides_what_is_behind():
    surface = Surface(CAMERA, 100)
    surface.ellipsoid(np.array([0, 0, 0.5]), np.full(3, 0.1), Material.SKIN)
    surface.ellipsoid(np.array([0, 0, 0.0]), np.full(3, 0.2), Material.TORSO)
    assert surface.material[50, 50] == Material.SKIN
    assert surface.material[50, 66] == Material.TORSO
    assert surface.material[50, 80] == Material.NOTHING


def test_shapes_outside_the_picture_are_left_out():
    surface = Surface(CAMERA, 100)
    surface.cone(np.array([2.0, 0, 0]), np.array([3.0, 0, 0]), 0.1, 0.1, Material.SKIN)
    surface.ellipsoid(np.array([0, -2.0, 0]), np.full(3, 0.1), Material.SKIN)
    assert not surface.material.any()


def test_the_same_pose_gives_the_same_picture():
    signer = SIGNERS[2]
    pose = poses(signer)[10]
    picture = Renderer(signer, 96).draw(pose)
    assert picture.shape == (96, 96, 3) and picture.dtype == np.uint8
    np.testing.assert_array_equal(picture, Renderer(signer, 96).draw(pose))


@pytest.mark.parametrize("signer", SIGNERS, ids=lambda signer: signer.name)
def test_the_palm_has_the_colour_of_skin_where_the_joints_say(signer):
    sequence = poses(signer)
    pose = sequence[len(sequence) // 2]
    picture = Renderer(signer, 160).draw(pose)
    side = "left" if signer.left_handed else "right"
    hand = arm_joints(getattr(pose, side), side, signer.build).hand
    palm = hand[[0, 5, 9, 13, 17]].mean(axis=0)
    column, row = (160 * signer.camera.project(palm)).astype(int)
    colour = picture[row - 1 : row + 2, column - 1 : column + 2].mean(axis=(0, 1))
    skin = np.array(signer.looks.skin, float)
    # Light changes how bright skin is, hardly its hue.
    assert colour @ skin / np.linalg.norm(colour) / np.linalg.norm(skin) > 0.99
    assert 0.5 < colour.sum() / skin.sum() < 1.3


def test_the_six_signers_and_places_look_different():
    pictures = [Renderer(s, 64).draw(poses(s)[0]).astype(float) for s in SIGNERS]
    for first in range(6):
        for second in range(first):
            assert np.abs(pictures[first] - pictures[second]).mean() > 20


def test_eyes_close():
    signer = SIGNERS[0]
    frames = poses(signer)
    assert min(pose.eyes for pose in frames) == 0
    assert max(pose.eyes for pose in frames) == 1
