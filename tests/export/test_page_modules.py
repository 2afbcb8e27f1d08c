"""What the page has written anew in JavaScript says the same as signpipe."""

from dataclasses import asdict

import numpy as np
import pytest
from page_in_node import as_frames, in_node

from signpipe.answers import NOT_SIGNING
from signpipe.landmarks.formats.page_takes import read_page_takes
from signpipe.landmarks.mirror import mirrored
from signpipe.landmarks.pack import Landmarks
from signpipe.live.at_rest import hands_rest
from signpipe.live.sign_stream import HandsDown, HandsUp, SignStream
from signpipe.live.stream_settings import StreamSettings
from signpipe.live.takes import Take, Takes
from signpipe.live.taught_signs import Prior, TaughtSigns, spread
from signpipe.model.whitening import Whitening


def stream(seed: int, seconds: float = 30) -> Landmarks:
    """Hands that come up, sign, rest low or in the lap, and are lost at times."""
    rng = np.random.default_rng(seed)
    times = np.cumsum(rng.uniform(0.03, 0.07, int(seconds * 20)))
    frames = len(times)
    pose = np.full((frames, 33, 4), np.nan, np.float32)
    pose[:, :, 3] = 1
    pose[:, 11, :2], pose[:, 12, :2] = (0.62, 0.4), (0.38, 0.4)
    hands = []
    for wrist in (15, 16):
        phase = rng.uniform(0, 6)
        up = np.sin(times * rng.uniform(0.5, 1.2) + phase) > rng.uniform(-0.3, 0.6)
        height = np.where(up, 0.5 + 0.1 * np.sin(9 * times), 0.95)
        height = np.convolve(height, np.ones(7) / 7, "same")
        side = 0.5 + 0.1 * np.cos(7 * times) * up
        pose[:, wrist, :2] = np.stack([side, height], axis=1)
        pose[:, wrist, 3] = rng.random(frames)
        hand = np.repeat(pose[:, wrist, None, :3], 21, axis=1)
        hand[..., :2] += rng.normal(0, 0.004, (frames, 21, 2)).astype(np.float32)
        hand[rng.random(frames) < 0.25] = np.nan
        hands.append(hand.astype(np.float32))
    pose[rng.random(frames) < 0.05] = np.nan
    return Landmarks(pose, *hands, times)


def test_signs_are_cut_from_a_stream_as_in_python(tmp_path):
    settings = StreamSettings(longest=2.5)
    streams = [stream(seed) for seed in range(6)]
    code = """
    import { SignStream } from "./sign_stream.js";
    console.log(JSON.stringify(given.streams.map(({ times, frames }) => {
      const stream = new SignStream(given.settings, 640, 480);
      const events = times.flatMap((time, i) => stream.push(time, asFrame(frames[i])));
      return [...events, ...stream.end()].map((e) => (e.is === "hands"
        ? [e.up ? "up" : "down", e.time] : ["sign", e.start, e.end, e.frames.length]));
    })));
    """
    given = [{"times": one.times.tolist(), "frames": as_frames(one)} for one in streams]
    found = in_node(tmp_path, code, {"streams": given, "settings": asdict(settings)})
    kinds = set()
    for one, events in zip(streams, found, strict=True):
        made = SignStream(width=640, height=480, settings=settings)
        expected = []
        for event in made.extend(one) + made.end():
            if isinstance(event, HandsUp | HandsDown):
                name = "up" if isinstance(event, HandsUp) else "down"
                expected.append([name, pytest.approx(event.time)])
            else:
                ends = pytest.approx(event.start), pytest.approx(event.end)
                expected.append(["sign", *ends, len(event.landmarks)])
        assert events == expected
        kinds |= {event[0] for event in events}
    assert kinds == {"up", "sign", "down"}


def test_hands_rest_as_in_python(tmp_path):
    clips = []
    for seed in range(12):
        whole = stream(seed, 5)
        lost = np.random.default_rng(seed).random(len(whole)) < seed / 11
        for hand in (whole.left_hand, whole.right_hand):
            hand[lost] = np.nan
        if seed % 3 == 0:
            whole.pose[:, 15:17, 1] += 0.4
        clips.append(whole)
    code = """
    import { handsRest } from "./rest.js";
    console.log(JSON.stringify(given.map((frames) => handsRest(frames.map(asFrame), 640, 360))));
    """
    found = in_node(tmp_path, code, [as_frames(clip) for clip in clips])
    expected = [hands_rest(clip, 640, 360) for clip in clips]
    assert found == expected and len(set(expected)) == 2


