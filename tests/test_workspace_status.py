import pytest

from signpipe import workspace_status
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import open_pack, write_pack
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain
from signpipe.workspace import Workspace


def states(workspace):
    return {entry.stage: entry.state for entry in workspace_status.run(workspace).stages}


def test_from_nothing_to_done_and_stale(signs_workspace, small, tmp_path):
    assert workspace_status.run(Workspace(tmp_path / "new")).next.startswith("extract")
    assert not (tmp_path / "new").exists()

    found = workspace_status.run(signs_workspace)
    assert "60 clips: 60 ok; 60 labelled with 3 signs, 5 signers" in found.stages[0].detail
    assert found.next.startswith("pretrain")
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
        pretrain.run(signs_workspace, chosen)
    assert states(signs_workspace)["pretrain"] == "unfinished"
    assert workspace_status.run(signs_workspace).next.startswith("pretrain")
    pretrain.run(signs_workspace, chosen)
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
    assert workspace_status.run(signs_workspace).next == "pretrain --redo"


def test_edited_labels_make_a_recogniser_stale(signs_workspace, small):
    settings = resolve(FinetuneSettings, changes={**small, "epochs": 1})
    finetune.run(signs_workspace, settings, from_scratch=True)
    assert states(signs_workspace)["finetune"] == "done"
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
    assert workspace_status.run(signs_workspace).next == "finetune --redo"


def test_an_extraction_that_was_killed_before_its_table_is_named(signs_workspace):
    signs_workspace.clips.unlink()
    found = workspace_status.run(signs_workspace)
    assert "60 finished clips are not in the clip table" in found.stages[0].detail
    assert found.next == "extract VIDEOS"
    with pytest.raises(SignpipeError, match="cut short"):
        pretrain.run(signs_workspace)


def interrupt(*_):
    raise KeyboardInterrupt
