import shutil
from pathlib import Path

import av
import numpy as np
import pytest
import torch

from signpipe import prediction
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.training.scoring import score

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)
SIGNS = ("house", "tree", "water")


@pytest.fixture
def recognizer(tmp_path):
    torch.manual_seed(0)
    card = RecognizerCard(signs=SIGNS, encoder=ENCODER, prepare=PrepareSettings(), joint_weight=0.6)
    save_recognizer(tmp_path / "recognizer", StreamClassifiers(ENCODER, len(SIGNS)), card)
    return tmp_path / "recognizer"


def test_probabilities_are_the_softmax_of_the_weighted_logits(recognizer, walk):
    landmarks = walk(1, 2, 3)
    model, card = prediction.load_recognizer(recognizer)
    found = prediction.classify(Extraction("ok", "", landmarks, 25.0, 640, 480, 0), model, card)
    keypoints = to_keypoints(landmarks, card.prepare, 640, 480)
    logits = score(model, Parts.of({"x": keypoints}), np.zeros(1, np.int64), 4)
    both = torch.tensor(0.6 * logits["joint"][0] + 0.4 * logits["motion"][0]).double()
    expected = dict(zip(SIGNS, both.softmax(0).tolist(), strict=True))
    assert dict(found) == pytest.approx(expected, rel=1e-5)
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True)


def test_a_folder_of_clips_with_overlays(recognizer, make_clip, tmp_path):
    make_clip(tmp_path / "clips" / "a" / "one.mp4", frames=4)
    shutil.copytree(tmp_path / "clips" / "a", tmp_path / "clips" / "b")
    (tmp_path / "clips" / "empty.mp4").touch()
    found = prediction.run([tmp_path / "clips"], recognizer, top=2, overlay=tmp_path / "drawn")
    assert [prediction.status for prediction in found] == ["ok", "ok", "empty"]
    assert [len(prediction.signs) for prediction in found] == [2, 2, 0]
    drawn = sorted((tmp_path / "drawn").iterdir())
    assert len(drawn) == 2  # two clips of one name do not overwrite each other
    with av.open(str(drawn[0])) as video:
        frames = [frame.to_ndarray(format="rgb24") for frame in video.decode(video=0)]
    assert len(frames) == 4
    assert frames[0].shape[0] > frames[0].shape[1]  # the answers stand below the picture


def test_several_clips_need_a_folder_to_be_drawn_to(recognizer, tmp_path):
    clips = [tmp_path / "one.mp4", tmp_path / "two.mp4"]
    with pytest.raises(SignpipeError, match="name a folder"):
        prediction.run(clips, recognizer, overlay=tmp_path / "drawn.mp4")


def test_an_overlay_never_replaces_a_clip(recognizer, make_clip, tmp_path):
    clip = make_clip(tmp_path / "one.mp4", frames=2)
    before = clip.read_bytes()
    for overlay in (clip, tmp_path):
        with pytest.raises(SignpipeError, match="would replace a clip"):
            prediction.run([clip], recognizer, overlay=overlay)
    assert clip.read_bytes() == before


def test_an_overlay_that_cannot_be_written(recognizer, make_clip, tmp_path):
    clip = make_clip(tmp_path / "one.mp4", frames=2)
    (tmp_path / "file").touch()
    with pytest.raises(SignpipeError, match="cannot write the overlay"):
        prediction.run([clip], recognizer, overlay=tmp_path / "file" / "drawn.mp4")


def test_nothing_to_predict(recognizer, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SignpipeError, match="no video"):
        prediction.run([tmp_path / "empty"], recognizer)
    (missing,) = prediction.run([Path("nowhere.mp4")], recognizer)
    assert (missing.status, missing.signs) == ("unreadable", ())
