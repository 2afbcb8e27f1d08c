import base64
import json
import shutil
import threading

import numpy as np
import pytest
from typer.testing import CliRunner

import signpipe
from signpipe.answers import NONE_OF_THESE, NOT_SIGNING
from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.extraction import export_poses
from signpipe.live.taught_folder import ENCODER_FILE
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.prediction import find_recognizer
from signpipe.recognizer import Recognizer, TaughtRecognizer
from signpipe.teaching import open_taught, run
from signpipe.workspace import Workspace, sha256_of_file


@pytest.fixture
def taught(tmp_path):
    """A taught recogniser with the encoder that comes with signpipe."""
    return open_taught(tmp_path / "taught", Workspace(tmp_path / "none"))


def sources(taught):
    return [(take.sign, take.source) for take in taught.takes]


def test_one_take_of_each_sign_is_enough_for_others_to_be_named(taught, walk):
    for sign, name in enumerate(("drink", "house", "tree")):
        taught.add_take(name, walk(sign, 0, 0), width=640, height=480)
    found = [taught.decide(walk(sign, 1, 5)).answer for sign in range(3)]
    assert found == ["drink", "house", "tree"]
    prediction = taught.predict_landmarks(walk(1, 2, 3), top=2)
    assert prediction[0][0] == "house" and len(prediction) == 2
    clip = walk(2, 2, 2)
    nearest = taught.nearest_take(clip)
    assert nearest.sign == "tree" and taught.decide_by_take(clip) == (taught.decide(clip), nearest)


def test_a_person_whose_hands_rest_is_not_signing(taught, walk):
    clip = walk(0, 0, 0)
    taught.add_take("drink", clip)
    nothing = np.full_like(clip.right_hand, np.nan)
    resting = type(clip)(clip.pose, nothing, nothing)
    assert taught.decide(resting).answer == NOT_SIGNING
    assert taught.decide_by_take(resting) == (taught.decide(resting), None)
    assert taught.decide(resting, always=True).answer == "drink"


def test_it_is_loaded_as_a_recogniser_and_predicts(taught, walk, make_clip, tmp_path):
    clip = make_clip(tmp_path / "one.mp4", frames=3, seed=11)
    taught.add_take("tree", walk(0, 0, 0))
    taught.save()
    result = run("moving", clip, tmp_path / "taught", workspace=Workspace(tmp_path / "none"))
    assert [(t.sign, t.source) for t in result.added] == [("moving", str(clip))]
    with Recognizer.load(tmp_path / "taught") as loaded:
        assert isinstance(loaded, TaughtRecognizer) and loaded.signs == ("tree", "moving")
        assert loaded.predict(clip).answer == "moving"
    (found,) = signpipe.predict(clip, tmp_path / "taught")
    assert found.answer == "moving" and found.signs[0][0] == "moving"


def test_clips_of_a_workspace_pose_files_and_folders(signs_workspace, tmp_path):
    export_poses.run(signs_workspace, tmp_path / "poses", clips=["s1/tree/0", "s1/tree/1"])
    run("tree", tmp_path / "poses", workspace=signs_workspace)
    run("house", ["s0/house/0", "s1/house/1", "s9/none"], workspace=signs_workspace)
    result = run("drink", "s0/drink/0", idle="s2/house/0", workspace=signs_workspace)
    assert result.folder == signs_workspace.root / "taught"
    taught = TaughtRecognizer.load(result.folder)
    assert taught.report().takes == {"tree": 2, "house": 2, "drink": 1}
    assert taught.report().idle == 1
    found = signpipe.predict(
        "s3/tree/2", find_recognizer(signs_workspace), workspace=signs_workspace
    )
    assert found[0].answer == "tree"


def test_every_labelled_clip_and_no_clip_twice(signs_workspace):
    first = run(labelled=True, workspace=signs_workspace)
    assert first.report.takes == {"drink": 20, "house": 20, "tree": 20}
    assert first.report.accuracy > 0.9 and not first.failures
    again = run(labelled=True, workspace=signs_workspace)
    assert again.report.takes == first.report.takes
    assert len(again.removed) == len(again.added) == 60


def test_a_clip_that_cannot_be_used_costs_only_itself(signs_workspace, tmp_path):
    (tmp_path / "broken.mp4").write_bytes(b"no video")
    clips = ["s0/tree/0", tmp_path / "broken.mp4", "nowhere.mp4", "s1/tree/0"]
    result = run("tree", clips, workspace=signs_workspace)
    assert [take.source for take in result.added] == ["s0/tree/0", "s1/tree/0"]
    assert [name for name, _ in result.failures] == [str(tmp_path / "broken.mp4"), "nowhere.mp4"]
    assert "unreadable" in result.failures[0][1]


def test_replaced_takes_go_only_if_there_are_new_ones(signs_workspace):
    run("tree", ["s0/tree/0", "s0/tree/1"], workspace=signs_workspace)
    run("house", "s0/house/0", workspace=signs_workspace)
    nothing = run("tree", "nowhere.mp4", replace=True, workspace=signs_workspace)
    assert nothing.report.takes["tree"] == 2
    result = run("tree", "s1/tree/0", replace=True, workspace=signs_workspace)
    assert result.report.takes == {"house": 1, "tree": 1}
    assert {take.source for take in result.removed} == {"s0/tree/0", "s0/tree/1"}


