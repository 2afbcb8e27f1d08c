"""Every setting of a stage in words: its value, where that comes from, its range, its meaning."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from signpipe.settings.base import Settings
from signpipe.settings.evaluation import EvaluateSettings
from signpipe.settings.keypoints import ExtractSettings, PrepareSettings
from signpipe.settings.pipeline import TrainSettings
from signpipe.settings.sources import layers, leaves, resolve
from signpipe.settings.training import FinetuneSettings, PretrainSettings

STAGES: dict[str, type[Settings]] = {
    "extract": ExtractSettings,
    "prepare": PrepareSettings,
    "pretrain": PretrainSettings,
    "finetune": FinetuneSettings,
    "evaluate": EvaluateSettings,
    "train": TrainSettings,
}
BOUNDS = {
    "minimum": "at least {}",
    "exclusiveMinimum": "above {}",
    "maximum": "at most {}",
    "exclusiveMaximum": "below {}",
}


@dataclass(frozen=True)
class ExplainedSetting:
    """`source` is a preset, the path of a file, or "command line"."""

    name: str
    value: Any
    source: str
    range: str
    description: str


def explained(
    stage: str,
    preset: str = "compact",
    file: Path | None = None,
    changes: dict[str, Any] | None = None,
) -> list[ExplainedSetting]:
    """The settings of `stage` (a key of STAGES) as they would be in force, nested ones last.

    Raises SignpipeError as `resolve` does.
    """
    model = STAGES[stage]
    values = dict(leaves(resolve(model, preset, file, changes).model_dump(mode="json")))
    sources = {
        name: source
        for source, layer in layers(model, preset, file, changes).items()
        for name, _ in leaves(layer)
    }
    found = [
        ExplainedSetting(name, values[name], sources[name], limits, description)
        for name, limits, description in _fields(model)
    ]
    return sorted(found, key=lambda setting: "." in setting.name)


def _fields(model: type[BaseModel], before: str = "") -> Iterator[tuple[str, str, str]]:
    """The name, range and description of each field that holds a value."""
    schema = model.model_json_schema()["properties"]
    for name, field in model.model_fields.items():
        kind = field.annotation
        if isinstance(kind, type) and issubclass(kind, BaseModel):
            yield from _fields(kind, f"{before}{name}.")
        else:
            yield before + name, _range(schema[name]), field.description or ""


def _range(schema: dict[str, Any]) -> str:
    """What a value may be, in words, from its JSON schema."""
    if schema.get("type") == "boolean":
        return "true or false"
    if "enum" in schema:
        return "one of " + ", ".join(str(choice) for choice in schema["enum"])
    if "anyOf" in schema:  # a value that need not be given
        return " or ".join(_range(kind) for kind in schema["anyOf"] if kind["type"] != "null")
    if schema.get("type") == "array":
        inner = schema["prefixItems"][0] if "prefixItems" in schema else schema["items"]
        count = f"{len(schema['prefixItems'])} values" if "prefixItems" in schema else "a list"
        return f"{count}, each {_range(inner)}"
    if schema["type"] == "string":
        return "any text"
    kind = "whole number" if schema["type"] == "integer" else "number"
    bounds = [words.format(schema[key]) for key, words in BOUNDS.items() if key in schema]
    return " ".join([kind, ", ".join(bounds)]).strip()
