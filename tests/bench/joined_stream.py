"""Made-up streams: clips of one signer, one after the other, with rests between them.

Most clips begin and end with the hands already up, so the way to a rest and back is made: wrists
and elbows go from where they are to a resting posture and on to the next clip's beginning
(minimum jerk, 0.35 to 0.7 s), the hand's landmarks move with the wrist as they were last seen. The
posture, its jitter and the wrists' visibility are those of a real person at rest (idle clips with
the wrists low), placed by the signer's own shoulders. By a coin's throw a stream is of one of two
kinds: hands vanish below the chest, as mostly before a webcam, or they rest in view, found in every
frame, at 1.1 to 1.5 shoulder widths below the shoulders.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from signpipe.landmarks.pack import Landmarks

Array = NDArray[np.float32]
Interval = tuple[float, float]

STRETCH = np.array([4 / 3, 1], np.float32)  # of webcams
SHOULDERS, WRISTS, ELBOWS = [11, 12], [15, 16], [13, 14]
WRIST_POINTS = ([15, 17, 19, 21], [16, 18, 20, 22])  # with the pose's own fingers
WAY = 0.35, 0.7  # seconds from a sign to a rest
RESTS = 0.3, 2.5  # seconds
LOW = 1.3  # shoulder widths below the shoulders


@dataclass(frozen=True)
class Sign:
    """A clip as it came, and what it is."""

    landmarks: Landmarks
    label: str


def shoulders(pose: Array) -> tuple[Array, Array]:
    """(T, 33, 4) -> (T, 2) the middle of the shoulders and (T,) their distance, in heights."""
    left, right = pose[:, 11, :2] * STRETCH, pose[:, 12, :2] * STRETCH
    return (left + right) / 2, np.linalg.norm(left - right, axis=1)


def rests(clips: list[Landmarks]) -> list[Array]:
    """Of idle clips those with both wrists low throughout: (T, 4, 3) elbows and wrists in shoulder
    widths from between the shoulders, and their visibility."""
    found = []
    for clip in clips:
        centre, width = shoulders(clip.pose)
        joints = clip.pose[:, [*ELBOWS, *WRISTS]]
        places = (joints[..., :2] * STRETCH - centre[:, None]) / width[:, None, None]
        if (places[:, 2:, 1] > LOW).all():
            found.append(np.concatenate([places, joints[..., 3:]], axis=-1))
    return found


def join(
    signs: list[Sign], resting: list[Array], fps: float, rng: np.random.Generator
) -> tuple[Landmarks, list[tuple[Interval, str]]]:
    """The stream and the truth: each clip's first and last second."""
    in_view = bool(rng.random() < 0.5)
    pieces: list[Landmarks] = []
    truth, frames = [], 0
    for before, sign in zip([None, *signs[:-1]], signs, strict=True):
        way = rest(before or sign, sign, resting, fps, rng, in_view)
        frames += len(way)
        truth.append(((frames / fps, (frames + len(sign.landmarks) - 1) / fps), sign.label))
        frames += len(sign.landmarks)
        pieces += [way, sign.landmarks]
    pieces.append(rest(signs[-1], signs[-1], resting, fps, rng, in_view))
    pose, left, right = (
        np.concatenate([getattr(piece, part) for piece in pieces])
        for part in ("pose", "left_hand", "right_hand")
    )
    return Landmarks(pose, left, right, np.arange(len(pose)) / fps), truth


def join_without_rests(
    signs: list[Sign], fps: float, rng: np.random.Generator
) -> tuple[Landmarks, list[tuple[Interval, str]]]:
    """As `join`, but hands go straight on from each clip to the next, in 0.15 to 0.4 seconds."""
    pieces: list[Landmarks] = []
    truth, frames = [], 0
    for before, sign in zip([None, *signs[:-1]], signs, strict=True):
        if before is not None:
            pieces.append(straight(before, sign, max(2, round(rng.uniform(0.15, 0.4) * fps))))
            frames += len(pieces[-1])
        truth.append(((frames / fps, (frames + len(sign.landmarks) - 1) / fps), sign.label))
        frames += len(sign.landmarks)
        pieces.append(sign.landmarks)
    pose, left, right = (
        np.concatenate([getattr(piece, part) for piece in pieces])
        for part in ("pose", "left_hand", "right_hand")
    )
    return Landmarks(pose, left, right, np.arange(len(pose)) / fps), truth


