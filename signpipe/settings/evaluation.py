"""Settings of evaluate."""

from typing import Annotated, Literal, Self

from pydantic import Field, NonNegativeInt, PositiveFloat, PositiveInt, model_validator

from signpipe.settings.base import Settings
from signpipe.settings.training import FinetuneSettings


class EvaluateSettings(Settings):
    """What the protocols of evaluate try and repeat; each uses the fields that concern it."""

    neighbours: tuple[PositiveInt, ...] = Field(
        (1, 3, 5, 10, 20, 50), description="knn: numbers of neighbours; val chooses one of them"
    )
    inverse_penalties: tuple[PositiveFloat, ...] = Field(
        (0.003, 0.01, 0.03, 0.1, 1.0),
        description="linear: inverse strengths of the L2 penalty; val chooses one of them",
    )
    fractions: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        (0.01, 0.05, 0.1, 0.3, 0.6, 1.0),
        description="fractions: shares of the training clips whose labels are learned from",
    )
    seeds: tuple[NonNegativeInt, ...] = Field(
        (0, 1, 2), description="fractions: seeds, each of a draw of clips and of a training"
    )
    shots: tuple[PositiveInt, ...] = Field(
        (1, 3, 5), description="few-shot: numbers of clips shown of each sign"
    )
    within: Literal["signer", "split"] = Field(
        "signer", description="few-shot: clips shown and asked are of one signer, or of any"
    )
    draws: int = Field(100, ge=1, description="few-shot: draws of the clips shown")
    head: bool = Field(
        False, description="few-shot: also fit a linear classifier to the clips shown"
    )
    examples: tuple[NonNegativeInt, ...] = Field(
        (1, 5, 0), description="retrieval: numbers of clips of each sign in the dictionary; 0: all"
    )
    dictionaries: int = Field(5, ge=1, description="retrieval: draws of the dictionary's clips")
    whose: Literal["others", "own"] = Field(
        "others",
        description="retrieval: the dictionary's clips are other signers', or each signer's own",
    )
    folds: int = Field(
        5,
        ge=0,
        description="cross-signer, cross-validation, open-set: groups of signers (clips, signs), 2 "
        "or more; 0: each by itself",
    )
    kept: float = Field(
        0.95,
        gt=0,
        le=1,
        description="open-set: share of the clips of known signs that is kept where false answers "
        "are counted",
    )
    idle: str = Field(
        "_idle", description="open-set: label of clips that show a person who does not sign"
    )
    bootstrap: int = Field(2000, ge=100, description="draws behind an interval")
    level: float = Field(0.95, gt=0, lt=1, description="confidence level of the intervals")
    finetune: FinetuneSettings = Field(
        FinetuneSettings(), description="how fractions, cross-signer and open-set fine-tune"
    )

    @model_validator(mode="after")
    def _possible(self) -> Self:
        if self.folds == 1:
            raise ValueError("folds must be 0 or at least 2")
        for name in ("neighbours", "inverse_penalties", "fractions", "seeds", "shots", "examples"):
            values = getattr(self, name)
            if not values or len(set(values)) < len(values):
                raise ValueError(f"{name} must be one or more different values")
        return self
