from dataclasses import replace

import pytest

from signpipe.cliptable import read_clips, write_clips
from signpipe.errors import SignpipeError
from signpipe.evaluation import evaluate
from signpipe.evaluation.staleness import Present, stale
from signpipe.extraction import import_keypoints
from signpipe.landmarks.pack import write_pack
from signpipe.settings import EvaluateSettings, FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain

PROTOCOLS = ("linear", "knn", "few-shot", "fractions", "cross-signer")


@pytest.fixture
def evaluated(signs_workspace, small):
    """A workspace, and in it the folder of an evaluation by every protocol."""
    pretrain.run(signs_workspace, resolve(PretrainSettings, changes={**small, "queue": 24}))
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes={**small, "epochs": 1}))
    changes = {f"finetune.{name}": value for name, value in small.items()}
    quick = {"bootstrap": 100, "draws": 2, "finetune.epochs": 1, "fractions": [1.0], "seeds": [0]}
    settings = resolve(EvaluateSettings, changes={**changes, **quick, "folds": 2, "shots": [1]})
    folders = [evaluate.run(signs_workspace, split="test").folder]
    folders += [evaluate.run(signs_workspace, settings, protocol=p).folder for p in PROTOCOLS]
    return signs_workspace, folders


def changed(workspace, folders):
    shared = Present(workspace)
    found = [stale(workspace, folder, shared) for folder in folders]
    assert found == [stale(workspace, folder) for folder in folders]
    return found


def test_what_changed_since_is_told_for_every_protocol(evaluated, small, tmp_path, walk):
    workspace, folders = evaluated
    assert changed(workspace, folders) == [""] * 6
    before = read_clips(workspace.clips)

    def relabelled(split):
        of = finetune.labelled_clips(before.values(), None, 0)[0]
        one = next(clip.clip_id for clip in of if clip.split == split)
        table = {**before, one: replace(before[one], label="tree")}
        assert table[one].label != before[one].label
        write_clips(workspace.clips, table.values())

    relabelled("test")
    labels, rest = "labels, signers or splits were changed", ""
    assert changed(workspace, folders)[0] == labels
    relabelled("train")  # which a recogniser's figures on test do not depend on, nor few-shot's
    first, linear, knn, few, fractions, cross = changed(workspace, folders)
    assert (first, few) == (rest, rest)
    assert {linear, knn, fractions, cross} == {f"clips, {labels}"}
    write_clips(workspace.clips, before.values())
    assert changed(workspace, folders) == [""] * 6

    again = resolve(FinetuneSettings, changes={**small, "epochs": 2})
    finetune.run(workspace, again, redo=True)
    found = changed(workspace, folders)
    assert found[0] == "the recogniser default was trained again"
    assert found[1:] == [""] * 5
    assert not evaluate.run(workspace, split="test").already
    assert stale(workspace, folders[0]) == ""

    write_pack(tmp_path / "more.h5", {"more": walk(0, 9, 0)})
    import_keypoints.run(workspace, [tmp_path / "more.h5"])
    found = changed(workspace, folders)
    assert found[0] == "clips were added or changed"
    assert all(found)


def test_what_is_gone_or_damaged_is_told(evaluated):
    workspace, folders = evaluated
    before = list(read_clips(workspace.clips).values())
    write_clips(workspace.clips, [replace(clip, label="") for clip in before])
    found = changed(workspace, folders)
    assert all(why.startswith("it cannot be measured again: no ") for why in found)
    write_clips(workspace.clips, before)
    (workspace.run("finetune", "default") / "recognizer" / "recognizer.json").unlink()
    (workspace.run("pretrain", "default") / "encoder.safetensors").unlink()
    found = changed(workspace, folders)
    assert found[0] == "the recogniser default is gone"
    assert set(found[1:]) == {"the encoder was trained again, or is gone"}
    (folders[0] / "metrics.json").write_text("{}")
    with pytest.raises(SignpipeError, match="metrics.json"):
        stale(workspace, folders[0])
