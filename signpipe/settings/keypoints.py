"""Settings of extract and prepare: from a video to normalised parts."""

from typing import Any, Literal

from pydantic import Field, model_validator

from signpipe.settings.base import MIRRORED, Settings, under_new_names


class ExtractSettings(Settings):
    """How landmarks are estimated; every field changes the numbers that come out."""

    model_complexity: Literal[0, 1, 2] = Field(
        1, description="MediaPipe's pose model: 0 light, 1 full, 2 heavy"
    )
    min_detection_confidence: float = Field(
        0.5, ge=0, le=1, description="confidence from which MediaPipe takes a person as found"
    )
    min_tracking_confidence: float = Field(
        0.5,
        ge=0,
        le=1,
        description="confidence below which MediaPipe looks for the person again in the next frame",
    )
    face: bool = Field(
        False, description="keep the face's 468 landmarks too; they take more time and room"
    )


class PrepareSettings(Settings):
    """How landmarks become parts."""

    hand_box: float = Field(
        2.2, gt=0.5, le=10, description="side of the square box around a hand, in hand extents"
    )
    trunk: Literal["shoulders", "image"] = Field(
        "shoulders",
        description="unit and origin of the trunk: the shoulders' width and middle, or the picture",
    )

    @model_validator(mode="before")
    @classmethod
    def _of_before(cls, values: Any) -> Any:
        if not isinstance(values, dict):
            return values
        values = under_new_names(values)
        if MIRRORED not in values:
            return values
        raise ValueError(
            f"{MIRRORED}=false is no longer possible, since one network serves both hands; prepare "
            "again with `signpipe prepare --redo`, and train again"
        )
