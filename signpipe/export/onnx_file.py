"""export --format onnx: a recogniser's folder to one ONNX file."""

import io
import json
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import torch

from signpipe.errors import SignpipeError, missing_extra
from signpipe.export.landmark_graph import LandmarkGraph
from signpipe.export.narrow_weights import WeightForm, narrow_weights
from signpipe.model.onnx_graph import (
    FORMAT,
    INPUTS,
    LANDMARKS,
    OUTPUTS,
    SUFFIX,
    VERSION,
    OnnxGraph,
)
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.workspace import atomic

OPSET = 17  # every runtime of today has it, those in browsers too
CLOSE = 1e-4  # of the logits, to torch's


def write_onnx(recognizer: Path, path: Path, weights: WeightForm = "float") -> None:
    """Write the recogniser in a folder to the file `path`, which must end in .onnx, atomically.

    What is written was run and compared with torch first. Raises SignpipeError if the recogniser
    cannot be read, the extra `export` is missing, or there is something at `path`.
    """
    if path.suffix != SUFFIX:
        raise SignpipeError(f"{path} would be no ONNX file; name one that ends in {SUFFIX}")
    if path.exists():
        raise SignpipeError(f"{path} is there already; name another, or delete it first")
    graph = LandmarkGraph.load(recognizer)
    model = onnx_model(graph, weights)
    with atomic(path) as temporary:
        temporary.write_bytes(model.SerializeToString())
        _compare(graph, OnnxGraph(temporary), weights)


def onnx_model(graph: LandmarkGraph, weights: WeightForm = "float") -> Any:
    """The `onnx.ModelProto` of a recogniser. Raises SignpipeError without the extra `export`."""
    try:
        import onnx
    except ImportError as error:
        raise missing_extra("export", "onnx", "export") from error
    batch = {name: {0: "batch"} for name in (*INPUTS, *OUTPUTS)}
    buffer: Any = io.BytesIO()
    with warnings.catch_warnings():
        # The tracing exporter: the other one takes ten times as long and fixes the batch's size.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            graph,
            _clips(),
            buffer,
            dynamo=False,
            opset_version=OPSET,
            input_names=list(INPUTS),
            output_names=list(OUTPUTS),
            dynamic_axes=batch | {"landmarks": {0: "batch", 1: "frames"}},
        )
    model = onnx.load_from_string(buffer.getvalue())
    narrow_weights(model, weights)
    onnx.helper.set_model_props(model, metadata(graph.card, weights))
    onnx.checker.check_model(model)
    return model


def metadata(card: RecognizerCard, weights: WeightForm) -> dict[str, str]:
    """What the file says of itself, see `model.onnx_graph`."""
    threshold = card.rejection.threshold if card.rejection else None
    return {
        "format": FORMAT,
        "version": VERSION,
        "landmarks": LANDMARKS,
        "weights": weights,
        "signs": json.dumps(card.signs, ensure_ascii=False),
        "threshold": "" if threshold is None else repr(threshold),
        "card": card.model_dump_json(),
    }


def _clips(seed: int = 0, batch: int = 2, frames: int = 9) -> tuple[torch.Tensor, ...]:
    """Made-up clips of which every part is missing somewhere: the graph's three inputs."""
    generator = torch.Generator().manual_seed(seed)
    landmarks = torch.rand(batch, frames, 75, 3, generator=generator)
    landmarks[torch.rand(batch, frames, 75, generator=generator) < 0.2] = torch.nan
    landmarks[0, : frames // 2, 54:] = torch.nan
    size = torch.tensor([[640.0, 480.0]]).repeat(batch, 1)
    size[-1] = 0
    return landmarks, size, torch.arange(frames, frames - batch, -1)


def _compare(graph: LandmarkGraph, written: OnnxGraph, weights: WeightForm) -> None:
    for seed, (batch, frames) in enumerate(((1, 1), (3, 50))):
        clips = _clips(seed, batch, frames)
        with torch.inference_mode():
            expected = graph(*clips)[0].numpy()
        found = written(*(value.numpy() for value in clips)).logits
        finite = bool(np.isfinite(found).all())
        close = weights != "float" or np.abs(found - expected).max() <= CLOSE
        if not (finite and close):
            raise SignpipeError(
                "the ONNX file would not give torch's numbers; this torch or onnxruntime is not "
                "known, install signpipe again with pip"
            )