def test_what_is_wrong_is_told_before_any_work(signs_workspace, taught_folder):
    (signs_workspace.root / "empty").mkdir(parents=True)
    for words, what in [
        ({"sign": "tree"}, "name the sign, then its clips"),
        ({"clips": "x.mp4"}, "name the sign"),
        ({"sign": "a\nb", "clips": "x.mp4"}, "cannot name a sign"),
        ({"sign": NONE_OF_THESE, "clips": "x.mp4"}, "an answer of its own"),
        ({"sign": "tree", "clips": signs_workspace.root / "empty"}, "there is no clip"),
        ({}, "there is no clip in nothing"),
        ({"sign": "tree", "clips": "s0/tree/0", "encoder": "nobody"}, "no encoder file 'nobody'"),
    ]:
        with pytest.raises(SignpipeError, match=what):
            run(**words, workspace=signs_workspace)
    with pytest.raises(SignpipeError, match="no labelled clips"):
        run(labelled=True, workspace=Workspace(signs_workspace.root / "empty"))
    assert not (signs_workspace.root / "taught").exists()
    with pytest.raises(SignpipeError, match="two cannot be mixed"):
        run("tree", "s0/tree/0", taught_folder, workspace=signs_workspace, encoder="shipped")


def test_an_encoder_of_ones_own_is_known_by_its_labelled_clips(
    signs_workspace, make_encoder, monkeypatch, walk
):
    from signpipe.live import learn_reference
    from signpipe.live.taught_folder import read_folder

    encoder = make_encoder()
    monkeypatch.setattr(learn_reference, "FEWEST", 60)
    folder = signs_workspace.root / "own"
    taught = open_taught(folder, signs_workspace, str(encoder))
    assert sha256_of_file(folder / ENCODER_FILE) == sha256_of_file(encoder)
    assert read_folder(folder).reference.clips == 60
    assert taught.add_take("tree", walk(0, 0, 0)) and not taught.report().asked
    monkeypatch.setattr(learn_reference, "FEWEST", 61)
    open_taught(folder.with_name("few"), signs_workspace, str(encoder))
    assert read_folder(folder.with_name("few")).reference.clips == 0


def test_the_newest_run_or_else_the_shipped_encoder(signs_workspace, make_encoder):
    open_taught(signs_workspace.root / "one", signs_workspace)
    run_folder = signs_workspace.run("pretrain", "mine")
    run_folder.mkdir(parents=True)
    (run_folder / "settings.json").write_text("{}")
    shutil.copy(make_encoder(), run_folder / "encoder.safetensors")
    open_taught(signs_workspace.root / "two", signs_workspace)
    open_taught(signs_workspace.root / "three", signs_workspace, "shipped")
    names = ("one", "two", "three")
    files = [sha256_of_file(signs_workspace.root / name / ENCODER_FILE) for name in names]
    assert files[0] == files[2] == sha256_of_file(SHIPPED_FILE) != files[1]


def test_two_programs_teach_one_folder_at_the_same_time(signs_workspace):
    open_taught(signs_workspace.root / "taught", signs_workspace)

    def teach(sign):
        run(sign, [f"s{i}/{sign}/0" for i in range(3)], workspace=signs_workspace)

    threads = [threading.Thread(target=teach, args=(s,)) for s in ("drink", "house", "tree")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = TaughtRecognizer.load(signs_workspace.root / "taught").report().takes
    assert found == {"drink": 3, "house": 3, "tree": 3}


def test_what_an_exported_page_has_saved_teaches_too(taught, walk, tmp_path):
    rows = []
    for i, sign in enumerate(("drink", "", "house")):
        clip = walk(i, 0, 0)
        hands = np.concatenate([clip.left_hand, clip.right_hand], axis=1)
        values = np.concatenate([clip.pose[..., [0, 1, 3]], hands], axis=1).astype("<f4")
        landmarks = base64.b64encode(values.tobytes()).decode()
        times = [frame / 30 for frame in range(len(clip))]
        row = {"id": f"a{i}", "sign": sign, "signer": "", "width": 640, "height": 480}
        rows.append({**row, "times": times, "landmarks": landmarks})
    file = tmp_path / "takes.json"
    file.write_text(json.dumps({"format": "signpipe-page-takes", "version": 1, "takes": rows}))
    done = CliRunner().invoke(
        app, ["teach", "--takes", str(file), "--recognizer", str(taught.folder)]
    )
    assert done.exit_code == 0, done.output
    found = TaughtRecognizer.load(taught.folder)
    assert sources(found) == [
        ("drink", "takes.json#a0"),
        (NOT_SIGNING, "takes.json#a1"),
        ("house", "takes.json#a2"),
    ]
    assert found.decide(walk(2, 1, 1), width=640, height=480).answer == "house"
    with pytest.raises(SignpipeError, match="cannot read"):
        run(recognizer=taught.folder, takes=tmp_path / "none.json")
