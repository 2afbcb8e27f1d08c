import json

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.training import pretrain
from signpipe.workspace import read_record


@pytest.fixture
def command(signs_workspace):
    def run(*words):
        return CliRunner().invoke(app, [words[0], "-w", str(signs_workspace.root), *words[1:]])

    return run


def test_a_bare_command_goes_on_with_what_an_interrupted_run_was_told(
    command, signs_workspace, small, tmp_path, monkeypatch
):
    file = tmp_path / "settings.toml"
    file.write_text("\n".join(f"{name} = {json.dumps(value)}" for name, value in small.items()))
    told = ["--settings", str(file), "--set", "queue=24", "--epochs", "2"]
    with monkeypatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        assert command("pretrain", *told).exit_code == 130
    refused = command("pretrain", "--epochs", "3")
    assert refused.exit_code == 2 and "epochs was 2, is 3; use --redo" in refused.output
    done = command("pretrain")
    assert done.exit_code == 0, done.output
    record = read_record(signs_workspace.run("pretrain", "default"))
    assert (record["settings"]["epochs"], record["settings"]["queue"]) == (2, 24)
    assert "is done already" in command("pretrain", "--epochs", "2").output


def interrupt(*_):
    raise KeyboardInterrupt
