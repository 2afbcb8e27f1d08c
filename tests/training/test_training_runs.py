import pytest

from signpipe.errors import SignpipeError
from signpipe.training.training_runs import begin, end, read_clip_list, write_clip_list
from signpipe.workspace import read_record

SETTINGS = {"epochs": 3, "encoder": {"frames": 8}}
OTHER = {"epochs": 3, "encoder": {"frames": 16}}


def test_new_unfinished_done_and_different(tmp_path):
    folder = tmp_path / "run"
    assert begin(folder, SETTINGS, {"clips": 9}, "result", False, note="x") == folder
    assert begin(folder, SETTINGS, {"clips": 9}, "result", False) == folder
    assert read_record(folder)["note"] == "x"
    (folder / "result").touch()
    assert begin(folder, SETTINGS, {"clips": 9}, "result", False) is None
    with pytest.raises(SignpipeError, match=r"differently: encoder\.frames was 8, is 16"):
        begin(folder, OTHER, {"clips": 8}, "result", False)
    assert (folder / "result").exists()


@pytest.fixture
def done(tmp_path):
    folder = tmp_path / "run"
    begin(folder, SETTINGS, {}, "result", False)
    (folder / "result").write_text("old")
    return folder


def test_the_old_run_stays_until_the_new_one_is_done(done, tmp_path, capsys):
    made = begin(done, OTHER, {}, "result", True)
    assert made != done
    assert (done / "result").read_text() == "old"
    (made / "checkpoint").touch()
    # Interrupted: --redo goes on with it, and without it the old run is as good as before.
    assert begin(done, OTHER, {}, "result", True) == made
    assert (made / "checkpoint").exists()
    assert begin(done, SETTINGS, {}, "result", False) is None
    assert "unfinished --redo" in capsys.readouterr().err
    (made / "result").write_text("new")
    end(made, done)
    assert (done / "result").read_text() == "new"
    assert [path.name for path in tmp_path.iterdir()] == ["run"]
    end(done, done)
    assert (done / "result").read_text() == "new"


def test_a_redo_with_yet_other_settings_begins_anew(done):
    made = begin(done, OTHER, {}, "result", True)
    (made / "checkpoint").touch()
    assert begin(done, SETTINGS, {}, "result", True) == made
    assert [path.name for path in made.iterdir()] == ["settings.json"]


def test_killed_before_the_new_run_took_its_place(done):
    made = begin(done, OTHER, {}, "result", True)
    (made / "result").write_text("new")
    assert begin(done, OTHER, {}, "result", False) is None
    assert (done / "result").read_text() == "new"
    assert not made.exists()


def test_redo_of_nothing_is_a_new_run(tmp_path):
    assert begin(tmp_path / "run", SETTINGS, {}, "result", True) == tmp_path / "run"


def test_clip_lists(tmp_path):
    rows = [('a,"b\n', "train"), ("käse/1", "val"), ("c", "")]
    write_clip_list(tmp_path / "clips.csv", rows)
    assert read_clip_list(tmp_path / "clips.csv") == dict(rows)
    for content in (b"other\n1\n", b"clip_id,split\na", b"clip_id,split\na,\x81\n", b"\0"):
        (tmp_path / "clips.csv").write_bytes(content)
        with pytest.raises(SignpipeError, match=r"clips\.csv"):
            read_clip_list(tmp_path / "clips.csv")


def test_a_run_with_the_names_that_settings_had_before_is_the_same_run(tmp_path):
    folder = tmp_path / "run"
    begin(folder, {"batch": 8, "drops": [0.5]}, {}, "result", False)
    assert begin(folder, {"batch_size": 8, "lr_milestones": [0.5]}, {}, "result", False) == folder
    with pytest.raises(SignpipeError, match="batch_size was 8, is 9"):
        begin(folder, {"batch_size": 9, "lr_milestones": [0.5]}, {}, "result", False)


def test_a_run_from_before_a_setting_is_the_same_run(tmp_path):
    own = {"epochs": 3, "label_smoothing": 0.1}
    then = {"folds": 5, "finetune": own}
    begin(tmp_path / "run", then, {}, "done", False)
    now = {"folds": 5, "finetune": {**own, "misfit_weight": 1.0, "few_labels": 0}}
    assert begin(tmp_path / "run", now, {}, "done", False) == tmp_path / "run"
    now["finetune"]["misfit_weight"] = 0.2
    with pytest.raises(SignpipeError, match="misfit_weight was 1.0, is 0.2"):
        begin(tmp_path / "run", now, {}, "done", False)
    now["finetune"] |= {"misfit_weight": 1.0, "few_labels": 5}
    with pytest.raises(SignpipeError, match="few_labels was 0, is 5"):
        begin(tmp_path / "run", now, {}, "done", False)


def test_a_run_from_when_mirroring_was_a_setting_is_the_same_run(tmp_path):
    folder, now = tmp_path / "run", {"prepare": {"hand_box": 2.2}}
    before = {"prepare": {"hand_box": 2.2, "mirror_left_hand": True}}
    begin(folder, SETTINGS, before, "result", False)
    assert begin(folder, SETTINGS, now, "result", False) == folder


def test_what_has_changed_is_said_in_words(done, capsys):
    for inputs in ({"data": "a" * 64}, {"data": "b" * 64}):
        begin(done, SETTINGS, inputs, "result", False)
    said = capsys.readouterr().err
    assert "clips, labels, signers or splits were changed since" in said and "aaaa" not in said
