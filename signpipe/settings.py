"""One typed model per stage. What an output was made with is saved beside it, in full.

Values come from the preset, then a TOML file, then the command line; an unknown name or an
impossible value is refused by name.
"""

import tomllib
from pathlib import Path
from typing import Any, Literal, Self, TypeVar

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    NonNegativeInt,
    PositiveFloat,
    PositiveInt,
    ValidationError,
    model_validator,
)

from signpipe.errors import SignpipeError

Consistency = Literal["none", "feature", "queue"]
Augmentation = Literal["none", "mild", "paper", "release"]
Streams = Literal["joint", "motion", "both"]
MotionForm = Literal["forward", "backward"]
STREAMS_OF: dict[Streams, tuple[str, ...]] = {
    "joint": ("joint",),
    "motion": ("motion",),
    "both": ("joint", "motion"),
}
Schedule = Literal["steps", "cosine"]
Optimizer = Literal["sgd", "adamw"]
Precision = Literal["auto", "fp32", "bf16"]
Classifier = Literal["sum", "parts"]


class Settings(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class ExtractSettings(Settings):
    """How landmarks are estimated; every field changes the numbers that come out."""

    model_complexity: Literal[0, 1, 2] = 1
    min_detection_confidence: float = Field(0.5, ge=0, le=1)
    min_tracking_confidence: float = Field(0.5, ge=0, le=1)
    face: bool = False


class PrepareSettings(Settings):
    """How landmarks become parts."""

    hand_box: float = Field(2.2, gt=0.5, le=10)  # side of a hand's box, in extents of the hand
    trunk: Literal["shoulders", "image"] = "shoulders"
    mirror_left_hand: bool = True


class EncoderSettings(Settings):
    """What an encoder is given, and its sizes; the default is `compact`."""

    frames: int = Field(16, ge=4, le=512)  # T, to which every view is resampled
    motion: MotionForm = "forward"  # x_(t+1) - x_t, or x_t - x_(t-1)
    joint_channels: tuple[PositiveInt, PositiveInt, PositiveInt] = (32, 32, 64)
    part_channels: int = Field(96, ge=8)  # features per frame and part
    temporal_blocks: int = Field(1, ge=0, le=8)
    layers: int = Field(1, ge=0, le=12)
    heads: int = Field(8, ge=1)
    hand_feedforward: int = Field(192, ge=8)
    trunk_feedforward: int = Field(96, ge=8)
    dropout: float = Field(0.1, ge=0, lt=1)
    embedding: int = Field(128, ge=2)  # of the projection heads

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.part_channels % self.heads:
            raise ValueError(f"part_channels must be a multiple of heads ({self.heads})")
        return self


class MildAugmentation(Settings):
    """Strengths of the augmentation `mild`; 0 switches one off.

    Angles are degrees either way, scale and shear shares of a length, translation and noise lengths
    in the parts' own units, the others probabilities.
    """

    hand_rotation: float = Field(15, ge=0, le=180)
    trunk_rotation: float = Field(8, ge=0, le=180)
    scale: float = Field(0.15, ge=0, lt=1)  # of each axis
    shear: float = Field(0.1, ge=0, le=1)
    hand_translation: float = Field(0, ge=0)
    trunk_translation: float = Field(0.1, ge=0)
    noise: float = Field(0.01, ge=0)  # of every joint in every frame
    joint_dropout: float = Field(0.05, ge=0, le=1)  # of a joint, for the whole window
    hand_dropout: float = Field(0.2, ge=0, le=1)  # of a stretch of frames of one hand
    speed: float = Field(0, ge=0, lt=1)  # the window's start runs so much faster or slower
    swap: float = Field(0.5, ge=0, le=1)  # the person is mirrored


class Views(Settings):
    """What of a clip is learned from: its streams, and how their augmented views are drawn."""

    streams: Streams = "both"
    augmentation: Augmentation = "mild"
    mild: MildAugmentation = MildAugmentation()
    crop: float = Field(0.5, gt=0, le=1)  # the shortest window, as a share of the clip
    crop_frames: int = Field(12, ge=1)  # and in frames, where the clip has them

    @property
    def stream_names(self) -> tuple[str, ...]:
        """The streams one by one."""
        return STREAMS_OF[self.streams]


class PretrainSettings(Views):
    """The method; the default is `compact`."""

    encoder: EncoderSettings = EncoderSettings()
    contrast: tuple[Literal["fused", "hand", "trunk"], ...] = ("fused", "hand", "trunk")
    # So many most similar keys of other signers, and of the own, attract; in small pools fewer.
    positives: int = Field(5, ge=0)
    positives_weight: float = Field(0.5, ge=0, le=1)  # of all of them; the own key has the rest
    consistency: Consistency = "queue"
    consistency_nearest: int = Field(256, ge=1)
    # K of the knowledge transfer; 0 leaves it out, and with one stream alone there is none.
    transfer_nearest: int = Field(1024, ge=0)
    queue: int = Field(12800, ge=16)
    temperature: float = Field(0.07, gt=0)
    teacher_temperature: float = Field(0.05, gt=0)
    student_temperature: float = Field(0.1, gt=0)
    key_momentum: float = Field(0.99, ge=0, lt=1)
    contrast_weight: float = Field(1.0, ge=0)
    consistency_weight: float = Field(1.0, ge=0)
    transfer_weight: float = Field(1.0, ge=0)
    epochs: int = Field(16, ge=1)
    min_steps_per_epoch: int = Field(
        10, ge=1
    )  # in an epoch: few clips are passed over more than once
    batch_size: int = Field(64, ge=2)
    optimizer: Optimizer = "adamw"
    learning_rate: float = Field(1e-3, gt=0)
    schedule: Schedule = "cosine"
    lr_milestones: tuple[float, ...] = (
        1 / 3,
        2 / 3,
    )  # of `steps`: shares of the epochs, each x 0.1
    momentum: float = Field(0.9, ge=0, lt=1)  # of sgd
    weight_decay: float = Field(0.01, ge=0)
    max_grad_norm: float = Field(5.0, ge=0)  # the largest norm; 0 leaves it as it is
    seed: int = Field(0, ge=0)
    precision: Precision = "auto"  # of the encoders; auto: bf16 where it is faster in fact

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.queue < self.batch_size:
            raise ValueError(f"queue must be at least batch_size ({self.batch_size})")
        if not self.contrast:
            raise ValueError("contrast must name at least one of fused, hand, trunk")
        return self


class FinetuneSettings(Views):
    """Supervised training of the streams' encoders and a new classifier for each."""

    # Only used from scratch; a pretrained encoder brings its own.
    encoder: EncoderSettings = EncoderSettings()
    classifier: Classifier = "sum"  # of h + b, or of both parts side by side
    epochs: int = Field(12, ge=1)
    min_steps_per_epoch: int = Field(30, ge=1)  # in an epoch: few clips are drawn more than once
    batch_size: int = Field(32, ge=2)
    optimizer: Optimizer = "sgd"
    learning_rate: float = Field(0.01, gt=0)
    schedule: Schedule = "cosine"
    lr_milestones: tuple[float, ...] = (5 / 8, 7 / 8)
    encoder_lr_scale: float = Field(1.0, ge=0)  # the encoder's share of the learning rate
    # The largest share of a batch that clips without labels make up, named after their neighbours
    # among the encoder's features. With 0 and from scratch only labelled clips are learned from.
    unlabelled: float = Field(0.5, ge=0, lt=1)
    momentum: float = Field(0.9, ge=0, lt=1)  # of sgd
    weight_decay: float = Field(1e-4, ge=0)
    label_smoothing: float = Field(0.1, ge=0, lt=1)
    balance: float = Field(0.5, ge=0, le=1)  # 0: clips count alike; 1: signs count alike
    max_grad_norm: float = Field(5.0, ge=0)  # the largest norm; 0 leaves it as it is
    labels_per_sign: int | None = Field(None, ge=1)
    seed: int = Field(0, ge=0)
    precision: Precision = "auto"  # of the encoders; auto: bf16 where it is faster in fact


class EvaluateSettings(Settings):
    """What the protocols of evaluate try and repeat; each uses the fields that concern it."""

    neighbours: tuple[PositiveInt, ...] = (1, 3, 5, 10, 20, 50)  # knn: one of these, by val
    inverse_penalties: tuple[PositiveFloat, ...] = (0.003, 0.01, 0.03, 0.1, 1.0)  # linear: likewise
    fractions: tuple[PositiveFloat, ...] = (0.01, 0.05, 0.1, 0.3, 0.6, 1.0)  # of training clips
    seeds: tuple[NonNegativeInt, ...] = (0, 1, 2)  # fractions: of the clips drawn and the training
    shots: tuple[PositiveInt, ...] = (1, 3, 5)  # few-shot: clips shown of each sign
    within: Literal["signer", "split"] = "signer"  # few-shot: shown and asked of one signer, or all
    draws: int = Field(100, ge=1)  # few-shot: of the clips shown
    head: bool = False  # few-shot: also a linear head fitted to the clips shown
    folds: int = Field(5, ge=0)  # cross-signer: groups of signers; 0: each signer by itself
    bootstrap: int = Field(2000, ge=100)  # draws behind an interval
    level: float = Field(0.95, gt=0, lt=1)  # of the intervals
    finetune: FinetuneSettings = FinetuneSettings()  # of fractions and cross-signer

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if any(share > 1 for share in self.fractions):
            raise ValueError("fractions must be at most 1")
        if self.folds == 1:
            raise ValueError("folds must be 0 or at least 2")
        for name in ("neighbours", "inverse_penalties", "fractions", "seeds", "shots"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} must be one or more different values")
        return self


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
        PrepareSettings: PrepareSettings(hand_box=2.2, trunk="image", mirror_left_hand=True),
    }


