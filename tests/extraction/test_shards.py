"""Shards, also several at the same time on one workspace."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from signpipe import workspace_status
from signpipe.cliptable import read_clips
from signpipe.commands.extract import show
from signpipe.errors import SignpipeError
from signpipe.extraction.extract import run
from signpipe.extraction.outcomes import append_outcomes, read_outcomes
from signpipe.extraction.shards import Shard, hold, parse_shard
from signpipe.parts import prepare
from signpipe.workspace import Workspace

MakeClip = Callable[..., Path]
CLIPS = 6


@pytest.fixture(scope="module")
def videos(tmp_path_factory: pytest.TempPathFactory, make_clip: MakeClip) -> Path:
    """Clips of which two would share an id."""
    folder = tmp_path_factory.mktemp("videos")
    for number in range(CLIPS - 1):
        make_clip(folder / "sign" / f"{number}.mp4", 5, number)
    (folder / "sign" / "3.mov").symlink_to(make_clip(folder / ".hidden.mov", 5, 99))
    return folder


def start(workspace: Workspace, videos: Path, shard: str) -> "subprocess.Popen[str]":
    program = [sys.executable, "-m", "signpipe", "extract", str(videos), "-w", str(workspace.root)]
    return subprocess.Popen(
        [*program, "--shard", shard, "--workers", "1"], stdout=subprocess.PIPE, text=True
    )


@given(st.text(), st.integers(1, 50))
def test_every_clip_is_in_one_shard(clip_id: str, count: int) -> None:
    assert sum(Shard(number, count).has(clip_id) for number in range(1, count + 1)) == 1


def test_parse() -> None:
    assert parse_shard("3/8") == Shard(3, 8)
    assert str(parse_shard("1/1")) == "1/1"
    for text in ("", "3", "0/8", "9/8", "1/0", "-1/8", "1/8/9", "a/b", "1 / 8", "٣/8"):
        with pytest.raises(SignpipeError, match="such as 3/8"):
            parse_shard(text)


def test_who_may_run_beside_whom(tmp_path: Path) -> None:
    workspace = Workspace(tmp_path)
    with hold(workspace, Shard(1, 3)), hold(workspace, Shard(2, 3)):
        with (
            pytest.raises(SignpipeError, match="another signpipe extract is writing"),
            hold(workspace, None),
        ):
            pass
        with (
            pytest.raises(SignpipeError, match="another signpipe extract-2-of-3 is"),
            hold(workspace, Shard(2, 3)),
        ):
            pass
        with (
            pytest.raises(SignpipeError, match="shard [12]/3 .* before you split .* 2"),
            hold(workspace, Shard(2, 2)),
        ):
            pass
    with hold(workspace, Shard(2, 2)), hold(workspace, Shard(1, 2)):
        pass
    with (
        hold(workspace, None),
        pytest.raises(SignpipeError, match="another"),
        hold(workspace, Shard(2, 2)),
    ):
        pass


def test_two_at_once_one_killed_and_resumed(tmp_path: Path, videos: Path) -> None:
    workspace = Workspace(tmp_path / "workspace")
    journal = Shard(2, 2).journal(workspace)
    one, two = start(workspace, videos, "1/2"), start(workspace, videos, "2/2")
    while not read_outcomes(journal):
        assert two.poll() is None
        time.sleep(0.02)
    two.send_signal(signal.SIGKILL)
    two.communicate()
    text, _ = one.communicate()
    assert one.returncode == 0
    assert "are left to other shards; when these are done,\nnext: signpipe pretrain" in text
    before = {path: path.stat().st_mtime_ns for path in workspace.keypoints.rglob("*.h5")}
    again = run(workspace, [videos], shard=Shard(2, 2), workers=1)
    assert again.done_before and again.left == 0
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert not workspace.outcomes.exists()

    table = read_clips(workspace.clips)
    assert workspace_status.run(workspace).stages[0].state == "done"
    assert prepare.run(workspace).clips == CLIPS
    result = run(workspace, [videos], workers=1)
    assert (result.done_before, result.statuses) == (CLIPS, {"ok": CLIPS})
    assert {*read_clips(workspace.clips).values()} == {*table.values()}
    whole = Workspace(tmp_path / "whole")
    run(whole, [videos], workers=1)
    assert read_clips(whole.clips) == {
        clip_id: table[clip_id] for clip_id in read_clips(whole.clips)
    }


def test_a_shard_without_clips(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.mp4").touch()
    workspace = Workspace(tmp_path / "workspace")
    results = {n: run(workspace, [tmp_path], shard=Shard(n, 3), workers=1) for n in (1, 2, 3)}
    assert sorted(result.clips for result in results.values()) == [0, 0, 1]
    has = next(n for n, result in results.items() if result.clips)
    assert [result.left for result in results.values()] == [int(n < has) for n in (1, 2, 3)]
    show(results[has % 3 + 1], workspace.root)
    assert "no clip falls to this shard" in capsys.readouterr().out
    # What the others have is old outcomes: they do not tell what is left.
    again = run(workspace, [tmp_path], shard=Shard(has % 3 + 1, 3), workers=1, retry_failed=True)
    show(again, workspace.root)
    assert again.left is None
    assert "when the other shards are done, too,\n" in capsys.readouterr().out


def test_the_later_journal_counts(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    workspace = Workspace(tmp_path / "workspace")
    shard = Shard(1, 1)
    [failed] = run(workspace, [tmp_path], shard=shard, workers=1).failures
    assert read_outcomes(workspace.outcomes) == {"a": failed}
    append_outcomes(workspace.outcomes, [replace(failed, status="ok")])
    assert read_outcomes(workspace.outcomes)["a"].status == "ok"
    append_outcomes(shard.journal(workspace), [failed])
    assert read_outcomes(workspace.outcomes)["a"].status == "empty"
    os.utime(tmp_path / "a.mp4", ns=(1, 1))  # what is journalled again goes into the shard's
    run(workspace, [tmp_path], shard=shard, workers=1)
    assert read_outcomes(workspace.outcomes)["a"].mtime_ns == 1
