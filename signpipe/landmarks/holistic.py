"""MediaPipe Holistic: frames of one clip to landmarks.

The same numbers as `mediapipe.solutions.holistic.Holistic` on its defaults, for less work (see
`signpipe.landmarks.graph`). The output depends on the clip alone: the graph's state is fresh for
every clip, and time advances by 1/30 s a frame whatever the clip's rate (the graph smooths over
time, and a clip's real rate is not always known).
"""

import contextlib
import os
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from signpipe.errors import SignpipeError
from signpipe.landmarks.checked_model import checked_model, keep_checked_model
from signpipe.landmarks.graph import (
    DETECTION,
    MODEL_INPUT,
    TRACKING,
    faceless_graph,
    lean_graph,
    lean_pose_model,
    pose_model,
    whole_graph,
)
from signpipe.landmarks.pack import SHAPES, Landmarks
from signpipe.settings import ExtractSettings

EXTRACTOR = "mediapipe-holistic"
FACE_SHAPE = (468, 3)
CHECK_PICTURE = Path(__file__).parent / "selfcheck.jpg"  # a drawn person with both hands raised
CHECK_FRAMES = 3  # the first is found by the detector, the others are tracked

Frames = Iterable[tuple[float, NDArray[np.uint8]]]


class Holistic:
    """A Holistic graph for many clips, one after the other. Close it, or use it in a `with`.

    The first time on a machine a self-check makes sure that the lean graph gives the same numbers
    there. Where it does not, MediaPipe's own pose model is used, and `fallback` says why. Raises
    SignpipeError if mediapipe, a system library or the pose model cannot be loaded.
    """

    def __init__(self, settings: ExtractSettings | None = None) -> None:
        self.settings = settings = settings or ExtractSettings()
        self.fallback = ""
        self._parts = {**SHAPES, **({"face": FACE_SHAPE} if settings.face else {})}
        self._model: bytes | None = None  # of the lean graph
        self._graph: Any = None  # mediapipe has no types
        with quiet_stderr():
            _import_mediapipe()
            pose_model(settings.model_complexity)  # it must be there in any case
            self._model = checked_model(settings)
            if self._model is None:
                self._try_lean()

    def _try_lean(self) -> None:
        try:
            expected = self.landmarks(_check_frames())
            self.close()
            self._model = lean_pose_model(self.settings.model_complexity)
            found = self.landmarks(_check_frames())
        except Exception as error:
            # Whatever is new in another mediapipe, its own pose model may still work.
            self.fallback = f"{type(error).__name__}: {error}"
        else:
            if not expected.seen("pose").all():
                self.fallback = "nobody is found in the picture of the self-check"
            elif not self._same(expected, found):
                self.fallback = "the self-check's landmarks differ"
        if self.fallback:
            self.close()
            self._model = None
        elif self._model is not None:
            keep_checked_model(self.settings, self._model)

    def _same(self, one: Landmarks, other: Landmarks) -> bool:
        return all(
            np.array_equal(getattr(one, part), getattr(other, part), equal_nan=True)
            for part in self._parts
        )

    def landmarks(self, frames: Frames) -> Landmarks:
        """Landmarks of one clip's `(seconds, pixels)`, pixels (H, W, 3) uint8 RGB.

        After an exception, from `frames` too, the next clip gets a fresh graph.
        """
        times: list[float] = []
        found: dict[str, list[NDArray[np.float32]]] = {part: [] for part in self._parts}
        with quiet_stderr():
            try:
                for seconds, pixels in frames:
                    if not times:
                        self._renew()
                    for part, points in self._look(pixels).items():
                        found[part].append(points)
                    times.append(seconds)
            except BaseException:
                self.close()
                raise
        arrays = {
            part: np.stack(found[part]) if times else np.empty((0, *shape), np.float32)
            for part, shape in self._parts.items()
        }
        return Landmarks(times=np.array(times, np.float64), **arrays)

    def next_frame(self, seconds: float, pixels: NDArray[np.uint8], *, fresh: bool) -> Landmarks:
        """Landmarks of one more frame of a stream; with `fresh` it is the first of a clip.

        Frame by frame the same as `landmarks` gives of all together.
        """
        with quiet_stderr():
            try:
                if fresh or self._graph is None:
                    self._renew()
                points = self._look(pixels)
            except BaseException:
                self.close()
                raise
        arrays = {part: array[np.newaxis] for part, array in points.items()}
        return Landmarks(times=np.array([seconds], np.float64), **arrays)

    def _look(self, pixels: NDArray[np.uint8]) -> dict[str, NDArray[np.float32]]:
        result = self._graph.process(pixels)
        return {
            part: _array(getattr(result, f"{part}_landmarks"), shape)
            for part, shape in self._parts.items()
        }

    def _renew(self) -> None:
        """Forget whatever came before."""
        if self._graph is None:
            self._graph = self._start()
        else:
            self._graph.reset()

    def _start(self) -> Any:
        from mediapipe.python import solution_base

        settings = self.settings
        side_inputs: dict[str, Any] = {
            "smooth_landmarks": True,
            "enable_segmentation": False,
            "smooth_segmentation": False,
            "use_prev_landmarks": True,
        }
        config = whole_graph() if settings.face else faceless_graph()
        if self._model is None:
            side_inputs["model_complexity"] = settings.model_complexity
        else:
            config = lean_graph(config)
            side_inputs[MODEL_INPUT] = self._model
        if settings.face:
            side_inputs["refine_face_landmarks"] = False
        return solution_base.SolutionBase(
            graph_config=config,
            side_inputs=side_inputs,
            calculator_params={
                f"{DETECTION}.min_score_thresh": settings.min_detection_confidence,
                f"{TRACKING}.threshold": settings.min_tracking_confidence,
            },
            outputs=[f"{part}_landmarks" for part in self._parts],
        )

    @property
    def graph(self) -> str:
        """Which form of the graph is used, for the record: all give the same numbers."""
        return "lean" if self._model is not None else f"whole pose model ({self.fallback})"

    def close(self) -> None:
        """Free the graph; without this it leaks 80 MB and more. A later clip gets a new one."""
        if self._graph is not None:
            graph, self._graph = self._graph, None
            with contextlib.suppress(RuntimeError):  # its own error may have closed it
                graph.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None
    ) -> None:
        self.close()


