"""What a recogniser answers: a sign, or that there is none of those it knows."""

from dataclasses import dataclass

Signs = tuple[tuple[str, float], ...]  # (sign, probability in [0, 1]), the likeliest first

NONE_OF_THESE = "none of these"  # a movement that is no sign it knows
NOT_SIGNING = "not signing"  # a person who does not sign
NO_SIGN = (NONE_OF_THESE, NOT_SIGNING)


@dataclass(frozen=True)
class Answer:
    """`answer` is a sign, `NONE_OF_THESE` or `NOT_SIGNING`.

    `signs` are all (sign, calibrated probability in [0, 1]), the likeliest first, whatever the
    answer: the probabilities hold if the clip shows one of these signs.
    """

    answer: str
    signs: Signs

    @property
    def is_sign(self) -> bool:
        return self.answer not in NO_SIGN
