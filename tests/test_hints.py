"""Every `next:` hint runs as it stands: followed from videos to an answer, and after changes."""

import re
import shlex

import pytest
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.training import finetune, pretrain

pytestmark = pytest.mark.slow
SMALL = (
    "epochs = 1\nbatch_size = 12\nmin_steps_per_epoch = 1\nprecision = 'fp32'\n[encoder]\n"
    "frames = 8\njoint_channels = [8, 8, 16]\npart_channels = 32\nheads = 4\n"
    "hand_feedforward = 32\ntrunk_feedforward = 32\nembedding = 16\n"
)
HINT = re.compile(r"(?m)^next: signpipe (.*)$")


@pytest.fixture
def videos(make_clip, tmp_path):
    for number in range(6):
        make_clip(tmp_path / f"videos/{('house', 'tree')[number % 2]}/{number}.mp4", seed=number)
    return tmp_path / "videos"


@pytest.fixture
def follow(videos, tmp_path, monkeypatch):
    """`follow(words)` types a command and then what its hints, and those of status, say.

    The stages in `small` are typed with the small settings. Returns the names of the commands that
    were typed, until predict, which is run too.
    """
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)

    def type_in(words):
        done = CliRunner().invoke(app, words)
        assert done.exit_code == 0, f"{words}: {done.output}"
        return HINT.findall(done.output)

    def follow(*words, small=()):
        typed = [words[0]]
        hints = type_in(words)
        while typed[-1] != "predict":
            (hint,) = hints or type_in(["status"])
            replaced = {"CLIP": str(videos / "tree" / "1.mp4"), "VIDEOS": str(videos)}
            words = [replaced.get(word, word) for word in shlex.split(hint)]
            if words[0] in small:
                words += ["--settings", "small.toml"]
            hints = type_in(words)
            typed.append(words[0])
            assert len(typed) < 10, typed
        return typed

    return follow


def test_hints_lead_from_videos_to_an_answer_and_do_so_after_changes(
    follow, videos, make_clip, monkeypatch
):
    words = ["extract", str(videos), "--workers", "1"]
    short = ["extract", "finetune", "evaluate", "predict"]
    assert follow(*words, small=("finetune",)) == short

    # An encoder of one's own, once there is one, is made again where clips are added.
    assert CliRunner().invoke(app, ["pretrain", "--settings", "small.toml"]).exit_code == 0
    again = ["finetune", "--redo", "--encoder", "default", "--settings", "small.toml"]
    assert CliRunner().invoke(app, again).exit_code == 0
    whole = ["extract", "pretrain", "finetune", "evaluate", "predict"]

    # Settings are no longer given: the runs remember them.
    make_clip(videos / "tree" / "more.mp4", seed=7)
    assert follow("extract", str(videos), "--workers", "1") == whole

    for stage, module, writes in (
        ("pretrain", pretrain, "save_backbone"),
        ("finetune", finetune, "save_recognizer"),
    ):
        with monkeypatch.context() as patch:
            patch.setattr(module, writes, interrupt)
            words = [stage, "--redo", "--settings", "small.toml", "--set", "epochs=2"]
            assert CliRunner().invoke(app, words).exit_code == 130
        assert follow("status")[-1] == "predict"


def test_hints_after_a_first_run_that_was_interrupted(follow, videos, monkeypatch):
    assert CliRunner().invoke(app, ["extract", str(videos), "--workers", "1"]).exit_code == 0
    with monkeypatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        words = ["pretrain", "--settings", "small.toml", "--set", "epochs=2"]
        assert CliRunner().invoke(app, words).exit_code == 130
    assert follow("status", small=("finetune",))[:2] == ["status", "pretrain"]


def interrupt(*_):
    raise KeyboardInterrupt
