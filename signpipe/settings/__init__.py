"""One typed model per stage. What an output was made with is saved beside it, in full.

Values come from the preset, then a TOML file, then the command line; an unknown name or an
impossible value is refused by name.
"""

from signpipe.settings.base import MIRRORED, RENAMED, Settings, under_new_names
from signpipe.settings.evaluation import EvaluateSettings
from signpipe.settings.keypoints import ExtractSettings, PrepareSettings
from signpipe.settings.pipeline import TrainSettings
from signpipe.settings.presets import PRESETS
from signpipe.settings.sources import as_options, parse_changes, resolve
from signpipe.settings.training import (
    STREAMS_OF,
    Augmentation,
    Classifier,
    Consistency,
    EncoderSettings,
    FinetuneSettings,
    MildAugmentation,
    MotionForm,
    Optimizer,
    Precision,
    PretrainSettings,
    Schedule,
    Streams,
    Views,
)

__all__ = [
    "MIRRORED",
    "PRESETS",
    "RENAMED",
    "STREAMS_OF",
    "Augmentation",
    "Classifier",
    "Consistency",
    "EncoderSettings",
    "EvaluateSettings",
    "ExtractSettings",
    "FinetuneSettings",
    "MildAugmentation",
    "MotionForm",
    "Optimizer",
    "Precision",
    "PrepareSettings",
    "PretrainSettings",
    "Schedule",
    "Settings",
    "Streams",
    "TrainSettings",
    "Views",
    "as_options",
    "parse_changes",
    "resolve",
    "under_new_names",
]
