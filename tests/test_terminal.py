"""Every command that shows progress, in a terminal: a real pseudo-terminal, at three widths."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import sys
import termios
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

SMALL = (
    "epochs = 1\nbatch_size = 12\nmin_steps_per_epoch = 2\nprecision = 'fp32'\n[encoder]\n"
    "frames = 8\njoint_channels = [8, 8, 16]\npart_channels = 32\nheads = 4\n"
    "hand_feedforward = 32\ntrunk_feedforward = 32\nembedding = 16\n"
)
# One process a width: torch is loaded once. Each command's own exit code is printed.
PROGRAM = """
import shlex
import sys
from signpipe.cli import app
for line in open(sys.argv[1]).read().splitlines():
    try:
        app(shlex.split(line), standalone_mode=False)
        code = 0
    except SystemExit as stop:
        code = stop.code
    except BaseException as error:
        code = getattr(error, "exit_code", repr(error))
    print(f"\\n<{line.split()[0]}: {code}>", flush=True)
"""


def in_a_terminal(commands: Path, columns: int) -> str:
    """What the commands, one a line of the file, write to a terminal of so many columns."""
    leader, log = pty.openpty()
    fcntl.ioctl(log, termios.TIOCSWINSZ, struct.pack("HHHH", 40, columns, 0, 0))
    environment = {k: v for k, v in os.environ.items() if k not in ("COLUMNS", "LINES", "NO_COLOR")}
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM, str(commands)],
        stdin=log,
        stdout=log,
        stderr=log,
        env={**environment, "TERM": "xterm-256color"},
        close_fds=True,
    )
    os.close(log)
    written = b""
    while True:
        try:
            piece = os.read(leader, 65536)
        except OSError:  # the other end is closed
            break
        if not piece:
            break
        written += piece
    os.close(leader)
    assert process.wait() == 0, written.decode(errors="replace")
    return written.decode(errors="replace")


def plain(text: str) -> str:
    return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)


@pytest.mark.parametrize("columns", [60, 100, 200])
def test_commands_run_in_a_terminal_and_show_their_bars(
    columns, signs_workspace, make_clip, tmp_path
):
    clip = make_clip(tmp_path / "videos/house/one.mp4")
    make_clip(tmp_path / "videos/tree/two.mp4", seed=1)
    settings = tmp_path / "small.toml"
    settings.write_text(SMALL)
    at = f"-w '{signs_workspace.root}'"
    commands = tmp_path / "commands"
    lines = [
        f"extract '{tmp_path / 'videos'}' -w '{tmp_path / 'other'}' --workers 1",
        f"import '{tmp_path / 'made_up.h5'}' -w '{tmp_path / 'imported'}'",
        f"export-poses '{tmp_path / 'poses'}' {at}",
        f"prepare {at}",
        f"pretrain {at} --settings '{settings}'",
        f"finetune {at} --settings '{settings}'",
        f"evaluate {at} --protocol few-shot --set draws=2 --set within=split",
        f"predict '{clip}' {at}",
        f"report {at}",
        f"report extraction {at}",
    ]
    commands.write_text("\n".join(lines) + "\n")
    text = plain(in_a_terminal(commands, columns))
    assert "Traceback" not in text
    for line in lines:
        assert f"<{line.split()[0]}: 0>" in text or f"<{line.split()[0]}: None>" in text, text
    bars = [line for line in re.split(r"[\r\n]+", text) if "━" in line]
    assert {"extract", "import", "export", "pretrain", "finetune", "predict"} <= {
        line.split()[0] for line in bars
    }
    cut = [line for line in bars if not re.search(r"[━╸╺] +\d+/\d+ \w+", line)]
    assert not cut  # the count is always whole
    assert all(len(line) <= columns for line in bars)
    assert any("loss" in line for line in bars) == (columns >= 100)
