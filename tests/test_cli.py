"""Whole commands, as a person types them."""

import io
import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import get_args

import h5py
import pytest
from typer.main import get_command
from typer.testing import CliRunner

import signpipe
from signpipe.cli import app, main
from signpipe.cliptable import read_clips
from signpipe.evaluation.schema import Protocol
from signpipe.settings import parse_changes, resolve
from signpipe.settings.explained import STAGES
from signpipe.workspace import Workspace

README = Path(__file__).parents[1] / "README.md"
COMMANDS = get_command(app).commands  # type: ignore[attr-defined]
SMALL = (
    "frames = 8\njoint_channels = [8, 8, 16]\npart_channels = 32\nheads = 4\n"
    "hand_feedforward = 32\ntrunk_feedforward = 32\n"
)


def run(*words: object, **environment: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "signpipe", *map(str, words)]
    given = {**os.environ, **environment}
    return subprocess.run(command, capture_output=True, text=True, env=given, timeout=300)


def test_every_command_and_option_has_help_and_stands_in_the_readme():
    text = README.read_text(encoding="utf-8")
    assert len(COMMANDS) >= 9
    for name, command in COMMANDS.items():
        assert command.help, name
        assert f"signpipe {name}" in text, f"the README does not mention signpipe {name}"
        for parameter in command.params:
            assert getattr(parameter, "help", None), f"{name}: {parameter.name} has no help"


TEXTS = {"README": README.read_text(encoding="utf-8")} | {
    name: command.help for name, command in COMMANDS.items()
}


@pytest.mark.parametrize("where", TEXTS)
def test_readme_and_help_name_no_command_or_option_that_is_not_there(where):
    options = {
        name: {flag for parameter in command.params for flag in parameter.opts}
        for name, command in COMMANDS.items()
    }
    # In code only: indented lines and what stands between backticks, over the end of a line, too.
    pieces = re.findall(r"(?m)^ {4}(.*)$|`([^`]+)`", TEXTS[where])
    code = "\n".join(" ".join((indented or quoted).split()) for indented, quoted in pieces)
    used = re.findall(r"signpipe ([a-z-]+)((?: [^\n|&#]*)?)", code)
    assert used or where != "README"
    for name, rest in used:
        assert name in COMMANDS, name
        for flag in re.findall(r"(?<= )--?[a-z][a-z-]*", rest):
            assert flag in options[name] | {"--help"}, f"signpipe {name} {flag}"
    if where in options:  # its own options, by themselves
        for flag in re.findall(r"(?m)^(--[a-z-]+)", code):
            assert flag in options[where], flag


@pytest.mark.parametrize("stage", STAGES)
def test_help_names_no_setting_that_is_not_there(stage):
    named = re.findall(r"`(?:--set )?'?([a-z_.]+)=([^`']+)'?`", COMMANDS[stage].help)
    assert named or stage in ("extract", "prepare", "train")
    resolve(STAGES[stage], changes=parse_changes([f"{name}={value}" for name, value in named]))


@pytest.mark.parametrize(
    ("command", "told"),
    [
        ("extract", ["wlasl100", "msasl1000", "autsl", "--shard", "--scheduler", "clips.csv"]),
        ("import", [".pose", "asl-signs", "1,662", "formats"]),
        ("export-poses", ["labels.csv", "signpipe import"]),
        ("pretrain", ["metrics.csv", "torchrun", "signpipe settings pretrain"]),
        ("finetune", ["unlabelled", "classifier=parts"]),
        ("evaluate", [*get_args(Protocol), "by_signer", "metrics.json", "--split test"]),
        ("status", ["keypoints/<clip>.h5", "parts.h5", "recognizer/", "truncated"]),
    ],
)
def test_help_tells_what_the_readme_leaves_out(command, told):
    text = " ".join(COMMANDS[command].help.split())
    assert [word for word in told if word not in text] == []


def test_the_readmes_pictures_and_links_are_there():
    targets = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert "examples/overlay.png" in targets
    for target in targets:
        assert (README.parent / target).exists(), target


def test_the_functions_of_the_package_are_those_of_the_commands():
    for name in signpipe._LAZY:
        assert callable(getattr(signpipe, name))
    with pytest.raises(AttributeError, match="nothing"):
        _ = signpipe.nothing


