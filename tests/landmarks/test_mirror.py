import numpy as np

from signpipe.landmarks.mirror import POSE_MIRROR, mirrored
from signpipe.skeleton import POSE_LANDMARKS


def test_left_and_right_change_places(walk):
    made = walk(1, 0, 0)
    turned = mirrored(made)
    assert np.isnan(turned.right_hand).all() and np.isnan(made.left_hand).all()
    np.testing.assert_allclose(turned.left_hand[..., 0], 1 - made.right_hand[..., 0])
    np.testing.assert_array_equal(turned.left_hand[..., 1:], made.right_hand[..., 1:])
    left, right = (POSE_LANDMARKS.index(f"{side}_wrist") for side in ("left", "right"))
    np.testing.assert_allclose(turned.pose[:, left, 0], 1 - made.pose[:, right, 0])
    np.testing.assert_array_equal(turned.pose[:, left, 1:], made.pose[:, right, 1:])
    back = mirrored(turned)
    np.testing.assert_allclose(back.pose, made.pose, atol=1e-6)
    np.testing.assert_allclose(back.right_hand, made.right_hand, atol=1e-6)


def test_every_point_of_the_pose_has_its_other():
    assert sorted(POSE_MIRROR) == list(range(33))
    assert POSE_MIRROR[0] == 0  # the nose
    pairs = [(POSE_LANDMARKS[i], POSE_LANDMARKS[j]) for i, j in enumerate(POSE_MIRROR) if i != j]
    assert ("mouth_left", "mouth_right") in pairs and len(pairs) == 32
