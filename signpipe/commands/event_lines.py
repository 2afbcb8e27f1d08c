"""The events of a stream as lines, for people or as JSON."""

import json
from typing import Any

from signpipe.answers import Signs
from signpipe.live.answered_stream import AnsweredEvent, AnsweredSign
from signpipe.live.sign_stream import HandsUp
from signpipe.wording import one_line


def event_line(clip: str, event: AnsweredEvent, top: int) -> str:
    """`  12.40 - 13.80  house 82%, tree 18%`, or when hands came up or down."""
    clip = one_line(clip)
    if not isinstance(event, AnsweredSign):
        return f"{clip}: {event.time:8.2f}           {_name(event)}"
    named = ", ".join(f"{sign} {share:.0%}" for sign, share in event.answer.signs[:top])
    if not event.answer.is_sign:
        named = f"{event.answer.answer} ({named})"
    return f"{clip}: {event.start:8.2f} - {event.end:7.2f} {one_line(named)}"


def event_json(clip: str, event: AnsweredEvent, top: int) -> str:
    """One JSON object, without line breaks; times in seconds."""
    row: dict[str, Any] = {"clip": clip, "event": _name(event)}
    if isinstance(event, AnsweredSign):
        row |= {"start": round(event.start, 3), "end": round(event.end, 3)}
        row |= {"answer": event.answer.answer, "predictions": named(event.answer.signs[:top])}
    else:
        row["time"] = round(event.time, 3)
    return json.dumps(row, ensure_ascii=False)


def named(signs: Signs) -> list[dict[str, object]]:
    return [{"sign": sign, "probability": share} for sign, share in signs]


def _name(event: AnsweredEvent) -> str:
    if isinstance(event, AnsweredSign):
        return "sign"
    return "hands up" if isinstance(event, HandsUp) else "hands down"
