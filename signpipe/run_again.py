"""The commands that go on with a run, or make it again, as it was asked for."""

from collections.abc import Container, Mapping
from typing import Any

from pydantic import ValidationError

from signpipe.model.shipped import SHIPPED
from signpipe.settings import (
    PRESETS,
    EvaluateSettings,
    FinetuneSettings,
    PretrainSettings,
    Settings,
    as_options,
    under_new_names,
)

SETTINGS: Mapping[str, type[Settings]] = {
    "pretrain": PretrainSettings,
    "finetune": FinetuneSettings,
}
SCRATCH = "scratch"


def run_again(stage: str, name: str, record: Mapping[str, Any]) -> list[str]:
    """The arguments of the command for a run of pretrain or finetune with this record.

    A run remembers what it was begun with, and is made again by itself where its inputs changed.
    """
    command = [stage, *([] if name == "default" else ["--run", name])]
    try:
        SETTINGS[stage].model_validate(under_new_names(record["settings"]))
    except ValidationError:  # an older signpipe's: they cannot be had again
        command += ["--redo", "--preset", "compact"]
    return command


def evaluate_again(metrics: Mapping[str, Any], encoders: Container[str]) -> list[str]:
    """The arguments of the command that measures anew what a metrics.json holds.

    `encoders` are the pretraining runs there are.
    """
    protocol, run, inputs = metrics["protocol"], metrics["run"], metrics["inputs"]
    command = ["evaluate", "--redo", "--run", run, "--split", metrics["split"].split("+")[-1]]
    if protocol != "finetuned":
        command += ["--protocol", protocol]
        if inputs.get("encoder") is None or SCRATCH in inputs.get("starts", ()):
            command.append("--from-scratch")
        elif run in encoders or run == SHIPPED:
            command += ["--encoder", run]
    return command + _options(metrics["settings"])


def _options(values: Mapping[str, Any]) -> list[str]:
    """The preset and single settings of evaluate that give these values, as few as can be."""
    found = []
    for preset, stages in PRESETS.items():
        base = stages[EvaluateSettings]
        try:
            given = base.model_dump(mode="json") | dict(values)
            options = as_options(EvaluateSettings.model_validate(given), base)
        except ValidationError:  # an older signpipe's
            return []
        found.append(options if preset == "compact" else ["--preset", preset, *options])
    return min(found, key=len)
