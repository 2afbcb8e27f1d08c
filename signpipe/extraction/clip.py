"""One video file to its landmarks and the outcome to record, by a given Holistic."""

from dataclasses import dataclass
from pathlib import Path

from signpipe.landmarks.holistic import Holistic
from signpipe.landmarks.pack import Landmarks
from signpipe.video.read import EmptyVideo, UnreadableVideo, Video
from signpipe.video.segments import segment_times
from signpipe.wording import counted

NOBODY = "no person was found in any frame"


@dataclass(frozen=True)
class Extraction:
    """What became of one file.

    `status` is ok, nobody (no pose in any frame), truncated (landmarks of the readable frames),
    empty (no frames), unreadable or failed; `reason` says why in words. `landmarks` is None for the
    last three, and so are the sizes (pixels, as shown), the rate and the rotation (degrees
    clockwise). `first` is where in the file its first frame is, in seconds.
    """

    status: str
    reason: str = ""
    landmarks: Landmarks | None = None
    fps: float | None = None
    width: int | None = None
    height: int | None = None
    rotation: int | None = None
    first: float = 0.0


def extract_clip(path: Path, holistic: Holistic, segment: str = "") -> Extraction:
    """Landmarks of every readable frame of a file or of a segment of it.

    Never raises for what is in the file.

    Raises SignpipeError if mediapipe cannot be loaded.
    """
    try:
        with Video(path, *segment_times(segment)) as video:
            landmarks = holistic.landmarks(video)
    except EmptyVideo as error:
        return Extraction("empty", str(error))
    except UnreadableVideo as error:
        return Extraction("unreadable", str(error))
    except OSError as error:
        return Extraction("failed", f"the file cannot be read: {error.strerror or error}")
    except (RuntimeError, ValueError, MemoryError) as error:
        return Extraction("failed", f"mediapipe failed: {error}")
    status, reason = "ok", ""
    if video.damage:
        frames = counted(len(landmarks), "frame was", "frames were")
        status, reason = "truncated", f"{frames} read, but {video.damage}"
    if not landmarks.seen("pose").any():
        status, reason = "nobody", "; ".join(filter(None, (NOBODY, video.damage)))
    return Extraction(
        status,
        reason,
        landmarks,
        video.fps,
        video.width,
        video.height,
        video.rotation,
        video.first,
    )
