"""The examples run as they stand, here on a few clips."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLES = Path(__file__).parents[1] / "examples"


@pytest.fixture
def videos(tmp_path, demo_clips):
    for gesture in ("wave", "draw_circle"):
        (tmp_path / "videos" / gesture).mkdir(parents=True)
        for clip in sorted((demo_clips / gesture).glob("*_0.mp4"))[:3]:
            shutil.copy(clip, tmp_path / "videos" / gesture)
    return tmp_path / "videos"


@pytest.mark.parametrize("name", ["own_videos.sh", "own_videos.py"])
def test_an_example_goes_from_videos_to_an_answer(name, videos, tmp_path):
    scripts = str(Path(sys.executable).parent)  # where the console script is
    environment = {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}
    program = ["bash"] if name.endswith(".sh") else [sys.executable]
    done = subprocess.run(
        [*program, str(EXAMPLES / name), "videos", "made"],
        cwd=tmp_path,
        env=environment,
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "wave" in done.stdout.splitlines()[-2] + done.stdout.splitlines()[-1]
    assert (tmp_path / "made" / "finetune" / "default" / "recognizer" / "recognizer.json").exists()
    assert (tmp_path / "own-videos-overlay.mp4").exists() == name.endswith(".sh")
