"""Landmarks as the browser draws them."""

import numpy as np

from signpipe.app.drawable import POSE_POINTS, drawable


def test_points_that_a_pose_lacks_do_not_hide_the_others(walk):
    clip = walk(0, 0, 0)
    clip.pose[:, 23:] = np.nan  # hips and legs, as in many imported packs
    pose = drawable(clip, 3)["pose"]
    lacking = [POSE_POINTS[i // 2] for i, value in enumerate(pose) if value is None]
    assert lacking == [23, 23, 24, 24]
    assert drawable(clip, 3)["left_hand"] is None
