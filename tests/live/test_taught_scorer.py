import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.live.taught_folder import read_folder
from signpipe.live.taught_scorer import TaughtScorer


def other_hand(clip):
    """The same person and movement in a mirror."""
    pose = clip.pose.copy()
    pose[:, 11:23] = clip.pose[:, [i + 1 if i % 2 else i - 1 for i in range(11, 23)]]
    pose[..., 0] = 1 - pose[..., 0]
    left, right = clip.right_hand.copy(), clip.left_hand.copy()
    left[..., 0], right[..., 0] = 1 - left[..., 0], 1 - right[..., 0]
    return Landmarks(pose, left, right)


def test_the_other_hand_shows_the_same_whatever_the_encoder(taught_folder, walk):
    scorer = TaughtScorer(read_folder(taught_folder))  # its weights are random
    clips = [walk(sign, 1, 2) for sign in range(3)]
    size = (640, 480)
    rows = scorer.features([(clip, size) for clip in clips])
    images = scorer.features([(other_hand(clip), size) for clip in clips])
    np.testing.assert_allclose(images, rows, atol=1e-4)
    assert rows.shape == (3, 64) and rows.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(rows, axis=1), 1, atol=1e-5)
    np.testing.assert_allclose(scorer.feature(clips[1], size), rows[1], atol=1e-5)
    assert np.abs(rows[0] - rows[1]).max() > 1e-3
