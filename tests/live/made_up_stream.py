"""A made-up person before a camera: wrists go where they are told, hands follow."""

import numpy as np

from signpipe.landmarks.pack import Landmarks

LOW, CHEST, FACE = 1.6, 0.3, -0.4  # heights of a wrist, in shoulder widths below the shoulders
WIDTH, CENTRE, ASPECT = 0.3, (0.5, 0.4), 4 / 3


def heights(*steps: tuple[float, float], fps: float = 30) -> tuple[np.ndarray, np.ndarray]:
    """Times and heights of a wrist that is at each step's height after its seconds, from low on."""
    moments = np.cumsum([0, *(seconds for seconds, _ in steps)])
    times = np.arange(0, moments[-1], 1 / fps)
    return times, np.interp(times, moments, [LOW, *(height for _, height in steps)])


def person(times: np.ndarray, right: np.ndarray, left: np.ndarray | None = None) -> Landmarks:
    """Landmarks of a person whose wrists are at heights (T,); hands above 1.3 are found."""
    frames = len(times)
    sides = {"left": np.full(frames, LOW) if left is None else left, "right": right}
    pose = np.full((frames, 33, 4), np.nan, np.float32)
    pose[:, :25] = 0.5, 0.5, np.nan, 1
    pose[:, 11, :2] = CENTRE[0] + WIDTH / 2 / ASPECT, CENTRE[1]
    pose[:, 12, :2] = CENTRE[0] - WIDTH / 2 / ASPECT, CENTRE[1]
    hands = {}
    for side, sign, wrist in (("left", 1, 15), ("right", -1, 16)):
        pose[:, wrist, 0] = CENTRE[0] + sign * 0.2
        pose[:, wrist, 1] = CENTRE[1] + WIDTH * sides[side]
        pose[:, wrist, 3] = np.where(sides[side] < 1.3, 1, 0.1)
        hand = np.zeros((frames, 21, 3), np.float32)
        hand[:] = pose[:, wrist, None, :3]
        hand[:, :, 1] -= np.linspace(0, 0.1, 21, dtype=np.float32)
        hand[sides[side] >= 1.3] = np.nan
        hands[side] = hand
    return Landmarks(pose, hands["left"], hands["right"], times)
