"""Settings of pretrain and finetune; the defaults are the preset `compact`."""

from typing import Annotated, Literal, Self

from pydantic import Field, PositiveInt, model_validator

from signpipe.settings.base import Settings

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
Milestones = tuple[Annotated[float, Field(gt=0, lt=1)], ...]


class EncoderSettings(Settings):
    """What an encoder is given, and its sizes."""

    frames: int = Field(
        16, ge=4, le=512, description="T, the frames to which every window of a clip is resampled"
    )
    motion: MotionForm = Field(
        "forward",
        description="motion is the difference to the next frame, or to the frame before",
    )
    joint_channels: tuple[PositiveInt, PositiveInt, PositiveInt] = Field(
        (32, 32, 64), description="channels of the three graph convolutions over joints"
    )
    part_channels: int = Field(
        96, ge=8, description="channels of a hand or the trunk in a frame; a multiple of heads"
    )
    temporal_blocks: int = Field(1, ge=0, le=8, description="temporal convolution blocks")
    layers: int = Field(1, ge=0, le=12, description="Transformer layers")
    heads: int = Field(8, ge=1, description="attention heads of a Transformer layer")
    hand_feedforward: int = Field(
        192, ge=8, description="channels of the hands' feed-forward layers"
    )
    trunk_feedforward: int = Field(
        96, ge=8, description="channels of the trunk's feed-forward layers"
    )
    dropout: float = Field(0.1, ge=0, lt=1, description="probability of dropout in the encoder")
    embedding: int = Field(128, ge=2, description="dimensions of what the projection heads give")

    @model_validator(mode="after")
    def _heads_divide(self) -> Self:
        if self.part_channels % self.heads:
            raise ValueError(f"part_channels must be a multiple of heads ({self.heads})")
        return self


class MildAugmentation(Settings):
    """Strengths of the augmentation `mild`; 0 switches one off."""

    hand_rotation: float = Field(
        15, ge=0, le=180, description="a hand is turned by up to so many degrees either way"
    )
    trunk_rotation: float = Field(
        8, ge=0, le=180, description="the trunk is turned by up to so many degrees either way"
    )
    scale: float = Field(
        0.15, ge=0, lt=1, description="each axis is scaled by up to this share, either way"
    )
    shear: float = Field(
        0.1, ge=0, le=1, description="largest shear, as a share of the other coordinate"
    )
    hand_translation: float = Field(
        0, ge=0, description="a hand is moved by up to so many sides of its box"
    )
    trunk_translation: float = Field(
        0.1, ge=0, description="the trunk is moved by up to so many of prepare's units of the trunk"
    )
    noise: float = Field(
        0.01,
        ge=0,
        description="standard deviation of the noise of every joint in every frame, in units of "
        "its part",
    )
    joint_dropout: float = Field(
        0.05, ge=0, le=1, description="probability that a joint is missing in the whole window"
    )
    hand_dropout: float = Field(
        0.2, ge=0, le=1, description="probability that a hand is missing for a stretch of frames"
    )
    speed: float = Field(
        0, ge=0, lt=1, description="the window's start is faster or slower by up to this share"
    )
    swap: float = Field(0.5, ge=0, le=1, description="probability that the person is mirrored")


class Views(Settings):
    """What of a clip is learned from: its streams, and how their augmented views are drawn."""

    streams: Streams = Field(
        "both", description="joint positions, their motion, or an encoder for each"
    )
    augmentation: Augmentation = Field(
        "mild", description="form of the augmentation; `mild` is set in detail by mild.*"
    )
    mild: MildAugmentation = Field(
        MildAugmentation(), description="strengths of the augmentation `mild`"
    )
    crop: float = Field(
        0.5, gt=0, le=1, description="the shortest window, as a share of the clip's frames"
    )
    crop_frames: int = Field(
        12, ge=1, description="the shortest window in frames, where the clip has so many"
    )

    @property
    def stream_names(self) -> tuple[str, ...]:
        """The streams one by one."""
        return STREAMS_OF[self.streams]


