"""The command that goes on with a run, or makes it again, as it was asked for."""

from collections.abc import Container, Mapping
from typing import Any, TypeVar

from pydantic import ValidationError

from signpipe.settings import (
    PRESETS,
    EvaluateSettings,
    FinetuneSettings,
    PretrainSettings,
    Settings,
    as_options,
    under_new_names,
)
from signpipe.training.training_runs import ENCODER

Model = TypeVar("Model", bound=Settings)
SETTINGS: Mapping[str, type[Settings]] = {
    "pretrain": PretrainSettings,
    "finetune": FinetuneSettings,
}
SCRATCH = "scratch"


def run_again(
    stage: str, name: str, record: Mapping[str, Any], *, redo: bool, newest_encoder: str
) -> list[str]:
    """The arguments of the command for a run of pretrain or finetune with this record.

    `newest_encoder` is the pretraining run that finetune begins from if nothing else is named, ""
    if there is none.
    """
    origin = record.get("began_from")
    command = [stage, *(["--redo"] if redo else [])]
    from_scratch = stage == "finetune" and origin is None and bool(newest_encoder)
    if name == SCRATCH and stage == "finetune" and origin is None:
        command.append("--from-scratch")  # which names it so
    elif name != "default" or from_scratch:
        command += ["--run", name, *(["--from-scratch"] if from_scratch else [])]
    if origin and stage == "pretrain":
        command += ["--init", _encoder(origin["file"])]
    elif origin and _encoder(origin["file"]) != newest_encoder:
        command += ["--encoder", _encoder(origin["file"])]
    if record.get("splits"):
        command += ["--splits", ",".join(record["splits"])]
    settings = record["settings"]
    sizes = settings.get("encoder") if stage == "finetune" and origin else None
    return command + _options(SETTINGS[stage], settings, sizes)


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
        elif run in encoders:
            command += ["--encoder", run]
    return command + _options(EvaluateSettings, metrics["settings"])


def _encoder(file: str) -> str:
    """What names an encoder file on the command line: its run, if it is one of the workspace's."""
    folder, _, inside = file.partition("/")
    run, _, last = inside.partition("/")
    return run if (folder, last) == ("pretrain", ENCODER) else file


def _options(
    model: type[Model], values: Mapping[str, Any], encoder: Mapping[str, Any] | None = None
) -> list[str]:
    """The preset and single settings that give these values, as few as can be.

    With the sizes of an `encoder` to begin from, which are not asked for.
    """
    given = under_new_names(dict(values))
    sizes = {"encoder": encoder} if encoder else {}
    found = []
    for preset, stages in PRESETS.items():
        base = stages[model].model_dump(mode="json") | sizes
        try:
            wanted = model.model_validate(base | given)
            options = as_options(wanted, model.model_validate(base))
        except ValidationError:  # an older signpipe's: they cannot be had again
            return []
        found.append(options if preset == "compact" else ["--preset", preset, *options])
    return min(found, key=len)
