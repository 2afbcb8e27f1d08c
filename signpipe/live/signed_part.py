"""A whole clip cut down to where somebody signs, as a stream would have cut it."""

import numpy as np

from signpipe.landmarks.pack import Landmarks
from signpipe.live.sign_stream import SignShown, SignStream
from signpipe.live.stream_settings import StreamSettings

RATE = 25.0  # frames a second where times are not known
LEAST = 4  # frames


def signed_part(
    landmarks: Landmarks, width: int | None = None, height: int | None = None
) -> Landmarks | None:
    """The frames from the first sign's start to the last one's end; None if no hand was ever found.

    Where hands are never seen to rise, it is the whole clip. Sizes as in `SignStream`.
    """
    if not (landmarks.seen("left_hand") | landmarks.seen("right_hand")).any():
        return None
    times = np.arange(len(landmarks)) / RATE if landmarks.times is None else landmarks.times
    stream = SignStream(width=width, height=height, settings=StreamSettings())
    timed = Landmarks(landmarks.pose, landmarks.left_hand, landmarks.right_hand, times)
    shown = [e for e in stream.extend(timed) + stream.end() if isinstance(e, SignShown)]
    if not shown:
        return landmarks
    chosen = np.flatnonzero((times >= shown[0].start) & (times <= shown[-1].end))
    if len(chosen) < LEAST:
        return landmarks
    part = slice(int(chosen[0]), int(chosen[-1]) + 1)
    return Landmarks(
        landmarks.pose[part],
        landmarks.left_hand[part],
        landmarks.right_hand[part],
        None if landmarks.times is None else landmarks.times[part] - landmarks.times[part.start],
    )
