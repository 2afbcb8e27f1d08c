import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from signpipe.export.graph_heads import LearnedHead, unknownness
from signpipe.export.landmark_graph import Keypoints, LandmarkGraph, mirror_image
from signpipe.landmarks.pack import Landmarks
from signpipe.model import rejection
from signpipe.model.onnx_graph import as_landmarks
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, final
from signpipe.parts.normalise import to_keypoints
from signpipe.parts.store import Parts
from signpipe.settings import EncoderSettings, PrepareSettings
from signpipe.training.features import embed, join, unit
from signpipe.training.scoring import score
from signpipe.training.views import swap_hands

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)


def clip(seed: int, frames: int, lost: float, never: str = "") -> Landmarks:
    """A clip of which single joints, whole parts of frames, and one part `never` are seen."""
    rng = np.random.default_rng(seed)
    arrays = {}
    for part, shape in (("pose", (33, 4)), ("left_hand", (21, 3)), ("right_hand", (21, 3))):
        points = rng.uniform(-0.2, 1.2, (frames, *shape)).astype(np.float32)
        points[rng.random((frames, shape[0])) < lost / 4] = np.nan
        points[rng.random(points.shape) < lost / 20] = np.nan
        points[rng.random(frames) < lost] = np.nan
        arrays[part] = points * np.nan if part == never else points
    return Landmarks(**arrays)


clips = st.builds(
    clip,
    st.integers(0, 2**32),
    st.integers(1, 12),
    st.sampled_from([0.0, 0.3, 1.0]),
    st.sampled_from(["", "pose", "left_hand", "right_hand"]),
)
sizes = st.sampled_from([(640, 480), (480, 640), (1, 4000), None])


def batch(clips: list[Landmarks], sizes: list) -> tuple[torch.Tensor, ...]:
    """The graph's inputs; what is beyond a clip's own frames is filled with numbers of no clip."""
    longest = max(len(one) for one in clips)
    landmarks = np.full((len(clips), longest, 75, 3), 9.0, np.float32)
    for row, one in zip(landmarks, clips, strict=True):
        row[: len(one)] = as_landmarks(one.pose, one.left_hand, one.right_hand)
    lengths = torch.tensor([len(one) for one in clips])
    size = torch.tensor([size or (0, 0) for size in sizes], dtype=torch.float32)
    return torch.from_numpy(landmarks), size, lengths


@settings(deadline=None)
@given(st.lists(st.tuples(clips, sizes), min_size=1, max_size=3), st.floats(0.6, 5), st.booleans())
def test_keypoints_are_those_of_prepare(drawn, box, by_shoulders):
    prepare = PrepareSettings(hand_box=box, trunk="shoulders" if by_shoulders else "image")
    landmarks, size, lengths = batch([one for one, _ in drawn], [size for _, size in drawn])
    found = Keypoints(prepare)(landmarks, size, lengths).numpy()
    for row, (one, shape) in zip(found, drawn, strict=True):
        expected = to_keypoints(one, prepare, *(shape or ()))
        np.testing.assert_allclose(row[: len(one)], expected, rtol=2e-5, atol=2e-5)
        np.testing.assert_array_equal(row[: len(one), :, 2] > 0, expected[..., 2] > 0)


def recognizer(streams="both", motion="forward", **more):
    torch.manual_seed(0)
    encoder = ENCODER.model_copy(update={"motion": motion})
    card = RecognizerCard(
        signs=("house", "tree", "water"),
        streams=streams,
        encoder=encoder,
        prepare=PrepareSettings(),
        joint_weight=0.3,
        **more,
    )
    return StreamClassifiers(encoder, 3, streams, card.classifier).eval(), card


def graph_of(model, card):
    return LandmarkGraph(model.encoders, LearnedHead(model, card), card)


@pytest.mark.parametrize("motion", ["forward", "backward"])
@pytest.mark.parametrize("streams", ["both", "joint", "motion"])
@settings(max_examples=15, deadline=None)
@given(drawn=st.lists(st.tuples(clips, sizes), min_size=1, max_size=3))
def test_logits_and_feature_are_those_of_the_recogniser(streams, motion, drawn):
    model, card = recognizer(streams, motion, classifier="parts")
    keypoints = {
        str(i): to_keypoints(one, card.prepare, *(size or ()))
        for i, (one, size) in enumerate(drawn)
    }
    parts, rows = Parts.of(keypoints), np.arange(len(drawn))
    expected = final(score(model, parts, rows, card.encoder.frames), card.joint_weight)
    features = join(unit(embed(model.encoders, parts, rows, card.encoder)), card.joint_weight)
    given_ = batch([one for one, _ in drawn], [size for _, size in drawn])
    with torch.inference_mode():
        logits, probabilities, _, idle, feature, row = graph_of(model, card)(*given_)
    assert (idle < 0).all() and torch.equal(feature, row)
    np.testing.assert_allclose(logits.numpy(), expected, atol=1e-4)
    np.testing.assert_allclose(feature.numpy(), [*features.values()][-1], atol=1e-4)
    np.testing.assert_allclose(probabilities.sum(dim=1).numpy(), 1, atol=1e-5)


@pytest.mark.parametrize("kind", rejection.OF_LOGITS)
def test_unknownness_is_that_of_rejection(kind):
    logits = torch.randn(20, 7, generator=torch.Generator().manual_seed(0)) * 4
    expected = rejection.unknownness(logits.numpy(), kind, 1.7)
    np.testing.assert_allclose(unknownness(logits / 1.7, kind).numpy(), expected, atol=1e-5)


def test_probabilities_are_calibrated():
    model, card = recognizer(rejection=rejection.Rejection(temperature=0.25, score="margin"))
    inputs = batch([clip(3, 9, 0.1)], [None])
    with torch.inference_mode():
        logits, probabilities, unknown, *_ = graph_of(model, card)(*inputs)
    torch.testing.assert_close(probabilities, (logits * 4).softmax(dim=1))
    first, second = probabilities[0].topk(2).values
    assert float(unknown[0]) == pytest.approx(1 - float(first - second), abs=1e-6)


def test_the_mirror_image_is_that_of_views():
    rng = torch.Generator().manual_seed(0)
    valid = torch.rand((3, 4, 49), generator=rng) > 0.3
    points = torch.randn((3, 4, 49, 2), generator=rng) * valid[..., None]
    expected = swap_hands(points, valid, torch.ones(3, dtype=torch.bool))
    for found, wanted in zip(mirror_image(points, valid), expected, strict=True):
        assert torch.equal(found, wanted)
