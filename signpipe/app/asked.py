"""What a browser asks for, as far as it can be understood."""

from typing import Any

from starlette.requests import Request

from signpipe.errors import SignpipeError
from signpipe.workspace import parse_json

LARGEST = 16 << 20  # bytes: the ids of 100,000 clips


async def asked(request: Request) -> dict[str, Any]:
    """The JSON object that a request brings. Raises SignpipeError if it brings none."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > LARGEST:
            raise SignpipeError("That is too much at once. Do it in parts.")
    try:
        value = parse_json(bytes(body))
    except ValueError as error:
        raise SignpipeError(f"not understood: {error}") from error
    if not isinstance(value, dict):
        raise SignpipeError("not understood: no JSON object")
    return value


def texts(value: object) -> list[str]:
    """A list of texts. Raises SignpipeError for anything else."""
    if not isinstance(value, list) or not all(isinstance(item, str) for item in value):
        raise SignpipeError("not understood: no list of texts")
    return value
