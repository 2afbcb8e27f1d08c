"""predict --stream: the events of a video, as it is watched."""

import json

import numpy as np
import pytest
import torch
from typer.testing import CliRunner

from signpipe import stream_prediction
from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.live.answered_stream import AnsweredSign
from signpipe.live.sign_stream import HandsDown, HandsUp
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.recognizer import Recognizer
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.video.read import Video
from signpipe.video.write import write_video


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    encoder = EncoderSettings(frames=4, part_channels=16, heads=2)
    card = RecognizerCard(signs=("wave", "drum"), encoder=encoder, prepare=PrepareSettings())
    made = tmp_path_factory.mktemp("made") / "recognizer"
    save_recognizer(made, StreamClassifiers(encoder, 2), card)
    return made


@pytest.fixture(scope="module")
def long(tmp_path_factory, demo_clips):
    """A drawn signer shows two gestures, one after the other; the frames after the first."""
    frames: list[np.ndarray] = []
    ends = []
    for clip in ("wave/bo_0.mp4", "drum/bo_0.mp4"):
        with Video(demo_clips / clip) as video:
            frames += [pixels for _, pixels in video]
        ends.append(len(frames))
    path = tmp_path_factory.mktemp("long") / "long.mp4"
    write_video(path, frames, 20)
    return path, ends[0] / 20


def test_two_gestures_are_two_signs_as_text_and_as_json(folder, long):
    path, border = long
    with Recognizer.load(folder) as recognizer:
        events = list(stream_prediction.run(path, recognizer))
    assert [type(event) for event in events] == [HandsUp, AnsweredSign, HandsDown] * 2
    first, second = (event for event in events if isinstance(event, AnsweredSign))
    assert first.start < first.end < border + 0.1 < second.start + 0.2 < second.end
    words = ["predict", str(path), "--recognizer", str(folder), "--stream"]
    done = CliRunner().invoke(app, [*words, "--json"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["event"] for row in rows] == ["hands up", "sign", "hands down"] * 2
    assert rows[1]["start"] == pytest.approx(first.start, abs=0.001)
    assert rows[1]["answer"] == first.answer.answer
    assert [p["sign"] for p in rows[1]["predictions"]] == [s for s, _ in first.answer.signs]


def test_what_is_no_video_is_one_sentence(folder, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(SignpipeError, match=r"broken\.mp4: it cannot be opened as a video"):
        list(stream_prediction.run(broken, folder))
    words = ["predict", str(broken), "--recognizer", str(folder), "--stream"]
    assert CliRunner().invoke(app, words).exit_code == 2
    drawn = CliRunner().invoke(app, [*words, "--overlay", str(tmp_path / "x.mp4")])
    assert drawn.exit_code == 2 and not (tmp_path / "x.mp4").exists()
