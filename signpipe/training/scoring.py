"""A recogniser's logits for many clips of a parts file."""

import numpy as np
import torch
from numpy.typing import NDArray

from signpipe.model.stream_classifiers import StreamClassifiers
from signpipe.parts.store import Parts
from signpipe.training.views import Window, resample, split_valid, stream_views

BATCH = 256


@torch.inference_mode()
def score(
    recognizer: StreamClassifiers, parts: Parts, rows: NDArray[np.int64], frames: int
) -> dict[str, NDArray[np.float32]]:
    """Logits (B, S) of every stream for the clips `rows`, each seen in its central window.

    The recogniser must be in evaluation mode.
    """
    device = next(recognizer.parameters()).device
    collected: dict[str, list[NDArray[np.float32]]] = {}
    for start in range(0, len(rows), BATCH):
        batch = rows[start : start + BATCH]
        sampled = resample(parts, batch, Window.central(len(batch)), frames)
        views = stream_views(*split_valid(sampled), device, recognizer.settings.motion)
        for stream, logits in recognizer(views).items():
            collected.setdefault(stream, []).append(logits.cpu().numpy())
    return {stream: np.concatenate(arrays) for stream, arrays in collected.items()}
