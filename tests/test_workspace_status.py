import shlex

import pytest
from typer.testing import CliRunner

from signpipe import workspace_status
from signpipe.cli import app
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.extraction import extract, import_keypoints
from signpipe.extraction.outcomes import read_outcomes
from signpipe.landmarks.pack import open_pack, write_pack
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain
from signpipe.workspace import Workspace


def run_hint(workspace):
    """Run the command that status prints, as a person would who pastes it."""
    command = shlex.split(workspace_status.run(workspace).next)
    done = CliRunner().invoke(app, [*command, "-w", str(workspace.root)], catch_exceptions=False)
    assert done.exit_code == 0, done.output


def states(workspace):
    return {entry.stage: entry.state for entry in workspace_status.run(workspace).stages}


def test_from_nothing_to_done_and_stale(signs_workspace, small, tmp_path):
    assert workspace_status.run(Workspace(tmp_path / "new")).next.startswith("extract")
    assert not (tmp_path / "new").exists()

    found = workspace_status.run(signs_workspace)
    assert "60 clips: 60 ok; 60 labelled with 3 signs, 5 signers" in found.stages[0].detail
    assert found.next == "finetune"  # from the encoder that comes with signpipe
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
        pretrain.run(signs_workspace, chosen)
    found = workspace_status.run(signs_workspace)
    (entry,) = [one for one in found.stages if one.stage == "pretrain"]
    assert (entry.state, entry.detail) == ("unfinished", "epoch 1 of 1 is finished")
    run_hint(signs_workspace)
    assert workspace_status.run(signs_workspace).next.startswith("finetune")
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    assert workspace_status.run(signs_workspace).next.startswith("evaluate")
    evaluate.run(signs_workspace)
    found = workspace_status.run(signs_workspace)
    assert found.next.startswith("predict")
    assert {entry.state for entry in found.stages} == {"done"}

    frames = open_pack(signs_workspace.keypoints / "made_up.h5")
    with frames as pack:
        clip = pack.read(0)
    write_pack(tmp_path / "more.h5", {"one more": clip})
    import_keypoints.run(signs_workspace, [tmp_path / "more.h5"])
    now = states(signs_workspace)
    assert now["prepare"] == now["pretrain"] == now["finetune"] == "stale"
    details = {entry.stage: entry.detail for entry in workspace_status.run(signs_workspace).stages}
    assert all(details[name].endswith("you added 1 clip since") for name in ("prepare", "pretrain"))
    for stage in ("pretrain", "finetune", "evaluate"):
        assert workspace_status.run(signs_workspace).next.split()[0] == stage
        run_hint(signs_workspace)
    assert {entry.state for entry in workspace_status.run(signs_workspace).stages} == {"done"}


def test_edited_labels_make_a_recogniser_stale(signs_workspace, small):
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 1})
    finetune.run(signs_workspace, settings, from_scratch=True)
    assert states(signs_workspace)["finetune"] == "done"
    assert workspace_status.run(signs_workspace).next == "evaluate"  # pretraining is not needed
    text = signs_workspace.clips.read_text().replace(",tree,", ",forest,")
    signs_workspace.clips.write_text(text)
    entry = workspace_status.run(signs_workspace).stages[-2]
    assert (entry.stage, entry.state) == ("finetune", "stale")
    assert "labels or splits were changed" in entry.detail


def test_an_encoder_that_was_made_again_makes_a_recogniser_stale(signs_workspace, small):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    pretrain.run(signs_workspace, chosen)
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    assert states(signs_workspace)["finetune"] == "done"
    pretrain.run(signs_workspace, chosen.model_copy(update={"seed": 1}), redo=True)
    (entry,) = [e for e in workspace_status.run(signs_workspace).stages if e.stage == "finetune"]
    assert entry.state == "stale"
    assert "pretrain/default/encoder.safetensors was made again" in entry.detail
    assert workspace_status.run(signs_workspace).next == "finetune"


