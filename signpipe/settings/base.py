"""What every stage's settings have in common, and the names of earlier versions."""

from typing import Any

from pydantic import BaseModel, ConfigDict

# What fields were called in runs that were made before.
RENAMED = {
    "batch": "batch_size",
    "least_steps": "min_steps_per_epoch",
    "clip_gradient": "max_grad_norm",
    "drops": "lr_milestones",
    "encoder_rate": "encoder_lr_scale",
}
# What was so in runs that were made before there were these settings.
BEFORE: dict[str, Any] = {"misfit_weight": 1.0}
MIRRORED = "mirror_left_hand"  # a setting of prepare, once; it is always so


class Settings(BaseModel):
    """Fields that cannot be changed once made; each has a description with its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def under_new_names(values: dict[str, Any]) -> dict[str, Any]:
    """Settings that an output was made with, those that had other names then under today's.

    What is always so, and is no setting any more, is left out.
    """
    kept = {name: value for name, value in values.items() if (name, value) != (MIRRORED, True)}
    return {RENAMED.get(name, name): value for name, value in kept.items()}


def completed(then: dict[str, Any], now: dict[str, Any]) -> dict[str, Any]:
    """What an output was made with, and what was so then where `now` has a newer setting."""
    found = {name: BEFORE[name] for name in now if name in BEFORE} | then
    return {
        name: completed(value, now[name])
        if isinstance(value, dict) and isinstance(now.get(name), dict)
        else value
        for name, value in found.items()
    }
