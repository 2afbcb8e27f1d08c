"""The skeleton and the answer drawn over a clip's frames."""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from signpipe.errors import SignpipeError
from signpipe.landmarks.pack import Landmarks
from signpipe.pictures.lettering import fitting, font
from signpipe.skeleton import HAND_LINES, POSE_LINES, TRUNK_IN_POSE

try:
    import cv2
except ImportError as error:
    raise SignpipeError(
        f"nothing can be drawn, since OpenCV cannot be loaded ({error}); on Debian and Ubuntu "
        "install the packages libgl1 and libglib2.0-0"
    ) from error

Frame = NDArray[np.uint8]

COLOURS = {"pose": (255, 255, 255), "left_hand": (255, 160, 40), "right_hand": (60, 190, 255)}
VISIBLE = 0.3  # pose landmarks below this visibility are guesses and not drawn
SHORTEST = 480  # the overlay is at least so high, or its text could not be read


def overlay(
    frames: Iterable[tuple[float, Frame]],
    landmarks: Landmarks,
    answers: Sequence[tuple[str, float | None]] = (),
) -> Iterator[Frame]:
    """Frames (H, W, 3) uint8 RGB with landmarks drawn on, enlarged if small.

    `frames` are (seconds, pixels) as `signpipe.video.read.Video` gives them; `answers`, (sign,
    probability), are written below the picture; an answer whose probability is None has no bar.
    """
    for index, (_, pixels) in enumerate(frames):
        if index >= len(landmarks):
            return
        height, width = pixels.shape[:2]
        scale = max(1.0, SHORTEST / height)
        size = (round(width * scale), round(height * scale))
        frame: Frame = cv2.resize(pixels, size, interpolation=cv2.INTER_CUBIC).astype(np.uint8)
        draw_landmarks(frame, landmarks, index)
        yield add_answers(frame, answers) if answers else frame


def draw_landmarks(frame: Frame, landmarks: Landmarks, index: int) -> None:
    """Draw pose and hands of frame `index` onto `frame` in place; what is NaN is left out."""
    unit = max(1, round(min(frame.shape[:2]) / 240))
    pose = landmarks.pose[index]
    hidden = ~(pose[:, 3] >= VISIBLE)
    points = np.where(hidden[:, None], np.nan, pose[:, :2])
    _draw(frame, points, POSE_LINES, TRUNK_IN_POSE, COLOURS["pose"], unit)
    for part in ("left_hand", "right_hand"):
        hand = getattr(landmarks, part)[index][:, :2]
        _draw(frame, hand, HAND_LINES, range(21), COLOURS[part], unit)


def _draw(
    frame: Frame,
    points: NDArray[np.float32],
    lines: Sequence[tuple[int, int]],
    dots: Iterable[int],
    colour: tuple[int, int, int],
    unit: int,
) -> None:
    pixels = points * (frame.shape[1], frame.shape[0])
    usable = np.isfinite(pixels).all(axis=1) & (np.abs(pixels) < 1e5).all(axis=1)
    whole = np.where(usable[:, None], pixels, 0).round().astype(int)
    for one, other in lines:
        if usable[one] and usable[other]:
            ends = tuple(whole[one].tolist()), tuple(whole[other].tolist())
            cv2.line(frame, *ends, (20, 20, 20), 2 * unit + 1, cv2.LINE_AA)
            cv2.line(frame, *ends, colour, unit, cv2.LINE_AA)
    for dot in dots:
        if usable[dot]:
            centre = tuple(whole[dot].tolist())
            cv2.circle(frame, centre, 2 * unit, (20, 20, 20), -1, cv2.LINE_AA)
            cv2.circle(frame, centre, 2 * unit - 1, colour, -1, cv2.LINE_AA)


def add_answers(frame: Frame, answers: Sequence[tuple[str, float | None]]) -> Frame:
    """(H, W, 3) -> (H + band, W, 3): the first three answers with bars below the picture."""
    height, width = frame.shape[:2]
    row = max(22, height // 18)
    shown = answers[:3]
    picture = Image.new("RGB", (width, height + row * len(shown) + row // 2), (24, 26, 30))
    picture.paste(Image.fromarray(frame), (0, 0))
    draw = ImageDraw.Draw(picture)
    letters = font(round(row * 0.62))
    for place, (sign, probability) in enumerate(shown):
        top = height + row // 4 + place * row
        bar = round((probability or 0.0) * (width - row))
        colour = (38, 110, 84) if place == 0 else (58, 62, 70)
        if probability is not None:
            draw.rectangle((row // 2, top + 2, row // 2 + max(bar, 2), top + row - 3), colour)
        share = "" if probability is None else f"{probability:.0%}"
        room = width - 2 * row - draw.textlength(share, letters)
        middle = top + row / 2
        draw.text((row, middle), fitting(draw, sign, letters, room), "white", letters, "lm")
        draw.text((width - row, middle), share, "white", letters, "rm")
    return np.asarray(picture)
