"""Weights in a safetensors file, and the card that says of which module they are.

Either may come from a stranger. What the card says is compared with the shapes in the file's own
header, which its size bears out, before memory is taken for either.
"""

from collections.abc import Callable, Mapping
from pathlib import Path

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from signpipe.errors import SignpipeError
from signpipe.workspace import atomic

LARGEST = 2 << 30  # bytes; the published size takes some 100 MB
WIDEST = 1 << 16  # features of any layer
FLOATS = ("F32", "F16", "BF16")  # any of them can fill a parameter


def save_weights(
    path: Path, module: nn.Module, metadata: dict[str, str] | None = None, *, half: bool = False
) -> None:
    """Write a module's parameters and buffers atomically, on request in half precision."""
    weights = {k: v.detach().cpu().contiguous() for k, v in module.state_dict().items()}
    if half:
        weights = {k: v.half() if v.is_floating_point() else v for k, v in weights.items()}
    with atomic(path) as temporary:
        save_file(weights, temporary, metadata)


def read_metadata(path: Path) -> dict[str, str]:
    """What the header says beside the shapes. Raises SignpipeError if the file cannot be read."""
    try:
        with safe_open(path, "pt") as file:
            return file.metadata() or {}
    except (OSError, SafetensorError) as error:
        raise SignpipeError(f"cannot read the weights {path}: {error}") from error


def check_weights(path: Path, build: Callable[[], nn.Module]) -> None:
    """Compare the file's header with the module that `build` makes, without memory for either.

    Raises SignpipeError naming the first weight that differs, or if the module could not be made.
    """
    try:
        with torch.device("meta"):
            expected = build().state_dict()
    except (RuntimeError, TypeError, ValueError, OverflowError) as error:
        raise SignpipeError(f"{path} cannot be of the sizes that its card names") from error
    _check(path, expected, ("",))


def load_weights(module: nn.Module, path: Path, prefixes: tuple[str, ...] = ("",)) -> None:
    """Fill a module from those weights of a safetensors file whose names begin with a prefix.

    Raises SignpipeError naming the first that does not fit or holds NaN or infinity.
    """
    expected = module.state_dict()
    _check(path, expected, prefixes)
    try:
        with safe_open(path, "pt") as file:
            weights = {name: file.get_tensor(name) for name in expected}
    except (OSError, SafetensorError) as error:
        raise SignpipeError(f"cannot read the weights {path}: {error}") from error
    for name, values in weights.items():
        if not values.isfinite().all() or (name.endswith("running_var") and (values < 0).any()):
            raise SignpipeError(
                f"the weights {path} are damaged: {name} holds NaN, infinity or a variance below "
                "zero; get the file again or train again"
            )
    module.load_state_dict(weights)


def _check(path: Path, expected: Mapping[str, Tensor], prefixes: tuple[str, ...]) -> None:
    try:
        if path.stat().st_size > LARGEST:
            raise SignpipeError(f"the weights {path} are larger than {LARGEST >> 30} GB")
        with safe_open(path, "pt") as file:
            slices = {k: file.get_slice(k) for k in file.keys() if k.startswith(prefixes)}  # noqa: SIM118
            held = {k: (tuple(v.get_shape()), v.get_dtype()) for k, v in slices.items()}
    except (OSError, SafetensorError) as error:
        raise SignpipeError(f"cannot read the weights {path}: {error}") from error
    for name in [*expected, *held]:
        if fault := _fault(expected.get(name), held.get(name)):
            raise SignpipeError(f"the weights {path} do not fit: {name} {fault}")


def _fault(expected: Tensor | None, held: tuple[tuple[int, ...], str] | None) -> str:
    if expected is None or held is None:
        return "is missing" if held is None else "has no place"
    shape, kind = held
    if shape != tuple(expected.shape):
        return f"is {shape}, should be {tuple(expected.shape)}"
    kinds = FLOATS if expected.is_floating_point() else ("I64",)
    return "" if kind in kinds else f"is {kind}, should be {kinds[0]}"
