import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.parts import prepare
from signpipe.parts.store import read_parts_record
from signpipe.settings import PrepareSettings


@pytest.fixture
def command(signs_workspace):
    """`command(...)`: what `signpipe prepare ...` says of a workspace prepared for `paper`."""
    prepare.run(signs_workspace, PrepareSettings(trunk="image"))

    def run(*options):
        words = ["prepare", "-w", str(signs_workspace.root), *options]
        done = CliRunner().invoke(app, words)
        return done.exit_code, done.output, read_parts_record(signs_workspace.parts)["settings"]

    return run


def test_a_preset_that_is_named_is_never_ignored(command):
    code, said, kept = command("--preset", "compact")
    assert code == 2 and 'trunk was "image", is "shoulders"' in said
    assert kept["trunk"] == "image"
    code, _, made = command("--preset", "compact", "--redo")
    assert (code, made["trunk"]) == (0, "shoulders")


def test_what_is_not_said_is_as_it_was_prepared(command):
    code, said, _ = command()
    assert code == 0 and "is up to date" in said
    code, said, _ = command("--set", "hand_box=3")
    assert code == 2 and "hand_box was 2.2, is 3.0" in said and "trunk" not in said
