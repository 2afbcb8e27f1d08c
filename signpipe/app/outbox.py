"""What waits to be sent to one browser: of pictures' results the newest, of all else everything."""

import asyncio
from collections import deque
from typing import Any

MOST = 1000  # messages; a browser that is so far behind is gone


class TooFarBehind(Exception):
    """A browser takes nothing any more."""


class Outbox:
    """Messages for a browser that may be slow; it never makes the one who posts wait."""

    def __init__(self) -> None:
        self._messages: deque[dict[str, Any]] = deque()
        self._newest: dict[str, Any] | None = None
        self._has_some = asyncio.Event()

    def post(self, message: dict[str, Any]) -> None:
        """Add a message. Raises TooFarBehind if a thousand wait already."""
        if len(self._messages) >= MOST:
            raise TooFarBehind
        self._messages.append(message)
        self._has_some.set()

    def post_newest(self, message: dict[str, Any]) -> None:
        """Add a message in place of the last of this kind, if that still waits."""
        self._newest = message
        self._has_some.set()

    async def next(self) -> dict[str, Any]:
        """The next message, what must not be lost first."""
        await self._has_some.wait()
        if self._messages:
            message = self._messages.popleft()
        else:
            assert self._newest is not None
            message, self._newest = self._newest, None
        if not self._messages and self._newest is None:
            self._has_some.clear()
        return message
