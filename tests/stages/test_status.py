import pytest

from signpipe.landmarks.pack import write_pack
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.stages import evaluate, finetune, import_packs, pretrain, status
from signpipe.workspace import Workspace


def states(workspace):
    return {entry.stage: entry.state for entry in status.run(workspace).stages}


def test_from_nothing_to_done_and_stale(signs_workspace, small, tmp_path):
    assert status.run(Workspace(tmp_path / "new")).next.startswith("extract")
    assert not (tmp_path / "new").exists()

    found = status.run(signs_workspace)
    assert "60 clips: 60 ok; 60 labelled with 3 signs, 5 signers" in found.stages[0].detail
    assert found.next.startswith("pretrain")
    with pytest.raises(KeyboardInterrupt), pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrain, "save_backbone", interrupt)
        chosen = resolve(PretrainSettings, changes={**small, "epochs": 1, "queue": 24})
        pretrain.run(signs_workspace, chosen)
    assert states(signs_workspace)["pretrain"] == "unfinished"
    assert status.run(signs_workspace).next.startswith("pretrain")
    pretrain.run(signs_workspace, chosen)
    assert status.run(signs_workspace).next.startswith("finetune")
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    assert status.run(signs_workspace).next.startswith("evaluate")
    evaluate.run(signs_workspace)
    found = status.run(signs_workspace)
    assert found.next.startswith("predict")
    assert {entry.state for entry in found.stages} == {"done"}

    frames = import_packs.open_pack(signs_workspace.keypoints / "made_up.h5")
    with frames as pack:
        clip = pack.read(0)
    write_pack(tmp_path / "more.h5", {"one more": clip})
    import_packs.run(signs_workspace, [tmp_path / "more.h5"])
    now = states(signs_workspace)
    assert now["prepare"] == now["pretrain"] == now["finetune"] == "stale"


def interrupt(*_):
    raise KeyboardInterrupt