PRESETS: dict[str, dict[type[Settings], Settings]] = {
    "compact": {PretrainSettings: PretrainSettings(), FinetuneSettings: FinetuneSettings()},
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
    _stages[EvaluateSettings] = EvaluateSettings.model_validate(
        {"finetune": _stages[FinetuneSettings].model_dump()}
    )

# What fields were called in runs that were made before.
RENAMED = {
    "batch": "batch_size",
    "least_steps": "min_steps_per_epoch",
    "clip_gradient": "max_grad_norm",
    "drops": "lr_milestones",
    "encoder_rate": "encoder_lr_scale",
}

Model = TypeVar("Model", bound=Settings)


def resolve(
    model: type[Model],
    preset: str = "compact",
    file: Path | None = None,
    changes: dict[str, Any] | None = None,
) -> Model:
    """Settings of a stage from its preset, a TOML file and single changes (the last one wins).

    The file may hold the stage's fields at its top level or nested tables (`[encoder]`); a dotted
    name such as `encoder.frames` in `changes` reaches into one. Raises SignpipeError.
    """
    if preset not in PRESETS:
        raise SignpipeError(f"there is no preset {preset!r}; there are {', '.join(PRESETS)}")
    base = PRESETS[preset].get(model)
    values = base.model_dump() if base else model().model_dump()
    if file is not None:
        _merge(values, _read_toml(file))
    for name, value in (changes or {}).items():
        *outer, last = name.split(".")
        nested: dict[str, Any] = {last: value}
        for key in reversed(outer):
            nested = {key: nested}
        _merge(values, nested)
    try:
        return model.model_validate(values)
    except ValidationError as error:
        raise SignpipeError(_explain(error, model)) from error


def parse_changes(texts: list[str]) -> dict[str, Any]:
    """`name=value` texts, the value in TOML's notation or a bare word, as a dict."""
    changes = {}
    for text in texts:
        name, found, value = text.partition("=")
        if not found or not name.strip():
            raise SignpipeError(f"{text!r} is not of the form name=value")
        try:
            changes[name.strip()] = tomllib.loads(f"value = {value}")["value"]
        except tomllib.TOMLDecodeError:
            changes[name.strip()] = value.strip()
    return changes


def under_new_names(values: dict[str, Any]) -> dict[str, Any]:
    """Settings that a run was made with, those that had other names then under today's."""
    return {RENAMED.get(name, name): value for name, value in values.items()}


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SignpipeError(f"cannot read the settings in {file}: {error}") from error


def _merge(values: dict[str, Any], changes: dict[str, Any]) -> None:
    for name, value in changes.items():
        if isinstance(value, dict) and isinstance(values.get(name), dict):
            _merge(values[name], value)
        else:
            values[name] = value


def _explain(error: ValidationError, model: type[Settings]) -> str:
    """One sentence from pydantic's first complaint."""
    first = error.errors()[0]
    name = ".".join(str(part) for part in first["loc"])
    if first["type"] == "extra_forbidden":
        known = ", ".join(model.model_fields)
        return f"there is no setting {name}; the settings of this stage are {known}"
    message = first["msg"].removeprefix("Value error, ")
    given = "" if isinstance(first["input"], dict) else f" (given: {first['input']!r})"
    return (f"{name}: " if name else "") + message + given
