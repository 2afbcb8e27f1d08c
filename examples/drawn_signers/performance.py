"""A signer performing a gesture: hands go up, move and go down, a little different each time."""

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from drawn_signers.body import Hand, Pose
from drawn_signers.gestures import GESTURES, Gesture
from drawn_signers.hand import RELAXED, Vector
from drawn_signers.signers import SIGNERS, Signer

FPS = 20
MEAN_FRAMES = 34
SHORTEST, LONGEST = 30, 42  # frames
_RAISING = 0.2  # share of the clip for raising the hands, and again for lowering them
_BLINK = 2  # frames in which the eyes close, and again in which they open

_RESTING = Hand(
    np.array([-0.17, 0.43, 0.14]), np.array([0.65, 0.55, 0.25]), np.array([0.3, 0.2, -1]), RELAXED
)
_HANGING = Hand(
    np.array([-0.25, 0.62, 0.02]), np.array([0.3, 0.9, 0.2]), np.array([0.9, 0, -0.3]), RELAXED
)


@dataclass(frozen=True, eq=False)
class Variation:
    """What differs from one repetition to the next."""

    tempo: float  # factor of the speed
    reach: float  # factor of the movement's size
    offset: Vector  # (3,) metres, added to the gesture's place
    tilt: Vector  # (3,) added to the fingers' direction
    bends: Vector  # (4, 2) degrees, added to the fingers' flexion
    tremor: float  # metres
    phase: float  # radians, of all that sways
    blink: float  # when the eyes close, as a share of the clip

    @staticmethod
    def draw(random: np.random.Generator) -> "Variation":
        return Variation(
            tempo=random.uniform(0.92, 1.08),
            reach=random.uniform(0.8, 1.2),
            offset=random.normal(0, 0.016, 3),
            tilt=random.normal(0, 0.08, 3),
            bends=random.normal(0, 4, (4, 2)),
            tremor=random.uniform(0.001, 0.004),
            phase=random.uniform(0, 2 * np.pi),
            blink=random.uniform(0.1, 0.9),
        )


@dataclass(frozen=True, eq=False)
class Performance:
    """The poses of one clip, a frame each; `raised` (T,): where the hands are more up than down."""

    poses: tuple[Pose, ...]
    raised: npt.NDArray[np.bool_]


def variation_of(signer: Signer, gesture: Gesture, repetition: int, seed: int) -> Variation:
    """The variation that belongs to one clip of the demo: the same for the same arguments."""
    key = [seed, SIGNERS.index(signer), GESTURES.index(gesture), repetition]
    return Variation.draw(np.random.default_rng(key))


def perform(signer: Signer, gesture: Gesture, variation: Variation) -> Performance:
    """Every pose of one clip: 30 to 42 of them, at FPS a second."""
    frames = round(MEAN_FRAMES / (signer.pace * variation.tempo))
    frames = min(max(frames, SHORTEST), LONGEST)
    blink = round(variation.blink * (frames - 1))
    poses = []
    for frame, time in enumerate(np.linspace(0, 1, frames)):
        pose = _pose(signer, gesture, variation, float(time))
        pose = replace(pose, eyes=min(1.0, abs(frame - blink) / _BLINK))
        poses.append(pose.mirrored() if signer.left_handed else pose)
    raised = [_lift(float(time)) > 0.5 for time in np.linspace(0, 1, frames)]
    return Performance(tuple(poses), np.array(raised))


def _lift(time: float) -> float:
    """How far the hands are up at a time (0..1) of the clip: 0 at rest, 1 in the gesture."""
    ramp = min(1.0, min(time, 1 - time) / _RAISING)
    return ramp * ramp * (3 - 2 * ramp)


def _pose(signer: Signer, gesture: Gesture, vary: Variation, time: float) -> Pose:
    """The pose of a right-handed signer at a time (0..1) of the clip, with open eyes."""
    lift = _lift(time)
    rest = _HANGING if signer.rests_out_of_view else _RESTING
    progress = float(np.clip((time - _RAISING) / (1 - 2 * _RAISING), 0, 1))
    right, left = gesture.hands(progress, signer.reach * vary.reach)
    raised_right = rest.towards(_vary(right, vary, time), lift)
    # Mirrored to be varied as a right hand and back, so that two hands stay alike.
    raised_left = rest.towards(_vary(left.mirrored(), vary, time), lift) if left else rest
    sway = 2 * np.pi * time + vary.phase
    head = np.array([0.006 * np.sin(sway), 0.003 * np.cos(2 * sway), 0.0])
    return Pose(raised_right, raised_left.mirrored(), head)


def _vary(hand: Hand, vary: Variation, time: float) -> Hand:
    angle = 7 * time + vary.phase
    shake = vary.tremor * np.array([np.sin(1.3 * angle), np.cos(angle), np.sin(0.7 * angle)])
    return Hand(
        hand.wrist + vary.offset + shake,
        hand.fingers + vary.tilt,
        hand.palm,
        # Fingers do not bend backwards.
        replace(hand.shape, flexion=np.maximum(hand.shape.flexion + vary.bends, 0)),
    )
