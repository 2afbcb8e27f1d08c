"""From videos to a recogniser in one call: what is done stays done, what is stale does not."""

import pytest

from signpipe import pipeline
from signpipe.errors import SignpipeError
from signpipe.model.shipped import SHIPPED_FILE
from signpipe.settings import TrainSettings, resolve
from signpipe.training import finetune
from signpipe.workspace import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture
def videos(make_clip, tmp_path):
    for number in range(6):
        make_clip(tmp_path / f"videos/{('house', 'tree')[number % 2]}/{number}.mp4", seed=number)
    return tmp_path / "videos"


@pytest.fixture
def quick(small):
    changes = {
        f"{stage}.{name}": value
        for stage in ("pretrain", "finetune")
        for name, value in small.items()
    }
    return changes | {"pretrain.epochs": 1, "pretrain.queue": 16, "finetune.epochs": 2}


def test_it_goes_on_where_it_stopped_and_does_again_what_is_stale(
    videos, quick, make_clip, tmp_path, monkeypatch
):
    workspace = Workspace(tmp_path / "workspace")
    settings = resolve(TrainSettings, changes=quick)
    seen = []

    def train(**options):
        seen.clear()
        return pipeline.run(
            workspace,
            [videos],
            settings,
            pretraining=True,
            finished=lambda *ended: seen.append(ended),
            **options,
        )

    with monkeypatch.context() as patch, pytest.raises(KeyboardInterrupt):
        patch.setattr(finetune, "save_recognizer", interrupt)
        train()
    assert [stage for stage, _ in seen] == ["extract", "prepare", "pretrain"]

    result = train()
    assert [stage for stage, _ in seen] == list(vars(result))
    assert [ended for _, ended in seen] == list(vars(result).values())
    assert result.extract.done_before == 6 and result.pretrain.already
    assert not result.finetune.already
    assert result.evaluate.metrics["split"] == "test" and result.evaluate.metrics["clips"] == 2

    result = train()
    assert result.prepare.already and result.pretrain.already
    assert result.finetune.already and result.evaluate.already

    make_clip(videos / "tree" / "more.mp4", seed=7)
    result = train()
    assert result.extract.done_before == 6 and result.extract.clips == 7
    assert result.pretrain.clips == 3 and not result.pretrain.already
    assert not result.finetune.already and not result.evaluate.already

    settings = resolve(TrainSettings, changes=quick | {"finetune.epochs": 1})
    with pytest.raises(SignpipeError, match="epochs was 2, is 1.*--redo"):
        train()
    assert not train(redo=True).finetune.already
    assert train().finetune.already


def test_without_pretraining_it_begins_from_the_encoder_that_is_shipped(videos, small, tmp_path):
    workspace = Workspace(tmp_path / "workspace")
    names = ("batch_size", "min_steps_per_epoch", "precision")
    changes = {f"finetune.{name}": small[name] for name in names} | {"finetune.epochs": 1}
    result = pipeline.run(workspace, [videos], resolve(TrainSettings, changes=changes))
    assert result.pretrain is None and workspace.runs("pretrain") == []
    assert result.finetune.encoder == SHIPPED_FILE
    assert result.evaluate.metrics["clips"] == 2


def interrupt(*_):
    raise KeyboardInterrupt