def test_left_handed_signers_are_mirrored_as_in_python(tmp_path):
    clip = stream(3, 1)
    clip.pose[..., :2] = np.random.default_rng(0).random(clip.pose.shape[:2] + (2,))
    code = """
    import { mirrored } from "./mirror.js";
    console.log(JSON.stringify(mirrored(given.map(asFrame)).map((frame) =>
      Object.fromEntries(Object.entries(frame).map(
        ([part, values]) => [part, values && [...values]])))));
    """
    found = in_node(tmp_path, code, as_frames(clip))
    expected = mirrored(clip)
    for i, frame in enumerate(found):
        for part, values in frame.items():
            ours = getattr(expected, part)[i]
            theirs = np.nan if values is None else np.array(values, float).reshape(ours.shape)
            np.testing.assert_allclose(np.broadcast_to(theirs, ours.shape), ours, atol=1e-6)


def test_taught_signs_are_named_as_in_python(tmp_path):
    rng = np.random.default_rng(0)
    means = rng.normal(size=(4, 16))
    labels = [0, 0, 0, 1, 1, 2, 3, 3, 3, 3]
    rows = np.float32(means[labels] + rng.normal(0, 0.6, (10, 16)))
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    signs = ["house", "tree", "بيت", NOT_SIGNING]
    takes = Takes(
        "",
        rows,
        tuple(Take(take_id=f"t{i}", sign=signs[label]) for i, label in enumerate(labels)),
    )
    taught = TaughtSigns.of(takes, Whitening.none(16))
    asked = np.float32(means[rng.integers(0, 4, 40)] + rng.normal(0, 1.2, (40, 16)))
    asked /= np.linalg.norm(asked, axis=1, keepdims=True)
    code = """
    import { Teacher } from "./teacher.js";
    const takes = given.takes.map((take) => ({ ...take, row: Float32Array.from(take.row) }));
    const teacher = new Teacher(given.prior, takes);
    console.log(JSON.stringify({ threshold: teacher.threshold(), report: teacher.report(),
      answers: given.asked.map((row) => teacher.decide(Float32Array.from(row))).map(
        ({ answer, signs, nearest }) => ({ answer, first: signs[0], nearest: nearest.id })) }));
    """
    given = {
        "prior": 0.4,
        "asked": asked.tolist(),
        "takes": [
            {"id": t.take_id, "sign": "" if t.sign == NOT_SIGNING else t.sign, "row": row.tolist()}
            for t, row in zip(takes.takes, rows, strict=True)
        ],
    }
    found = in_node(tmp_path, code, given)
    rejection = taught.rejection(Prior(0.4, 1.0))
    assert found["threshold"] == pytest.approx(rejection.threshold, abs=1e-5)
    left = taught.left_out()
    assert found["report"]["accuracy"] == pytest.approx((left.named == left.labels).mean())
    similarity = taught.similarity(asked)
    idle, unknown = taught.looks_idle(asked, similarity), taught.unknownness(similarity)
    answers = set()
    for i, one in enumerate(found["answers"]):
        best = int(similarity[i].argmax())
        near = np.flatnonzero(taught.labels == best)
        expected = taught.signs[best]
        if idle[i]:
            expected = NOT_SIGNING
        elif unknown[i] > rejection.threshold:
            expected = "none of these"
        assert one["answer"] == expected
        assert one["first"][0] == taught.signs[best]
        assert one["nearest"] == f"t{near[(rows[near] @ asked[i]).argmax()]}"
        answers.add(expected)
    assert len(answers) == 5
    assert spread(1) == 1


def test_a_file_of_takes_is_read_by_python_and_by_another_browser(tmp_path, walk):
    clip = walk(1, 2, 3, frames=5)
    code = """
    import { asFile, fromFile } from "./takes_store.js";
    const text = asFile([{ ...given, frames: given.frames.map(asFrame) }]);
    const again = asFile(fromFile(text));
    const small = text.replace('"width":640', '"width":-1');
    const wrong = ["{", "{}", text.replace("page-takes", "x"), small].map((one) => {
      try { fromFile(one); return ""; } catch (error) { return error.message; } });
    console.log(JSON.stringify({ text, isSame: text === again, wrong }));
    """
    given = {
        "id": "a1b2",
        "sign": 'the "tree"',
        "signer": "ada",
        "width": 640,
        "height": 480,
        "times": [0, 0.1, 0.2, 0.3, 0.4],
        "frames": as_frames(clip),
    }
    found = in_node(tmp_path, code, given)
    assert found["isSame"]
    assert all(said.startswith("This file cannot be read: ") for said in found["wrong"])
    (tmp_path / "takes.json").write_text(found["text"])
    (take,) = read_page_takes(tmp_path / "takes.json")
    assert take.sign == 'the "tree"'
    np.testing.assert_array_equal(take.landmarks.pose[..., [0, 1, 3]], clip.pose[..., [0, 1, 3]])
    np.testing.assert_array_equal(take.landmarks.right_hand[..., :2], clip.right_hand[..., :2])
    assert not take.landmarks.seen("left_hand").any()
