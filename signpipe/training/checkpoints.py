"""`checkpoint.pt`: all that a killed run needs to go on as if it had not been."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from signpipe.errors import SignpipeError
from signpipe.workspace import atomic

# What the optimisers remember of a parameter once it has had a gradient.
REMEMBERED = {
    torch.optim.AdamW: {"step", "exp_avg", "exp_avg_sq"},
    torch.optim.SGD: {"momentum_buffer"},
}


@dataclass
class State:
    """What a checkpoint holds beside the weights."""

    epoch: int = 0  # finished epochs
    rows: list[dict[str, float]] = field(default_factory=list)  # one an epoch, for metrics.csv
    best_epoch: int = 0
    best_score: float = 0.0
    best: dict[str, Tensor] = field(default_factory=dict)  # weights; empty without a score


def save_checkpoint(
    path: Path, module: nn.Module, optimizer: torch.optim.Optimizer, state: State
) -> None:
    """Write the training state atomically."""
    saved = {
        "module": module.state_dict(),
        "optimizer": optimizer.state_dict(),
        "state": vars(state),
    }
    with atomic(path) as temporary, open(temporary, "wb") as file:
        torch.save(saved, file)


def load_checkpoint(path: Path, module: nn.Module, optimizer: torch.optim.Optimizer) -> State:
    """Restore weights and optimiser from our own file. Raises SignpipeError if it is damaged."""
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
        _check_weights(saved["module"], module)
        _load_optimizer(saved["optimizer"], optimizer)
        state = State(**saved["state"])
        _check_state(state)
        if state.best:
            _check_weights(state.best, module)
        module.load_state_dict(saved["module"])
    except Exception as error:  # torch raises many kinds for a damaged file
        why = next(iter(str(error).splitlines()), type(error).__name__)
        beside = path.parent.name.startswith(".")  # --redo, which would go on from it once more
        mend = (
            f"delete {path.parent}, and the same command begins it again"
            if beside
            else "start this run again with --redo"
        )
        raise SignpipeError(f"cannot resume from {path}: {why}; {mend}") from error
    return state


def _check_weights(weights: dict[str, Tensor], module: nn.Module) -> None:
    expected = module.state_dict()
    if weights.keys() != expected.keys():
        raise ValueError("it has weights of other names")
    for name, values in weights.items():
        _check_tensor(name, values, expected[name].shape)


def _check_tensor(name: str, values: Any, shape: tuple[int, ...]) -> None:
    if not isinstance(values, Tensor) or values.shape != shape or not values.isfinite().all():
        raise ValueError(f"{name} is not finite numbers of the shape {tuple(shape)}")


def _load_optimizer(saved: dict[str, Any], optimizer: torch.optim.Optimizer) -> None:
    """Its options come from the settings, and are the same as then."""
    options = [
        {name: value for name, value in group.items() if name not in ("params", "lr")}
        for group in optimizer.param_groups
    ]
    optimizer.load_state_dict(saved)
    for group, expected in zip(optimizer.param_groups, options, strict=True):
        if any(group.get(name, value) != value for name, value in expected.items()):
            raise ValueError("it has an optimiser of other options")
        group.update(expected)
    names = REMEMBERED[type(optimizer)]  # type: ignore[index]
    for parameter, remembered in optimizer.state.items():
        if not isinstance(parameter, Tensor) or remembered.keys() != names:
            raise ValueError("it has an optimiser of another kind")
        for name, values in remembered.items():
            if values is not None or name != "momentum_buffer":
                _check_tensor(name, values, () if name == "step" else parameter.shape)


def _check_state(state: State) -> None:
    whole = all(type(value) is int and value >= 0 for value in (state.epoch, state.best_epoch))
    if not whole or type(state.best_score) not in (int, float) or state.best_epoch > state.epoch:
        raise ValueError("its epochs or its best score are not such numbers")
    if not isinstance(state.rows, list) or len(state.rows) != state.epoch:
        raise ValueError("it has not one row an epoch")
    for epoch, row in enumerate(state.rows, start=1):
        numbers = all(isinstance(name, str) for name in row) and all(
            type(value) in (int, float) for value in row.values()
        )
        if not numbers or row["epoch"] != epoch or "loss" not in row:
            raise ValueError(f"its row of epoch {epoch} is none")
