"""The shipped clips: complete, small, readable, made by the shipped generator, and detectable."""

import csv

import av
import numpy as np
import pytest

from drawn_signers.clips import generate, render_clip
from drawn_signers.gestures import GESTURES
from drawn_signers.performance import FPS, perform, variation_of
from drawn_signers.signers import SIGNERS
from signpipe.demo.clips import clips_folder

BY_NAME = {gesture.name: gesture for gesture in GESTURES}
SIGNER = {signer.name: signer for signer in SIGNERS}


def decode(path):
    with av.open(str(path)) as container:
        return np.array([frame.to_ndarray(format="rgb24") for frame in container.decode(video=0)])


def rows_of(folder):
    with open(folder / "labels.csv", newline="", encoding="utf-8") as handle:
        return list(csv.DictReader(handle))


def test_labels_name_every_clip_and_every_gesture_of_every_signer():
    rows = rows_of(clips_folder())
    on_disk = {path.relative_to(clips_folder()) for path in clips_folder().rglob("*.mp4")}
    assert {row["path"] for row in rows} == {path.as_posix() for path in on_disk}
    assert len(rows) == len(on_disk) <= 144
    counts = {}
    for row in rows:
        assert row["path"].startswith(f"{row['label']}/{row['signer']}_")
        counts[row["label"], row["signer"]] = counts.get((row["label"], row["signer"]), 0) + 1
    assert set(counts) == {(gesture, signer) for gesture in BY_NAME for signer in SIGNER}
    assert set(counts.values()) == {2}


def test_the_folder_is_small_and_holds_nothing_else():
    files = [path for path in clips_folder().rglob("*") if path.is_file()]
    assert {path.suffix for path in files} == {".mp4", ".csv"}
    assert sum(path.stat().st_size for path in files) < 2_500_000


def test_every_clip_decodes_to_its_performance():
    for row in rows_of(clips_folder()):
        path = clips_folder() / row["path"]
        with av.open(str(path)) as container:
            stream = container.streams.video[0]
            sizes = [(frame.width, frame.height) for frame in container.decode(stream)]
            assert stream.codec_context.name == "h264"
            assert stream.average_rate == FPS
        signer, gesture = SIGNER[row["signer"]], BY_NAME[row["label"]]
        variation = variation_of(signer, gesture, int(path.stem[-1]), seed=0)
        assert sizes == [(320, 320)] * len(perform(signer, gesture, variation).poses), path


@pytest.mark.parametrize(
    ("gesture", "signer", "repetition"), [("draw_circle", "dara", 0), ("juggle", "otto", 1)]
)
def test_a_shipped_clip_is_what_the_generator_draws(gesture, signer, repetition):
    shipped = decode(clips_folder() / gesture / f"{signer}_{repetition}.mp4")
    drawn = np.array(list(render_clip(SIGNER[signer], BY_NAME[gesture], repetition)))
    assert drawn.shape == shipped.shape
    # H.264 at this quality costs 2.5 to 2.8; another repetition of the same gesture, 3.7 or more.
    assert np.abs(drawn.astype(int) - shipped).mean() < 3.2
    # Proof that the bound can fail: the same clip three frames late does not meet it.
    assert np.abs(drawn[8:-8].astype(int) - shipped[11:-5]).mean() > 3.2


def test_generate_writes_clips_and_labels(tmp_path, monkeypatch):
    monkeypatch.setattr("drawn_signers.clips.GESTURES", GESTURES[:1])
    monkeypatch.setattr("drawn_signers.clips.SIGNERS", SIGNERS[:2])
    paths = generate(tmp_path, seed=3, size=64, repetitions=1)
    assert [path.relative_to(tmp_path).as_posix() for path in paths] == [
        row["path"] for row in rows_of(tmp_path)
    ]
    assert [path.name for path in paths] == [f"{signer.name}_0.mp4" for signer in SIGNERS[:2]]
    assert rows_of(tmp_path)[1] == {"path": "wave/bo_0.mp4", "label": "wave", "signer": "bo"}
    before = paths[0].read_bytes()
    generate(tmp_path, seed=3, size=64, repetitions=1)
    assert paths[0].read_bytes() == before
    generate(tmp_path, seed=4, size=64, repetitions=1)
    assert paths[0].read_bytes() != before
    with pytest.raises(ValueError, match="repetitions"):
        generate(tmp_path, repetitions=0)


@pytest.mark.parametrize(("gesture", "name"), [("tap_chest", "ada"), ("count_two", "dara")])
def test_holistic_finds_the_pose_and_the_raised_hand(gesture, name):
    holistic = pytest.importorskip("mediapipe").solutions.holistic
    frames = decode(clips_folder() / gesture / f"{name}_0.mp4")
    signer = SIGNER[name]
    variation = variation_of(signer, BY_NAME[gesture], 0, seed=0)
    raised = perform(signer, BY_NAME[gesture], variation).raised
    with holistic.Holistic(static_image_mode=False, model_complexity=1) as graph:
        results = [graph.process(frame) for frame in frames]
    assert all(result.pose_landmarks for result in results)
    side = "left" if signer.left_handed else "right"
    hands = [getattr(result, f"{side}_hand_landmarks") for result in results]
    assert np.mean([hand is not None for hand in np.array(hands, object)[raised]]) >= 0.96
