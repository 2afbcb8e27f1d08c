"""The presets: `compact`, and the two forms in which the method was published."""

from typing import Any

from signpipe.settings.base import Settings
from signpipe.settings.evaluation import EvaluateSettings
from signpipe.settings.keypoints import PrepareSettings
from signpipe.settings.pipeline import TrainSettings
from signpipe.settings.training import (
    EncoderSettings,
    FinetuneSettings,
    MotionForm,
    PretrainSettings,
)


def _published(
    motion: MotionForm, pretrain: dict[str, Any], finetune: dict[str, Any]
) -> dict[type[Settings], Settings]:
    """What the paper and its authors' release have in common, and what each has of its own."""
    encoder = EncoderSettings(
        frames=64,
        motion=motion,
        joint_channels=(128, 128, 256),
        part_channels=512,
        temporal_blocks=2,
        layers=3,
        heads=8,
        hand_feedforward=1536,
        trunk_feedforward=1024,
        dropout=0.1,
        embedding=128,
    )
    common = {
        "encoder": encoder,
        "optimizer": "sgd",
        "learning_rate": 0.01,
        "schedule": "steps",
        "momentum": 0.9,
        "weight_decay": 1e-4,
        "batch_size": 64,
        "min_steps_per_epoch": 1,
        "max_grad_norm": 0.0,
    }
    contrastive = {
        "positives": 0,
        "crop": 0.1,
        "crop_frames": 32,
        "queue": 16384,
        "temperature": 0.07,
        "teacher_temperature": 0.05,
        "student_temperature": 0.1,
        "transfer_nearest": 8192,
        "transfer_weight": 1.0,
        "epochs": 150,
    }
    supervised = {
        "classifier": "sum",
        "augmentation": "none",
        "crop": 0.5,
        "crop_frames": 64,
        "encoder_lr_scale": 1.0,
        "unlabelled": 0.0,
        "label_smoothing": 0.0,
        "balance": 0.0,
    }
    return {
        PretrainSettings: PretrainSettings.model_validate(common | contrastive | pretrain),
        FinetuneSettings: FinetuneSettings.model_validate(common | supervised | finetune),
        PrepareSettings: PrepareSettings(hand_box=2.2, trunk="image"),
    }


PRESETS: dict[str, dict[type[Settings], Settings]] = {
    "compact": {model: model() for model in (PrepareSettings, PretrainSettings, FinetuneSettings)},
    "paper": _published(
        motion="backward",
        pretrain={
            "augmentation": "paper",
            "contrast": ("hand", "trunk"),
            "consistency": "feature",
            "contrast_weight": 0.5,
            "consistency_weight": 0.5,
            "key_momentum": 0.99,
            "lr_milestones": (1 / 3, 2 / 3),
        },
        finetune={"epochs": 60},
    ),
    "release": _published(
        motion="forward",
        pretrain={
            "augmentation": "release",
            "contrast": ("fused", "hand", "trunk"),
            "consistency": "queue",
            "consistency_nearest": 1024,
            "contrast_weight": 1.0,
            "consistency_weight": 1.0,
            "key_momentum": 0.999,
            "lr_milestones": (2 / 3,),
        },
        finetune={"epochs": 80, "lr_milestones": (5 / 8, 7 / 8)},
    ),
}

for _stages in PRESETS.values():
    _finetune = _stages[FinetuneSettings].model_dump()
    _stages[EvaluateSettings] = EvaluateSettings.model_validate({"finetune": _finetune})
    _stages[TrainSettings] = TrainSettings.model_validate(
        {
            "prepare": _stages[PrepareSettings].model_dump(),
            "pretrain": _stages[PretrainSettings].model_dump(),
            "finetune": _finetune,
            "evaluate": _stages[EvaluateSettings].model_dump(),
        }
    )
