"""Settings of train, which runs the other stages: theirs, each in a table of its own."""

from pydantic import Field

from signpipe.settings.base import Settings
from signpipe.settings.evaluation import EvaluateSettings
from signpipe.settings.keypoints import ExtractSettings, PrepareSettings
from signpipe.settings.training import FinetuneSettings, PretrainSettings


class TrainSettings(Settings):
    """What each stage is given; `finetune.epochs` is the epochs of finetune."""

    extract: ExtractSettings = Field(ExtractSettings(), description="settings of extract")
    prepare: PrepareSettings = Field(PrepareSettings(), description="settings of prepare")
    pretrain: PretrainSettings = Field(PretrainSettings(), description="settings of pretrain")
    finetune: FinetuneSettings = Field(FinetuneSettings(), description="settings of finetune")
    evaluate: EvaluateSettings = Field(EvaluateSettings(), description="settings of evaluate")