class PretrainSettings(Views):
    """Momentum contrast of two streams, which teach each other."""

    encoder: EncoderSettings = Field(EncoderSettings(), description="the encoder's sizes")
    contrast: tuple[Literal["fused", "hand", "trunk"], ...] = Field(
        ("fused", "hand", "trunk"), description="embeddings that are contrasted"
    )
    positives: int = Field(
        5,
        ge=0,
        description="so many nearest keys of other signers, and as many of the own, attract as "
        "well; in pools of fewer than 2,500 clips fewer; 0 is the paper's form",
    )
    positives_weight: float = Field(
        0.5,
        ge=0,
        le=1,
        description="share of all positives in the target; the own key has the rest",
    )
    consistency: Consistency = Field(
        "queue",
        description="between hand and trunk: none, of features (paper), of queues (release)",
    )
    consistency_nearest: int = Field(
        256, ge=1, description="consistency `queue`: nearest keys that are compared"
    )
    transfer_nearest: int = Field(
        1024,
        ge=0,
        description="K, the nearest keys that joint and motion teach each other; 0 leaves the "
        "transfer out",
    )
    queue: int = Field(12800, ge=16, description="keys that are kept; at least batch_size")
    temperature: float = Field(0.07, gt=0, description="temperature of the contrast")
    teacher_temperature: float = Field(
        0.05, gt=0, description="the teacher's temperature in consistency and transfer"
    )
    student_temperature: float = Field(
        0.1, gt=0, description="the student's temperature in consistency and transfer"
    )
    key_momentum: float = Field(
        0.99, ge=0, lt=1, description="share of itself that the key encoder keeps in every step"
    )
    contrast_weight: float = Field(1.0, ge=0, description="weight of the contrast in the loss")
    consistency_weight: float = Field(
        1.0, ge=0, description="weight of the consistency in the loss"
    )
    transfer_weight: float = Field(1.0, ge=0, description="weight of the transfer in the loss")
    epochs: int = Field(16, ge=1, description="passes over the clips")
    min_steps_per_epoch: int = Field(
        10, ge=1, description="steps of an epoch at least: few clips are passed over more than once"
    )
    batch_size: int = Field(64, ge=2, description="clips of a step, of all processes together")
    optimizer: Optimizer = Field("adamw", description="the optimiser")
    learning_rate: float = Field(1e-3, gt=0, description="learning rate of the first step")
    schedule: Schedule = Field(
        "cosine", description="the rate falls to 0 by a cosine, or by steps at lr_milestones"
    )
    lr_milestones: Milestones = Field(
        (1 / 3, 2 / 3),
        description="schedule `steps`: shares of the epochs after which the rate is a tenth",
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of sgd")
    weight_decay: float = Field(0.01, ge=0, description="weight decay")
    max_grad_norm: float = Field(
        5.0, ge=0, description="longer gradients are shortened to this norm; 0 leaves them"
    )
    seed: int = Field(0, ge=0, description="seed of every random draw")
    precision: Precision = Field(
        "auto", description="number format of the encoders; auto is bf16 where it is faster in fact"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.queue < self.batch_size:
            raise ValueError(f"queue must be at least batch_size ({self.batch_size})")
        if not self.contrast:
            raise ValueError("contrast must name at least one of fused, hand, trunk")
        return self


class FinetuneSettings(Views):
    """Supervised training of the streams' encoders and a new classifier for each."""

    encoder: EncoderSettings = Field(
        EncoderSettings(), description="the encoder's sizes, from scratch only"
    )
    classifier: Classifier = Field(
        "sum", description="classify the sum of hand and trunk features, or both side by side"
    )
    epochs: int = Field(12, ge=1, description="passes over the clips")
    min_steps_per_epoch: int = Field(
        30, ge=1, description="steps of an epoch at least: few clips are drawn more than once"
    )
    batch_size: int = Field(32, ge=2, description="clips of a step, of all processes together")
    optimizer: Optimizer = Field("sgd", description="the optimiser")
    learning_rate: float = Field(0.01, gt=0, description="learning rate of the first step")
    schedule: Schedule = Field(
        "cosine", description="the rate falls to 0 by a cosine, or by steps at lr_milestones"
    )
    lr_milestones: Milestones = Field(
        (5 / 8, 7 / 8),
        description="schedule `steps`: shares of the epochs after which the rate is a tenth",
    )
    encoder_lr_scale: float = Field(
        1.0, ge=0, description="the encoder's learning rate, in learning rates of the classifier"
    )
    unlabelled: float = Field(
        0.5,
        ge=0,
        lt=1,
        description="largest share of a batch that is drawn from clips without labels, by the "
        "labels of their neighbours; 0, and from scratch: labelled clips only",
    )
    few_labels: int = Field(
        5,
        ge=0,
        description="where no sign has more labelled clips, and fifteen times as many have no "
        "label, the encoder stays as it is and the classifiers learn from all clips, nearly alike; "
        "0, and where unlabelled is 0 or from scratch: never",
    )
    momentum: float = Field(0.9, ge=0, lt=1, description="momentum of sgd")
    weight_decay: float = Field(1e-4, ge=0, description="weight decay")
    label_smoothing: float = Field(
        0.1, ge=0, lt=1, description="share of the target that all signs have alike"
    )
    balance: float = Field(
        0.5, ge=0, le=1, description="0: clips are drawn alike; 1: signs are drawn alike"
    )
    misfit_weight: float = Field(
        1.0,
        gt=0,
        le=1,
        description="how often a training clip is drawn, to another's once, where all its signer's "
        "clips of the sign look like one other sign of other signers and nobody has checked them "
        "(`signpipe report labels`); from scratch: as any other",
    )
    max_grad_norm: float = Field(
        5.0, ge=0, description="longer gradients are shortened to this norm; 0 leaves them"
    )
    labels_per_sign: int | None = Field(
        None, ge=1, description="clips of each sign that are learned from at most; default: all"
    )
    seed: int = Field(0, ge=0, description="seed of every random draw")
    precision: Precision = Field(
        "auto", description="number format of the encoders; auto is bf16 where it is faster in fact"
    )
