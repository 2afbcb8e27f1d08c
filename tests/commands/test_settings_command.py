"""settings, as a person types it."""

import json
from typing import get_args, get_type_hints

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.commands.settings import settings
from signpipe.settings.explained import STAGES


def printed(*words: str) -> str:
    done = CliRunner().invoke(app, ["settings", *words])
    assert done.exit_code == 0, done.output
    return done.output


def test_it_knows_every_stage():
    choices = get_args(get_type_hints(settings)["stage"])
    assert choices == tuple(STAGES)


@pytest.mark.parametrize("stage", STAGES)
def test_lines_are_short(stage):
    lines = printed(stage).splitlines()
    assert len(lines) >= 2 and max(map(len, lines)) <= 100


def test_values_are_printed_as_they_are_typed(tmp_path):
    file = tmp_path / "own.toml"
    file.write_text("queue = 64\n")
    words = ["--preset", "paper", "--settings", str(file), "--set", "contrast=['hand']"]
    text = " ".join(printed("pretrain", *words).split())
    assert f"queue = 64 {file} keys that are kept" in text
    assert 'contrast = ["hand"] command line' in text
    assert "epochs = 150 preset paper passes over the clips (whole number at least 1)" in text


def test_json():
    found = json.loads(printed("finetune", "--set", "epochs=3", "--json"))
    (epochs,) = [entry for entry in found if entry["name"] == "epochs"]
    assert epochs["value"] == 3 and epochs["source"] == "command line"
    assert next(entry["value"] for entry in found if entry["name"] == "labels_per_sign") is None
