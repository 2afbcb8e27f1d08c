import os
import pty
import re
import subprocess
import sys

from signpipe import progress
from signpipe.progress import duration, track


def test_durations():
    assert [duration(seconds) for seconds in (0.4, 59, 60, 3599, 3600, 86400)] == [
        "0 s",
        "59 s",
        "1 min 00 s",
        "59 min 59 s",
        "1 h 00 min",
        "24 h 00 min",
    ]


def test_plain_lines_where_there_is_no_terminal(capsys, monkeypatch):
    monkeypatch.setattr(progress, "PLAIN_SECONDS", 0.0)
    with track("extract", 4, "clips") as tracker:
        tracker.advance(2, detail="50 frames/s")
    text = capsys.readouterr().err
    assert re.fullmatch(r"extract: 2 of 4 clips, 50 frames/s\n", text)


def test_short_work_is_silent(capsys):
    with track("extract", 1) as tracker:
        tracker.advance()
    assert capsys.readouterr().err == ""


def test_what_is_printed_beside_a_bar_goes_where_stdout_goes():
    leader, log = pty.openpty()
    program = "from signpipe.progress import track\nwith track('look', 2): print('a result')"
    done = subprocess.run(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=log, text=True, check=True
    )
    os.close(log)
    assert done.stdout == "a result\n"
    os.close(leader)
