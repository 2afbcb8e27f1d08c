from typing import Any

import pytest

from signpipe.settings import EvaluateSettings, PretrainSettings, resolve
from signpipe.training import pretrain


@pytest.fixture
def pretrained(signs_workspace, small):
    """The workspace of made-up signs with a pretraining run."""
    pretrain.run(
        signs_workspace, resolve(PretrainSettings, changes={**small, "epochs": 2, "queue": 24})
    )
    return signs_workspace


@pytest.fixture
def brief(small) -> Any:
    """`brief(**changes)`: settings of evaluate that take a second."""

    def make(**changes: Any) -> EvaluateSettings:
        finetune = {f"finetune.{name}": value for name, value in small.items()}
        quick = {"bootstrap": 100, "draws": 5, "finetune.epochs": 1}
        return resolve(EvaluateSettings, changes={**finetune, **quick, **changes})

    return make
