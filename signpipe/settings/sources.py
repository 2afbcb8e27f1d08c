"""Where a stage's values come from: its preset, a TOML file, single changes; the last one wins."""

import copy
import json
import tomllib
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from signpipe.errors import SignpipeError
from signpipe.settings.base import RENAMED, Settings
from signpipe.settings.presets import PRESETS

Model = TypeVar("Model", bound=Settings)
SIMILAR = 0.6  # from which share of alike letters on another name is suggested
SUGGESTED = 3  # names at most


def resolve(
    model: type[Model],
    preset: str | None = None,
    file: Path | None = None,
    changes: dict[str, Any] | None = None,
    begun: dict[str, Any] | None = None,
) -> Model:
    """Settings of a stage from its preset, a TOML file and single changes (the last one wins).

    Without a preset it is `compact`, or the values that a run was `begun` with. The file may hold
    the stage's fields at its top level or nested tables (`[encoder]`); a dotted name such as
    `encoder.frames` in `changes` reaches into one. Raises SignpipeError.
    """
    values = copy.deepcopy(begun) if begun and preset is None else {}
    given = layers(model, preset or "compact", file, changes)
    if values:
        del given[next(iter(given))]  # the preset
    for layer in given.values():
        _merge(values, layer)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SignpipeError(_explain(error, model)) from error


def layers(
    model: type[Settings],
    preset: str = "compact",
    file: Path | None = None,
    changes: dict[str, Any] | None = None,
) -> dict[str, dict[str, Any]]:
    """Each source's own values, nested, by the source's name; later ones win.

    Raises SignpipeError for an unknown preset and a file that cannot be read.
    """
    if preset not in PRESETS:
        raise SignpipeError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    base = PRESETS[preset].get(model)
    found = {f"preset {preset}" if base else "default": (base or model()).model_dump()}
    if file is not None:
        found[str(file)] = _read_toml(file)
    single: dict[str, Any] = {}
    for name, value in (changes or {}).items():
        *outer, last = name.split(".")
        nested: dict[str, Any] = {last: value}
        for key in reversed(outer):
            nested = {key: nested}
        _merge(single, nested)
    return found | {"command line": single}


def leaves(values: dict[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """Nested values one by one, under dotted names."""
    for name, value in values.items():
        if isinstance(value, dict):
            yield from leaves(value, f"{before}{name}.")
        else:
            yield before + name, value


def as_options(settings: Settings, base: Settings) -> list[str]:
    """The arguments `--set name=value` that turn `base` into `settings`, as `parse_changes` reads
    them; a value that is not given where `base` has one cannot be told so, and is left out."""
    before = dict(leaves(base.model_dump(mode="json")))
    now = leaves(settings.model_dump(mode="json"))
    changed = {name: value for name, value in now if value not in (before[name], None)}
    return [text for name, value in changed.items() for text in ("--set", f"{name}={_toml(value)}")]


def _toml(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, separators=(",", ":"))


def parse_changes(texts: list[str]) -> dict[str, Any]:
    """`name=value` texts, the value in TOML's notation or a bare word, as a dict."""
    changes = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.strip():
            raise SignpipeError(f"{text!r} is not of the form name=value")
        try:
            changes[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[name.strip()] = value.strip()
    return changes


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SignpipeError(f"cannot read the settings in {file}: {error}") from error


def _merge(values: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            _merge(values[name], value)
        else:
            values[name] = value


def _explain(error: ValidationError, model: type[Settings]) -> str:
    """One sentence from pydantic's first complaint."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        nearest = _nearest(name, [known for known, _ in leaves(model().model_dump())])
        question = f"; did you mean {' or '.join(nearest)}?" if nearest else ";"
        return f"there is no setting {name}{question} `signpipe settings` lists them by stage"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) else f" (given: {first['input']!r})"
    return (f"{name}: " if name else "") + message + given


def _nearest(name: str, known: list[str]) -> list[str]:
    """The settings that an unknown name may stand for, the likeliest first.

    One that had this name before, those with it in a table, or those that are written alike.
    """
    *tables, last = name.split(".")
    today = ".".join([*tables, RENAMED.get(last, last)])
    within = [other for other in known if other == today or other.endswith("." + today)]
    if within:
        return within[:SUGGESTED]
    short = {other.split(".")[-1]: other for other in reversed(known)}
    alike = get_close_matches(name, known, SUGGESTED, SIMILAR)
    alike += [short[found] for found in get_close_matches(last, short, SUGGESTED, SIMILAR)]
    return list(dict.fromkeys(alike))[:SUGGESTED]