def test_version_and_no_command():
    runner = CliRunner()
    assert runner.invoke(app, ["--version"]).output.strip() == f"signpipe {signpipe.__version__}"
    assert "extract" in runner.invoke(app, []).output


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["extract", "nowhere"], "there is no file or folder 'nowhere'"),
        (["extract", "."], "no video in"),
        (["import", "nowhere.h5"], "nowhere.h5"),
        (["prepare"], "run `signpipe extract VIDEOS`"),
        (["pretrain"], "run `signpipe extract VIDEOS`"),
        (["pretrain", "--set", "epoch=3"], "no setting epoch"),
        (["pretrain", "--preset", "huge"], "no preset 'huge'"),
        (["pretrain", "--settings", "nowhere.toml"], "nowhere.toml"),
        (["pretrain", "--init", "nowhere"], "no encoder file 'nowhere'"),
        (["finetune"], "run `signpipe extract VIDEOS`"),
        (["finetune", "--encoder", "x", "--from-scratch"], "exclude each other"),
        (["evaluate"], "run `signpipe finetune` first"),
        (["predict", "clip.mp4"], "run `signpipe finetune` first"),
        (["predict", "clip.mp4", "--recognizer", "."], "no recogniser"),
        (["predict", "clip.mp4", "--recognizer", "no.onnx"], "cannot read no.onnx"),
        (["export", ".", "model.onnx"], "no recogniser"),
        (["export", ".", "page", "--format", "web"], "no recogniser"),
        (["export", ".", "model.onnx", "--assets", "."], "--assets is for --format web"),
    ],
)
def test_errors_are_one_sentence_and_exit_code_2(words, said, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    done = run(*words)
    assert done.returncode == 2
    assert said in done.stderr
    assert "Traceback" not in done.stderr
    message = [line for line in done.stderr.splitlines() if line.startswith("signpipe: ")]
    assert len(message) == 1
    assert not any(path.suffix == ".csv" for path in tmp_path.rglob("*"))


def test_debug_shows_the_traceback(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert "Traceback" in run("--debug", "evaluate").stderr


def test_threads_that_wait_do_not_spin(monkeypatch):
    monkeypatch.setenv("OMP_WAIT_POLICY", "active")
    monkeypatch.delenv("OMP_WAIT_POLICY")
    monkeypatch.setattr(sys, "argv", ["signpipe", "--version"])
    with pytest.raises(SystemExit):
        main()
    assert os.environ["OMP_WAIT_POLICY"] == "passive"  # before any command loads torch


def test_status_of_nothing(tmp_path):
    done = run("status", "-w", tmp_path / "my workspace")
    assert done.returncode == 0
    assert f"next: signpipe extract VIDEOS -w '{tmp_path}/my workspace'" in done.stdout


def test_names_that_are_no_text_are_shown(tmp_path, monkeypatch):
    out = io.TextIOWrapper(io.BytesIO(), encoding="utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout", out)
    monkeypatch.setattr(sys, "argv", ["signpipe", "status", "-w", str(tmp_path / "caf\udce9")])
    with pytest.raises(SystemExit) as end:
        main()
    out.flush()
    assert end.value.code == 0 and rb"caf\udce9'" in out.buffer.getvalue()


@pytest.fixture(scope="module")
def videos(tmp_path_factory, demo_clips) -> Path:
    """Two gestures by four of the shipped signers, a folder each, and a file that is no video."""
    folder = tmp_path_factory.mktemp("videos")
    for gesture in ("wave", "thumbs_up"):
        (folder / gesture).mkdir()
        for clip in sorted((demo_clips / gesture).glob("*_0.mp4"))[:4]:
            shutil.copy(clip, folder / gesture)
    (folder / "wave" / "broken.mp4").write_bytes(b"no video")
    return folder


def test_from_videos_to_a_named_sign(videos, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    small = tmp_path / "small.toml"
    small.write_text(f"batch_size = 4\nmin_steps_per_epoch = 1\n[encoder]\n{SMALL}")

    done = run("extract", videos)
    assert done.returncode == 1, done.stderr  # one clip failed
    assert re.search(r"unreadable: .*broken\.mp4: ", done.stdout)
    assert "labels: 9 clips with 2 signs" in done.stdout
    clips = read_clips(Workspace(Path("workspace")).clips)
    assert {clip.label for clip in clips.values()} == {"wave", "thumbs_up"}
    usable = [clip for clip in clips.values() if clip.usable]
    assert len(usable) == 8
    assert all(clip.pose == 1.0 and max(clip.right_hand, clip.left_hand) > 0.5 for clip in usable)
    with h5py.File(f"workspace/keypoints/{usable[0].clip_id}.h5") as pack:
        assert pack["pose"].dtype == "float32"
        assert pack["times"][0] == 0

    again = run("extract", videos)
    assert "9 clips were done already" in again.stdout
    assert "frames/s" not in again.stdout

    done = run("pretrain", "--settings", small, "--epochs", 2, "--set", "queue=16")
    assert done.returncode == 0, done.stderr
    done = run("finetune", "--settings", small, "--epochs", 30, "--set", "learning_rate=0.05")
    assert done.returncode == 0, done.stderr
    assert "stratified by sign, signers unknown" in done.stdout
    done = run("evaluate", "--split", "test", "--json")
    assert json.loads(done.stdout)["clips"] == 2
    assert "next: signpipe predict CLIP" in run("status").stdout

    # The recogniser needs no workspace, and one bad clip does not stop the rest.
    shutil.move("workspace/finetune/default/recognizer", "recognizer")
    shutil.rmtree("workspace")
    clip = next((videos / "wave").glob("*_0.mp4"))
    bad = videos / "wave" / "broken.mp4"
    words = ["--recognizer", "recognizer", "--json", "--top", 2]
    done = run("predict", clip, bad, "nowhere.mp4", *words, "--overlay", "drawn")
    assert done.returncode == 1
    rows = json.loads(done.stdout)
    assert [row["status"] for row in rows] == ["ok", "unreadable", "unreadable"]
    assert [row["clip"] for row in rows] == [str(clip), str(bad), "nowhere.mp4"]
    named = rows[0]["predictions"]
    assert [len(row["predictions"]) for row in rows] == [2, 0, 0]
    assert sum(answer["probability"] for answer in named) == pytest.approx(1, abs=1e-5)
    assert {answer["sign"] for answer in named} == {"wave", "thumbs_up"}
    assert (Path("drawn") / clip.name).stat().st_size > 5000
    assert run("predict", bad, "--recognizer", "recognizer").returncode == 2


def test_who_stops_reading_ends_a_command_without_a_word():
    reading, writing = os.pipe()
    os.close(reading)
    command = [sys.executable, "-u", "-m", "signpipe", "settings", "pretrain"]
    done = subprocess.run(command, stdout=writing, stderr=subprocess.PIPE, text=True, timeout=60)
    os.close(writing)
    assert (done.returncode, done.stderr) == (1, "")
