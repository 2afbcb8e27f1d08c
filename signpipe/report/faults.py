"""What is wrong with a clip, in words, and how badly."""

from collections.abc import Iterable
from dataclasses import dataclass

from signpipe.cliptable import Clip
from signpipe.wording import counted

WORST = 20
# Below these a clip is said to be poor; the shares are of its frames.
POSE, HAND = 0.9, 0.5
FRAMES, RATE, SIDE = 10, 15.0, 160


@dataclass(frozen=True)
class Fault:
    """`badness` is the sum of what each complaint in `words` weighs, most of them in [0, 1]."""

    clip: Clip
    badness: float
    words: str


def worst(clips: Iterable[Clip]) -> list[Fault]:
    """The clips with landmarks of which most is wrong, the worst first, at most WORST."""
    shown = (clip for clip in clips if clip.pose is not None and clip.frames)
    found = [fault for clip in shown if (fault := examine(clip)).words]
    return sorted(found, key=lambda fault: (-fault.badness, fault.clip.clip_id))[:WORST]


def examine(clip: Clip) -> Fault:
    """Everything the clip table tells against a clip."""
    complaints: list[tuple[float, str]] = []
    pose, hand = clip.pose or 0.0, better_hand(clip) or 0.0
    if clip.status == "nobody":
        complaints.append((2.0, clip.reason or "no person was found in any frame"))
    else:
        if pose < POSE:
            complaints.append((1 - pose, f"nobody was found in {1 - pose:.0%} of the frames"))
        if hand == 0:
            complaints.append((1.0, "no hand was found in any frame"))
        elif hand < HAND:
            complaints.append(
                (1 - hand, f"neither hand was found in more than {hand:.0%} of the frames")
            )
    if clip.status == "truncated":
        complaints.append((0.5, f"the file is cut short: {clip.reason}"))
    if clip.frames < FRAMES:
        complaints.append((0.5, f"it has only {counted(clip.frames, 'frame')}"))
    if clip.fps is not None and clip.fps < RATE:
        complaints.append((0.3, f"{clip.fps:.3g} frames a second miss fast movements"))
    if clip.width and clip.height and min(clip.width, clip.height) < SIDE:
        complaints.append((0.2, f"the picture is small: {clip.width} x {clip.height} pixels"))
    return Fault(
        clip, sum(weight for weight, _ in complaints), "; ".join(words for _, words in complaints)
    )


def better_hand(clip: Clip) -> float | None:
    """The share of frames with the hand that is seen more often: many signs need but one."""
    shares = [share for share in (clip.left_hand, clip.right_hand) if share is not None]
    return max(shares, default=None)