def straight(before: Sign, after: Sign, frames: int) -> Landmarks:
    """From the last frame of a clip to the first frame of another."""
    one, other = before.landmarks.pose[-1], after.landmarks.pose[0]
    pose = one + (other - one) * ease(frames, frames)[:, None, None]
    first = np.arange(frames) < frames / 2
    left, right = hands(before, after, pose, first)
    return Landmarks(pose.astype(np.float32), left, right)


def hands(before: Sign, after: Sign, pose: Array, first: Array) -> list[Array]:
    """Both hands' landmarks on the pose's wrists: where `first` (T,) as last seen, then as next."""
    one, other = before.landmarks.pose[-1], after.landmarks.pose[0]
    found = []
    for side, wrist in (("left_hand", 15), ("right_hand", 16)):
        shapes = getattr(before.landmarks, side)[-1], getattr(after.landmarks, side)[0]
        hand = np.where(first[:, None, None], *shapes)
        ends = np.where(first[:, None], one[wrist, :2], other[wrist, :2])
        hand[..., :2] += (pose[:, wrist, :2] - ends)[:, None]
        found.append(hand.astype(np.float32))
    return found


def rest(
    before: Sign,
    after: Sign,
    resting: list[Array],
    fps: float,
    rng: np.random.Generator,
    in_view: bool,
) -> Landmarks:
    """From the last frame of a clip to a rest and on to the first frame of another."""
    down, stay, up = (
        max(2, round(seconds * fps))
        for seconds in (rng.uniform(*WAY), rng.uniform(*RESTS), rng.uniform(*WAY))
    )
    frames = down + stay + up
    share = np.linspace(0, 1, frames, dtype=np.float32)[:, None, None]
    one, other = before.landmarks.pose[-1], after.landmarks.pose[0]
    pose = one + (other - one) * share  # the body goes over from clip to clip
    centre, width = shoulders(pose)
    posture = wobbling(resting[rng.integers(len(resting))], frames)
    if in_view:
        posture[:, 2:, 1] += rng.uniform(1.1, 1.5) - posture[:, 2:, 1].mean()
        posture[:, 2:, 2] = 0.95
    low = posture[..., :2] * width[:, None, None] + centre[:, None]
    moving = np.minimum(ease(frames, down), ease(frames, up)[::-1])[:, None]  # 0 up, 1 at rest
    first = np.arange(frames) < down + stay / 2
    for joint, (index, wrist) in enumerate(
        zip([*ELBOWS, *WRISTS], [None, None, 0, 1], strict=True)
    ):
        place = pose[:, index, :2].copy()
        aim = low[:, joint] / STRETCH
        points = [index] if wrist is None else WRIST_POINTS[wrist]
        pose[:, points, :2] += (moving * (aim - place))[:, None]
        visible = np.where(moving[:, 0] > 0.8, posture[:, joint, 2], pose[:, index, 3])
        pose[:, points, 3] = visible[:, None]
    both = hands(before, after, pose, first)
    for hand, wrist in zip(both, (15, 16), strict=True):
        height = (pose[:, wrist, 1] - centre[:, 1]) / width
        hand[(pose[:, wrist, 1] > 1) | ((height > LOW) & (not in_view))] = np.nan
    return Landmarks(pose.astype(np.float32), *both)


def ease(frames: int, steps: int) -> Array:
    """(frames,) from 0 to 1 in the first steps, with minimum jerk."""
    x = np.clip(np.arange(1, frames + 1) / steps, 0, 1)
    return (x**3 * (10 - 15 * x + 6 * x**2)).astype(np.float32)


def wobbling(posture: Array, frames: int) -> Array:
    """As many frames of a posture, to and fro."""
    there_and_back = np.concatenate([posture, posture[::-1]])
    return np.resize(there_and_back, (frames, *posture.shape[1:])).copy()
