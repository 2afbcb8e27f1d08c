"""predict as a person, or another program, sees it."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from typer.testing import CliRunner

from signpipe.cli import app
from signpipe.model.recognizer_card import RecognizerCard, read_card
from signpipe.model.rejection import Rejection
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.workspace import write_json


@pytest.fixture
def recognizer(tmp_path) -> Path:
    torch.manual_seed(0)
    encoder = EncoderSettings(frames=4, part_channels=16, heads=2)
    card = RecognizerCard(signs=("house", "tree"), encoder=encoder, prepare=PrepareSettings())
    save_recognizer(tmp_path / "recognizer", StreamClassifiers(encoder, 2), card)
    return tmp_path / "recognizer"


def predict(*words: object) -> "tuple[int, str]":
    done = CliRunner().invoke(app, ["predict", *map(str, words)])
    return done.exit_code, done.stdout


def test_interrupted_it_keeps_what_is_there(recognizer, make_clip, tmp_path):
    short = make_clip(tmp_path / "short.mp4", frames=2)
    long = make_clip(tmp_path / "long.mp4", frames=400)
    cache = tmp_path / "cache"
    words = [short, long, "--recognizer", recognizer, "--json", "--workers", 1]
    process = subprocess.Popen(
        [sys.executable, "-m", "signpipe", "predict", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "SIGNPIPE_CACHE": str(cache)},
    )
    lines = [process.stdout.readline() for _ in range(2)]
    assert json.loads(lines[1])["clip"] == str(short)  # it is there before the long one
    process.send_signal(signal.SIGINT)
    rest, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    (row,) = json.loads("".join([*lines, rest]))
    assert row["status"] == "ok" and len(row["predictions"]) == 2
    assert "interrupted; what is finished is kept" in errors and "Traceback" not in errors
    assert len([*(cache / "landmarks").glob("*.h5")]) == 1


def test_each_line_of_the_json_is_a_clip(recognizer, make_clip, tmp_path):
    one = make_clip(tmp_path / "one.mp4", frames=2)
    where = ("--recognizer", recognizer, "-w", tmp_path / "none")
    code, text = predict(one, "nowhere.mp4", one, *where, "--json", "--overlay", tmp_path / "o")
    rows = json.loads(text)
    first, *lines, last = text.splitlines()
    assert (code, first, last) == (1, "[", "]")
    assert [json.loads(line.lstrip(",")) for line in lines] == rows
    assert [row["status"] for row in rows] == ["ok", "unreadable", "ok"]
    assert [bool(row["overlay"]) for row in rows] == [True, False, True]


def test_an_overlay_that_cannot_be_written_is_a_failure_of_its_clip(
    recognizer, make_clip, tmp_path
):
    one, two = (make_clip(tmp_path / f"{n}.mp4", frames=2) for n in ("one", "two"))
    (tmp_path / "drawn" / "one.mp4").mkdir(parents=True)
    where = ("--recognizer", recognizer, "-w", tmp_path / "none")
    code, text = predict(one, two, *where, "--overlay", tmp_path / "drawn")
    first, second = text.splitlines()
    assert code == 1
    assert "house" in first and "cannot be written: Is a directory" in first
    assert second.endswith(f"-> {tmp_path / 'drawn' / 'two.mp4'}")
    code, text = predict(one, *where, "--overlay", tmp_path / "x.txt")
    assert (code, text) == (2, "")


def test_clip_ids_of_the_workspace(recognizer, signs_workspace):
    where = ("--recognizer", recognizer, "-w", signs_workspace.root)
    code, text = predict("s0/tree/1", "s3/house/0", *where, "--top", 1)
    assert code == 0
    assert [line.split(": ")[0] for line in text.splitlines()] == ["s0/tree/1", "s3/house/0"]


def test_none_of_these_unless_always(recognizer, signs_workspace):
    where = ("s0/tree/1", "--recognizer", recognizer, "-w", signs_workspace.root, "--top", 1)
    _, named = predict(*where)
    card = read_card(recognizer)
    rejection = Rejection(threshold=-0.1)
    strict = card.model_copy(update={"rejection": rejection})
    write_json(recognizer / "recognizer.json", strict.model_dump())
    assert predict(*where, "--always") == (0, named)
    sign = named.removeprefix("s0/tree/1: ").strip()
    assert predict(*where) == (0, f"s0/tree/1: none of these ({sign})\n")
    (row,) = json.loads(predict(*where, "--json")[1])
    assert row["answer"] == "none of these" and row["predictions"][0]["sign"] == sign.split()[0]
    (row,) = json.loads(predict(*where, "--json", "--always")[1])
    assert row["answer"] == row["predictions"][0]["sign"]
