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
# Settings that came later: an older one they stand beside, and what was so before.
ADDED: dict[str, tuple[str, Any]] = {
    "misfit_weight": ("label_smoothing", 1.0),
    "few_labels": ("label_smoothing", 0),
}
MIRRORED = "mirror_left_hand"  # a setting of prepare, once; it is always so


class Settings(BaseModel):
    """Fields that cannot be changed once made; each has a description with its unit."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def under_new_names(values: dict[str, Any]) -> dict[str, Any]:
    """Settings that an output was made with, those that had other names then under today's.

    What was always so, and is a setting now, is added; what is always so, and is no setting any
    more, is left out.
    """
    kept = {
        RENAMED.get(name, name): under_new_names(value) if isinstance(value, dict) else value
        for name, value in values.items()
        if (name, value) != (MIRRORED, True)
    }
    return {name: then for name, (beside, then) in ADDED.items() if beside in kept} | kept