def test_an_extraction_that_was_killed_before_its_table_is_named(signs_workspace):
    signs_workspace.clips.unlink()
    found = workspace_status.run(signs_workspace)
    assert "60 finished clips are not in the clip table" in found.stages[0].detail
    assert found.next == "extract VIDEOS"
    with pytest.raises(SignpipeError, match="cut short"):
        pretrain.run(signs_workspace)


def test_an_unfinished_run_of_clips_that_have_changed_is_begun_again(signs_workspace, small, walk):
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 2, "queue": 24})
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        pretrain.run(signs_workspace, chosen, run="long", splits=["train", "unlabelled", ""])
    write_pack(signs_workspace.root.parent / "more.h5", {"b": walk(0, 0, 9), "c": walk(1, 1, 9)})
    import_keypoints.run(signs_workspace, [signs_workspace.root.parent / "more.h5"])
    (entry,) = [e for e in workspace_status.run(signs_workspace).stages if e.stage == "pretrain"]
    assert entry.state == "unfinished"
    assert entry.detail == "epoch 2 of 2 is finished; you added 2 clips since"
    assert workspace_status.run(signs_workspace).next == "pretrain --run long"
    run_hint(signs_workspace)
    assert states(signs_workspace)["pretrain"] == "done"


def test_a_recogniser_from_scratch_beside_an_encoder_is_gone_on_with_as_such(
    signs_workspace, small
):
    pretrain.run(
        signs_workspace, resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
    )
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 1})
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(finetune, "save_recognizer", interrupt)
        finetune.run(signs_workspace, settings, run="alone", from_scratch=True)
    assert workspace_status.run(signs_workspace).next == "finetune --run alone"
    run_hint(signs_workspace)
    assert states(signs_workspace)["finetune"] == "done"


def test_a_stopped_extraction_says_how_far_it_got_and_goes_on(make_clip, tmp_path, monkeypatch):
    for number in range(3):
        make_clip(tmp_path / "videos" / "house" / f"{number}.mp4", seed=number)
    workspace = Workspace(tmp_path / "workspace")
    original = extract.append_outcomes

    def stop_after_one(path, outcomes):
        if outcomes and read_outcomes(path):
            raise KeyboardInterrupt
        original(path, outcomes)

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(extract, "append_outcomes", stop_after_one)
        extract.run(workspace, [tmp_path / "videos"], workers=1, folder_labels=False)
    found = workspace_status.run(workspace)
    assert found.stages[0].state == "unfinished"
    assert found.stages[0].detail.startswith("1 of 3 clips found are extracted; 1 clip: 1 ok;")
    assert found.next == f"extract {tmp_path / 'videos'} --no-labels"
    run_hint(workspace)
    assert workspace_status.run(workspace).stages[0].state == "done"


def interrupt(*_):
    raise KeyboardInterrupt


def test_one_damaged_evaluation_does_not_hide_the_rest(signs_workspace):
    folder = signs_workspace.run("evaluate", "default-val")
    folder.mkdir(parents=True)
    (folder / "metrics.json").write_text("{}")
    found = workspace_status.run(signs_workspace).stages
    assert "60 clips" in found[0].detail
    assert found[-1].state == "stale" and "metrics.json" in found[-1].detail


def test_a_taught_recogniser_has_its_signs_counted(signs_workspace, tmp_path):
    from signpipe.teaching import run

    run("tree", ["s0/tree/0", "s1/tree/0"], workspace=signs_workspace)
    (entry,) = [e for e in workspace_status.run(signs_workspace).stages if e.stage == "teach"]
    assert (entry.state, entry.detail) == ("done", "1 sign, 2 takes")
    alone = Workspace(tmp_path / "alone")
    run("tree", "s0/tree/0", alone.root / "taught", workspace=signs_workspace)
    assert workspace_status.run(alone).next == "predict CLIP"
