import os
import shutil
from pathlib import Path

import av
import pytest
import torch

from signpipe import prediction
from signpipe.errors import SignpipeError
from signpipe.extraction import export_poses, pool
from signpipe.model.recognizer_card import RecognizerCard
from signpipe.model.stream_classifiers import StreamClassifiers, save_recognizer
from signpipe.recognizer import Recognizer
from signpipe.settings import EncoderSettings, PrepareSettings

ENCODER = EncoderSettings(frames=4, part_channels=16, heads=2)
SIGNS = ("house", "tree", "water")


@pytest.fixture
def recognizer(tmp_path):
    torch.manual_seed(0)
    card = RecognizerCard(signs=SIGNS, encoder=ENCODER, prepare=PrepareSettings(), joint_weight=0.6)
    save_recognizer(tmp_path / "recognizer", StreamClassifiers(ENCODER, len(SIGNS)), card)
    return tmp_path / "recognizer"


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


def test_an_overlay_that_cannot_be_written_costs_its_clip_the_drawing_only(
    recognizer, make_clip, tmp_path
):
    clips = [make_clip(tmp_path / f"{name}.mp4", frames=2) for name in ("one", "two")]
    (tmp_path / "drawn" / "one.mp4").mkdir(parents=True)
    one, two = prediction.each(clips, recognizer, overlay=tmp_path / "drawn")
    assert one.overlay is None and len(one.signs) == 3
    assert "one.mp4 cannot be written: Is a directory" in one.reason
    assert (two.overlay, two.reason) == (tmp_path / "drawn" / "two.mp4", "")
    assert two.overlay.stat().st_size > 1000


@pytest.mark.parametrize("name", ["x.txt", "clip", "x.mov"])
def test_an_overlay_that_would_be_no_video_is_refused_before_any_work(recognizer, name, tmp_path):
    if name == "clip":
        (tmp_path / name).touch()
    with pytest.raises(SignpipeError, match=f"{name} would be no video; name a file that ends in"):
        prediction.each([tmp_path / "one.mp4"], recognizer, overlay=tmp_path / name)


def test_nothing_to_predict(recognizer, tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(SignpipeError, match="no video"):
        prediction.run([tmp_path / "empty"], recognizer)
    (missing,) = prediction.run([Path("nowhere.mp4")], recognizer)
    assert (missing.status, missing.signs) == ("unreadable", ())


def test_predictions_come_one_by_one_and_what_was_seen_is_not_watched_again(
    recognizer, make_clip, tmp_path, monkeypatch
):
    make_clip(tmp_path / "clips" / "one.mp4", seed=5)
    found = prediction.each(tmp_path / "clips", recognizer)
    first = next(found)
    make_clip(tmp_path / "clips" / "two.mp4", seed=6)
    assert list(found) == []  # what is there when it begins counts
    monkeypatch.setattr(pool, "PROGRAM", "raise SystemExit(1)")  # no worker can start
    assert prediction.run([str(tmp_path / "clips" / "one.mp4")], recognizer) == [first]
    with pytest.raises(SignpipeError, match="the workers die"):
        prediction.run([tmp_path / "clips" / "one.mp4"], recognizer, cache=False)


def test_clips_of_a_workspace_and_pose_files_are_taken(
    recognizer, signs_workspace, make_clip, tmp_path
):
    pytest.importorskip("pose_format")
    export_poses.run(signs_workspace, tmp_path / "poses", clips=["s0/tree/1"])
    words = ["s0/tree/1", str(tmp_path / "poses"), "s0/tree/9"]
    options = {"workspace": signs_workspace, "overlay": tmp_path / "drawn"}
    stored, pose, missing = prediction.each(words, recognizer, **options)
    assert (stored.clip, stored.status, len(stored.signs)) == ("s0/tree/1", "ok", 3)
    assert dict(pose.signs) == pytest.approx(dict(stored.signs), abs=1e-3)
    assert pose.clip.endswith("1.pose")
    assert missing.status == "unreadable" and "no such clip" in missing.reason
    # Neither has a video: the skeleton is on a plain ground.
    assert stored.overlay == tmp_path / "drawn" / "s0-tree-1.mp4"
    assert pose.overlay.stat().st_size > 1000


def test_workers_are_waited_for_in_the_order_given(recognizer, make_clip, tmp_path):
    lengths = {"long": 12, "short": 2, "shorter": 1}
    clips = [make_clip(tmp_path / f"{name}.mp4", n, seed=n) for name, n in lengths.items()]
    alone = prediction.run(clips, recognizer, workers=1, cache=False)
    assert [Path(p.clip).stem for p in alone] == list(lengths)
    assert prediction.run(clips, Recognizer.load(recognizer), workers=2, cache=False) == alone


def test_the_recogniser_that_was_made_or_taught_last_is_found(recognizer, signs_workspace, capsys):
    trained = signs_workspace.run("finetune", "default")
    trained.mkdir(parents=True)
    (trained / "settings.json").write_text("{}")
    shutil.copytree(recognizer, trained / "recognizer")
    assert prediction.find_recognizer(signs_workspace) == trained / "recognizer"
    card = signs_workspace.taught / "recognizer.json"
    card.parent.mkdir()
    card.touch()
    assert prediction.find_recognizer(signs_workspace) == signs_workspace.taught
    said = " ".join(capsys.readouterr().err.split())
    assert said == f"recogniser: {card.parent}, which is newer than {trained / 'recognizer'}"
    os.utime(card, (1, 1))
    assert prediction.find_recognizer(signs_workspace) == trained / "recognizer"
    assert prediction.find_recognizer(signs_workspace, "default") == trained / "recognizer"
