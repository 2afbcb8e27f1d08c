"""Extraction by the workers of a real Dask scheduler."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from signpipe.cliptable import read_clips
from signpipe.errors import SignpipeError
from signpipe.extraction.extract import run
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.shared_folder import share
from signpipe.landmarks.pack import open_pack
from signpipe.workspace import Workspace

pytestmark = pytest.mark.cluster

MakeClip = Callable[..., Path]
CLIPS = 6


def finished(workspace: Workspace) -> int:
    return len(read_outcomes(workspace.outcomes))


def wait_for(condition: Callable[[], object], seconds: float = 120) -> None:
    limit = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < limit, "it did not come to that"
        time.sleep(0.02)


def kill_one_worker(scheduler: str) -> None:
    from distributed import Client

    with Client(scheduler, set_as_default=False) as client:
        wait_for(lambda: len(client.nthreads()) == 2)
        os.kill(min(client.run(os.getpid).values()), signal.SIGKILL)


def test_interrupted_then_a_worker_killed(
    dask_cluster: str, tmp_path: Path, make_clip: MakeClip
) -> None:
    videos = tmp_path / "videos" / "sign"
    for number in range(CLIPS):
        make_clip(videos / f"{number}.mp4", 8, number)
    workspace = Workspace(tmp_path / "workspace")
    program = [sys.executable, "-m", "signpipe", "extract", str(videos), "-w", str(workspace.root)]
    parent = subprocess.Popen([*program, "--scheduler", dask_cluster], stderr=subprocess.PIPE)
    wait_for(lambda: finished(workspace) >= 2)
    parent.send_signal(signal.SIGINT)
    _, text = parent.communicate(timeout=10)
    assert parent.returncode == 130
    assert text.splitlines()[-1].startswith(b"signpipe: interrupted") and b"Trace" not in text
    before = read_outcomes(workspace.outcomes)
    assert 2 <= len(before) < CLIPS
    assert read_clips(workspace.clips).keys() == before.keys()

    def kill_in_the_middle() -> None:
        wait_for(lambda: finished(workspace) > len(before))
        kill_one_worker(dask_cluster)

    killer = threading.Thread(target=kill_in_the_middle)
    killer.start()
    result = run(workspace, [videos], scheduler=dask_cluster)
    killer.join()
    # What was in hand at the interruption may have been finished there since.
    assert result.done_before >= len(before) and result.statuses == {"ok": CLIPS}
    assert result.workers == 0
    assert not [*workspace.root.rglob("*.part")]
    assert {*read_outcomes(workspace.outcomes).items()} >= {*before.items()}
    local = Workspace(tmp_path / "local")
    run(local, [videos / "0.mp4", videos / f"{CLIPS - 1}.mp4"], workers=1)
    table = read_clips(workspace.clips)
    for clip_id, clip in read_clips(local.clips).items():
        assert table[clip_id] == clip
        with open_pack(workspace.pack(clip_id)) as one, open_pack(local.pack(clip_id)) as two:
            for part in ("pose", "left_hand", "right_hand", "times"):
                there, here = getattr(one.read(0), part), getattr(two.read(0), part)
                np.testing.assert_array_equal(there, here)


def test_a_cluster_is_asked_only_when_there_is_work(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").touch()
    workspace = Workspace(tmp_path / "workspace")
    with pytest.raises(SignpipeError, match="leave out --workers"):
        run(workspace, [tmp_path], scheduler="tcp://127.0.0.1:1", workers=2)
    run(workspace, [tmp_path], workers=1)
    assert run(workspace, [tmp_path], scheduler="tcp://127.0.0.1:1").done_before == 1


def test_other_machines_must_be_made_alike(tmp_path: Path) -> None:
    sources = [str(tmp_path / "videos" / name) for name in ("a/1.mp4", "b/2.mp4")]
    (tmp_path / "videos").mkdir()
    with share(tmp_path / "keypoints", sources) as folder:
        folder.check()
        assert folder.videos == str(tmp_path / "videos")
        with pytest.raises(SignpipeError, match="no folder .*elsewhere.*under the same path"):
            replace(folder, videos=str(tmp_path / "elsewhere")).check()
        versions = tuple((name, "0.1") for name, _ in folder.versions)
        with pytest.raises(SignpipeError, match="python is .* and, where .* started, 0.1"):
            replace(folder, versions=versions).check()
    with pytest.raises(SignpipeError, match="keypoints is not the folder it is where"):
        folder.check()
    assert not [*(tmp_path / "keypoints").iterdir()]
