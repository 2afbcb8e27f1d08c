"""The notation of segments: which part of a file a clip is, in exact seconds, as text."""

from fractions import Fraction


def segment_text(start: Fraction, end: Fraction | None) -> str:
    """Start and end as text that tells them exactly, such as 1/2..2; "" for a whole file."""
    if not start and end is None:
        return ""
    return f"{start}..{'' if end is None else end}"


def segment_times(text: str) -> tuple[Fraction, Fraction | None]:
    """What `segment_text` was given. Raises ValueError if the text is no segment."""
    start, _, end = (text or "0..").partition("..")
    return Fraction(start), Fraction(end) if end else None
