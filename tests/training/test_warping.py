import numpy as np

from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import PrepareSettings
from signpipe.training.warping import FRAMES, SHAPE, WINDOW, sequences, warped_distances


def by_hand(a, b):
    """Dynamic time warping in a window, as any textbook has it."""
    table = np.full((FRAMES + 1, FRAMES + 1), np.inf)
    table[0, 0] = 0
    for i in range(FRAMES):
        for j in range(max(0, i - WINDOW + 1), min(FRAMES, i + WINDOW)):
            cost = ((a[i] - b[j]) ** 2).sum()
            table[i + 1, j + 1] = cost + min(table[i, j], table[i, j + 1], table[i + 1, j])
    return np.sqrt(table[-1, -1] / FRAMES)


def test_it_is_time_warping():
    rng = np.random.default_rng(0)
    rows = rng.normal(size=(70, *SHAPE)).astype(np.float32)  # more than are compared at a time
    found = warped_distances(rows, rows[:3])
    assert found.shape == (70, 3)
    for i, j in ((0, 0), (0, 1), (69, 2)):
        assert abs(found[i, j] - by_hand(rows[i], rows[j])) < 1e-4
    assert warped_distances(rows[:0], rows).shape == (0, 70)


def test_a_slower_clip_is_nearer_than_another_sign(walk):
    def clip(sign, power=1.0):
        whole = to_keypoints(walk(sign, 0, 0, frames=60), PrepareSettings())
        return whole[(59 * np.linspace(0, 1, 60) ** power).round().astype(int)]

    parts = Parts.of({"same": clip(1), "slow at first": clip(1, 1.4), "other": clip(2)})
    found = sequences(parts, np.arange(3))
    (slow, other) = warped_distances(found[:1], found[1:])[0]
    still = np.sqrt(((found[0] - found[1]) ** 2).sum(axis=1).mean())
    assert slow < 0.7 * still  # than without warping
    assert slow < 0.5 * other


def test_the_busier_hand_comes_first(walk):
    right = walk(1, 0, 0)
    left = type(right)(right.pose.copy(), right.right_hand.copy(), right.left_hand)
    left.left_hand[..., 0] = 1 - left.left_hand[..., 0]
    clips = {
        name: to_keypoints(clip, PrepareSettings(), 1, 1)
        for name, clip in {"right": right, "left": left}.items()
    }
    one, two = sequences(Parts.of(clips), np.arange(2))
    assert np.abs(one[:, :84] - two[:, :84]).max() < 1e-3