def _check_frames() -> list[tuple[float, NDArray[np.uint8]]]:
    import cv2

    picture = cv2.imread(str(CHECK_PICTURE))
    if picture is None:
        raise SignpipeError(f"{CHECK_PICTURE} is missing; install signpipe again")
    pixels = np.ascontiguousarray(picture[:, :, ::-1]).astype(np.uint8)
    return [(frame / 30, pixels) for frame in range(CHECK_FRAMES)]


def _array(points: Any, shape: tuple[int, int]) -> NDArray[np.float32]:
    if points is None:
        return np.full(shape, np.nan, np.float32)
    array = np.empty(shape, np.float32)
    for row, point in zip(array, points.landmark, strict=True):
        row[:3] = point.x, point.y, point.z
        if len(row) == 4:
            row[3] = point.visibility
    return array


def _import_mediapipe() -> None:
    try:
        import cv2
        from mediapipe.python import solution_base  # noqa: F401
    except ImportError as error:
        if ".so" in str(error):
            raise SignpipeError(
                f"mediapipe cannot be loaded ({error}); on Debian and Ubuntu install the packages "
                "libgl1 and libglib2.0-0"
            ) from error
        raise SignpipeError(
            f"mediapipe cannot be loaded ({error}); install signpipe again with pip"
        ) from error
    cv2.setNumThreads(1)


@contextlib.contextmanager
def quiet_stderr() -> Iterator[None]:
    """Silence what C++ writes to file descriptor 2; Python's own stderr goes on showing."""
    try:
        saved = os.dup(2)
    except OSError:  # there is no stderr at all
        yield
        return
    before = sys.stderr
    moved = _descriptor(before) == 2
    try:
        if moved:
            before.flush()
            sys.stderr = open(  # noqa: SIM115
                saved, "w", buffering=1, errors="backslashreplace", closefd=False
            )
        null = os.open(os.devnull, os.O_WRONLY)
        os.dup2(null, 2)
        os.close(null)
        yield
    finally:
        os.dup2(saved, 2)
        if moved:
            sys.stderr.flush()
            sys.stderr = before
        os.close(saved)


def _descriptor(stream: Any) -> int | None:
    try:
        return int(stream.fileno())
    except (AttributeError, OSError, ValueError):
        return None
