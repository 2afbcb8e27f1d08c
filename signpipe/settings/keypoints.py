"""Settings of extract and prepare: from a video to normalised parts."""

from typing import Literal

from pydantic import Field

from signpipe.settings.base import Settings


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
    mirror_left_hand: bool = Field(
        True, description="mirror the left hand, so that both hands look like a right hand"
    )
