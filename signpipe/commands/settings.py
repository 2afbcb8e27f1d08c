"""settings: what a stage can be told, and what holds."""

import json
import textwrap
from typing import TYPE_CHECKING, Annotated, Any, Literal

import typer

from signpipe.commands.options import FileOption, JsonOption, PresetOption, SetOption
from signpipe.settings import parse_changes

if TYPE_CHECKING:
    from signpipe.settings.explained import ExplainedSetting

WIDTH = 92


def settings(
    stage: Annotated[
        Literal["extract", "prepare", "pretrain", "finetune", "evaluate", "train"],
        typer.Argument(help="The command whose settings are shown."),
    ],
    preset: PresetOption = "compact",
    file: FileOption = None,
    set_: SetOption = None,
    json_: JsonOption = False,
) -> None:
    """Every setting of a stage: its value, where that comes from, its range and its meaning.

    Give the --preset, --settings and --set that the stage would be given.
    """
    from dataclasses import asdict

    from signpipe.settings.explained import explained

    found = explained(stage, preset, file, parse_changes(set_ or []))
    if json_:
        print(json.dumps([asdict(setting) for setting in found], indent=2, ensure_ascii=False))
        return
    _show(found)


def _show(found: "list[ExplainedSetting]") -> None:
    """Show two lines a setting: value and source, then meaning and range."""
    left = max(len(f"{entry.name} = {_toml(entry.value)}") for entry in found)
    for entry in found:
        given = f"{entry.name} = {_toml(entry.value)}"
        print(f"{given:{min(left, 48)}}  {entry.source}")
        words = f"{entry.description} ({entry.range})"
        print(textwrap.fill(words, WIDTH, initial_indent="    ", subsequent_indent="    "))


def _toml(value: Any) -> str:
    """A value as --set and TOML files take it; nothing where it is not given."""
    if isinstance(value, list):
        return f"[{', '.join(_toml(item) for item in value)}]"
    if isinstance(value, float):
        return f"{value:.6g}"
    return "" if value is None else json.dumps(value)
