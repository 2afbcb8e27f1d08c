"""predict --stream: the events of a video, as it is watched."""

import json

import pytest
from typer.testing import CliRunner

from signpipe import stream_prediction
from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.extraction.landmark_cache import LandmarkCache
from signpipe.extraction.recording_pieces import RecordingPieces
from signpipe.landmarks.formats.pose_files import pose_bytes
from signpipe.live.answered_stream import AnsweredSign
from signpipe.live.sign_stream import HandsDown, HandsUp
from signpipe.recognizer import Recognizer
from signpipe.search import spotting
from signpipe.settings import ExtractSettings


def test_two_gestures_are_two_signs_as_text_and_as_json(gesture_recognizer, two_gestures):
    path, border = two_gestures
    with Recognizer.load(gesture_recognizer) as recognizer:
        events = list(stream_prediction.run(path, recognizer))
    assert [type(event) for event in events] == [HandsUp, AnsweredSign, HandsDown] * 2
    first, second = (event for event in events if isinstance(event, AnsweredSign))
    assert first.start < first.end < border + 0.1 < second.start + 0.2 < second.end
    words = ["predict", str(path), "--recognizer", str(gesture_recognizer), "--stream"]
    done = CliRunner().invoke(app, [*words, "--json"])
    rows = [json.loads(line) for line in done.stdout.splitlines()]
    assert [row["event"] for row in rows] == ["hands up", "sign", "hands down"] * 2
    assert rows[1]["start"] == pytest.approx(first.start, abs=0.001)
    assert rows[1]["answer"] == first.answer.answer
    assert [p["sign"] for p in rows[1]["predictions"]] == [s for s, _ in first.answer.signs]


def test_what_is_no_video_is_one_sentence(gesture_recognizer, tmp_path):
    broken = tmp_path / "broken.mp4"
    broken.write_bytes(b"no video")
    with pytest.raises(SignpipeError, match=r"broken\.mp4: it cannot be opened as a video"):
        list(stream_prediction.run(broken, gesture_recognizer))
    words = ["predict", str(broken), "--recognizer", str(gesture_recognizer), "--stream"]
    assert CliRunner().invoke(app, words).exit_code == 2
    drawn = CliRunner().invoke(app, [*words, "--overlay", str(tmp_path / "x.mp4")])
    assert drawn.exit_code == 2 and not (tmp_path / "x.mp4").exists()


def test_a_pose_file_has_the_signs_of_its_video(gesture_recognizer, two_gestures, tmp_path):
    pytest.importorskip("pose_format")
    with RecordingPieces(
        two_gestures[0], ExtractSettings(), workers=1, cache=LandmarkCache()
    ) as pieces:
        (piece,) = pieces
    pose = tmp_path / "talk.pose"
    pose.write_bytes(pose_bytes(piece.landmarks, piece.fps, piece.width, piece.height))
    with Recognizer.load(gesture_recognizer) as recognizer:
        of_video, of_pose = (
            list(spotting.each(path, recognizer, workers=1)) for path in (two_gestures[0], pose)
        )
        events = list(stream_prediction.run(pose, recognizer))
    assert [type(event) for event in events] == [HandsUp, AnsweredSign, HandsDown] * 2
    assert [sign.start for sign in of_pose] == [e.start for e in events if hasattr(e, "start")]
    for one, other in zip(of_video, of_pose, strict=True):
        assert (one.start, one.end) == pytest.approx((other.start, other.end), abs=0.001)
        assert dict(one.signs) == pytest.approx(dict(other.signs), abs=0.01)
    words = ["--recognizer", str(gesture_recognizer), str(pose), str(tmp_path / "none.pose")]
    for command in (["spot"], ["predict", "--stream"]):
        done = CliRunner().invoke(app, [*command, *words])
        assert done.exit_code == 1 and done.stdout.count("talk.pose") >= 2
        assert "none.pose: there is no such file" in done.stderr.replace("\n", " ")
    pose.write_bytes(pose.read_bytes()[:100])
    assert CliRunner().invoke(app, ["spot", *words[:3]]).exit_code == 2
