"""Training, evaluation and prediction where there is a GPU; skipped elsewhere."""

import pytest
import torch

from signpipe.evaluation import evaluate
from signpipe.settings import FinetuneSettings, PretrainSettings, resolve
from signpipe.training import finetune, pretrain
from signpipe.training.loop import pick_device

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(not torch.cuda.is_available(), reason="there is no GPU"),
]


def test_the_pipeline_learns_on_a_gpu(signs_workspace, small):
    assert pick_device().type == "cuda"
    chosen = resolve(PretrainSettings, changes={**small, "epochs": 2, "queue": 24})
    pretrain.run(signs_workspace, chosen)
    changes = {**small, "epochs": 30, "learning_rate": 0.05}
    finetune.run(signs_workspace, resolve(FinetuneSettings, changes=changes))
    metrics = evaluate.run(signs_workspace, split="test").metrics
    assert metrics["streams"]["both"]["top1"] > 0.6
