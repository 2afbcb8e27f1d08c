import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

from signpipe.answers import NONE_OF_THESE, NOT_SIGNING
from signpipe.errors import SignpipeError
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.rejection import Rejection, unknownness
from signpipe.model.stream_classifiers import StreamClassifiers, load_recognizer, save_recognizer
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.recognizer import Recognizer
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.training.scoring import score

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)
SIGNS = ("house", "tree", "water")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    torch.manual_seed(0)
    made = tmp_path_factory.mktemp("made") / "recognizer"
    card = RecognizerCard(signs=SIGNS, encoder=ENCODER, prepare=PrepareSettings(), joint_weight=0.6)
    save_recognizer(made, StreamClassifiers(ENCODER, len(SIGNS)), card)
    return made


@pytest.fixture
def recognizer(folder):
    with Recognizer.load(str(folder)) as made:
        yield made


def test_probabilities_are_the_softmax_of_the_weighted_logits(folder, recognizer, walk):
    landmarks = walk(1, 2, 3)
    found = recognizer.predict_landmarks(landmarks, width=640, height=480)
    keypoints = to_keypoints(landmarks, recognizer.card.prepare, 640, 480)
    logits = score(load_recognizer(folder)[0], Parts.of({"x": keypoints}), np.zeros(1, np.int64), 4)
    both = torch.tensor(0.6 * logits["joint"][0] + 0.4 * logits["motion"][0]).double()
    expected = dict(zip(SIGNS, both.softmax(0).tolist(), strict=True))
    assert recognizer.signs == SIGNS
    assert dict(found) == pytest.approx(expected, rel=1e-5)
    shares = [share for _, share in found]
    assert shares == sorted(shares, reverse=True)
    assert recognizer.predict_landmarks(landmarks, width=640, height=480, top=2) == found[:2]


def test_a_video_is_predicted_as_its_landmarks_are(recognizer, make_clip, tmp_path, capfd):
    clip = make_clip(tmp_path / "one.mp4", frames=3, seed=11)
    prediction = recognizer.predict(str(clip))
    seen = recognizer.extract(clip)
    assert (prediction.status, prediction.clip, len(seen.landmarks)) == ("ok", str(clip), 3)
    again = recognizer.predict_landmarks(seen.landmarks, width=seen.width, height=seen.height)
    assert prediction.signs == again
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    broken = recognizer.predict(tmp_path / "broken.mp4")
    assert (broken.status, broken.signs) == ("unreadable", ())
    assert recognizer.predict(tmp_path / "nowhere.mp4").reason == "there is no such file"
    recognizer.close()
    make_clip(tmp_path / "two.mp4", frames=2, seed=12)
    assert recognizer.predict(tmp_path / "two.mp4").status == "ok"  # MediaPipe is loaded again
    assert capfd.readouterr() == ("", "")


def test_alike_clips_have_alike_embeddings(recognizer, walk):
    one, other, far = (
        recognizer.embed(walk(*which)) for which in ((0, 0, 0), (0, 0, 1), (3, 4, 1))
    )
    assert one.shape == (64,) and one.dtype == np.float32
    for row in (one, other, far):
        assert np.linalg.norm(row) == pytest.approx(1, abs=1e-5)
    assert one @ other > one @ far
    assert np.array_equal(recognizer.embed(walk(0, 0, 0)), one)


def test_threads_share_a_recogniser(recognizer, walk, make_clip, tmp_path):
    clips = [make_clip(tmp_path / f"{i}.mp4", frames=2, seed=20 + i) for i in range(4)]
    walks = [walk(i, i, i) for i in range(8)]
    meet = threading.Barrier(8)

    def work(i):
        meet.wait(60)
        return (
            recognizer.predict_landmarks(walks[i]),
            recognizer.embed(walks[i]).tolist(),
            recognizer.predict(clips[i % 4]),
        )

    with ThreadPoolExecutor(8) as pool:
        together = list(pool.map(work, range(8)))
    meet = threading.Barrier(1)
    assert together == [work(i) for i in range(8)]


def test_nothing_to_look_at_and_no_recogniser(recognizer, walk, tmp_path):
    for method in (recognizer.predict_landmarks, recognizer.embed):
        with pytest.raises(ValueError, match="no frames"):
            method(walk(0, 0, 0, frames=0))
    with pytest.raises(SignpipeError, match="no recogniser"):
        Recognizer.load(tmp_path)


def rejecting(folder, **given):
    """The recogniser with a rule for "none of these"."""
    made = Recognizer.load(folder)
    rejection = Rejection(**given)
    return Recognizer(made._scorer, made.card.model_copy(update={"rejection": rejection}))


@pytest.mark.parametrize("score", ["probability", "logit"])
def test_above_the_threshold_it_is_none_of_these(folder, recognizer, walk, score):
    walks = [walk(sign, signer, 0) for sign in range(3) for signer in range(4)]
    found = [recognizer.decide(clip) for clip in walks]
    assert all(answer.answer == answer.signs[0][0] and answer.is_sign for answer in found)
    logits = [recognizer._scorer.logits(clip, (None, None))[0] for clip in walks]
    by = unknownness(logits, score)
    threshold = float(np.median(by))
    strict = rejecting(folder, score=score, threshold=threshold)
    decided = [strict.decide(clip) for clip in walks]
    assert [d.answer == NONE_OF_THESE for d in decided] == [value > threshold for value in by]
    assert any(d.is_sign for d in decided) and not all(d.is_sign for d in decided)
    assert [strict.decide(clip, always=True) for clip in walks] == found
    assert [d.signs for d in decided] == [d.signs for d in found]


def test_the_temperature_softens_probabilities_and_changes_no_order(folder, recognizer, walk):
    soft = rejecting(folder, temperature=4.0)
    sharp, flat = (r.predict_landmarks(walk(1, 2, 3)) for r in (recognizer, soft))
    assert [sign for sign, _ in sharp] == [sign for sign, _ in flat]
    assert 1 / 3 < flat[0][1] < sharp[0][1]
    assert sum(share for _, share in flat) == pytest.approx(1)


def test_a_prediction_has_the_answer_and_none_where_nothing_was_seen(folder, make_clip, tmp_path):
    clip = make_clip(tmp_path / "one.mp4", frames=2, seed=11)
    with rejecting(folder, threshold=-0.1) as strict:
        refused, named = strict.predict(clip), strict.predict(clip, always=True)
        (tmp_path / "broken.mp4").write_bytes(b"no video")
        assert strict.predict(tmp_path / "broken.mp4").answer is None
    assert (refused.answer, named.answer) == (NONE_OF_THESE, named.signs[0][0])
    assert refused.signs == named.signs


def test_a_clip_that_is_refused_and_shows_no_hands_is_of_a_person_who_does_not_sign(folder, walk):
    clip = walk(1, 2, 3)
    nothing = np.full_like(clip.right_hand, np.nan)
    resting = type(clip)(clip.pose, nothing, nothing)
    strict = rejecting(folder, threshold=-0.1)
    assert strict.decide(clip).answer == NONE_OF_THESE
    assert strict.decide(resting).answer == NOT_SIGNING
    assert strict.decide(resting, always=True).is_sign
    assert Recognizer.load(folder).decide(resting).is_sign  # without a rule it names a sign
