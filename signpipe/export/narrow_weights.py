"""Weights of an ONNX model in fewer bits; it still computes in float32."""

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

WeightForm = Literal["float", "half", "int8"]
SMALLEST = 1024  # values; what is smaller saves nothing


def narrow_weights(model: Any, form: WeightForm) -> None:
    """Store every large float32 weight of an `onnx.ModelProto` in 16 or 8 bits, in place.

    Bytes are whole numbers of a scale, one a row or column, whichever loses less.
    """
    from onnx import helper, numpy_helper

    if form == "float":
        return
    nodes, kept = [], []
    for weight in model.graph.initializer:
        values = numpy_helper.to_array(weight)
        if values.dtype != np.float32 or values.size < SMALLEST:
            kept.append(weight)
            continue
        if form == "half":
            narrow = f"{weight.name}.half"
            kept.append(numpy_helper.from_array(values.astype(np.float16), narrow))
            nodes.append(helper.make_node("Cast", [narrow], [weight.name], to=1))  # to float32
            continue
        whole, scale, axis = as_bytes(values)
        parts: dict[str, NDArray[Any]] = {
            "int8": whole,
            "scale": scale,
            "zero": np.zeros(len(scale), np.int8),
        }
        kept += [numpy_helper.from_array(v, f"{weight.name}.{n}") for n, v in parts.items()]
        names = [f"{weight.name}.{n}" for n in parts]
        nodes.append(helper.make_node("DequantizeLinear", names, [weight.name], axis=axis))
    del model.graph.initializer[:]
    model.graph.initializer.extend(kept)
    nodes += model.graph.node
    del model.graph.node[:]
    model.graph.node.extend(nodes)


def as_bytes(values: NDArray[np.float32]) -> tuple[NDArray[np.int8], NDArray[np.float32], int]:
    """The nearest whole numbers, the scale of each slice along an axis, and that axis."""
    best = None
    for axis in range(values.ndim):
        others = tuple(i for i in range(values.ndim) if i != axis)
        largest = np.abs(values).max(axis=others, keepdims=True)
        scale = np.maximum(largest / 127, np.float32(1e-12)).astype(np.float32)
        whole = np.clip(np.rint(values / scale), -127, 127)
        lost = float(np.square(whole * scale - values).sum())
        if values.shape[axis] > 1 and (best is None or lost < best[0]):
            best = lost, whole.astype(np.int8), scale.reshape(-1), axis
    assert best is not None
    return best[1:]
