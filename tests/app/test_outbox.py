"""What waits for a browser that is slow."""

import asyncio

import pytest

from signpipe.app.outbox import MOST, Outbox, TooFarBehind


def test_of_pictures_the_newest_and_of_all_else_everything():
    async def read() -> list[dict[str, object]]:
        outbox = Outbox()
        outbox.post({"is": "one"})
        for number in range(100):
            outbox.post_newest({"is": "frame", "number": number})
        outbox.post({"is": "two"})
        found = [await outbox.next() for _ in range(3)]
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(0.01):
                await outbox.next()
        outbox.post_newest({"is": "frame", "number": 100})
        return [*found, await outbox.next()]

    assert asyncio.run(read()) == [
        {"is": "one"},
        {"is": "two"},
        {"is": "frame", "number": 99},
        {"is": "frame", "number": 100},
    ]


def test_who_takes_nothing_any_more_is_given_up():
    async def fill() -> None:
        outbox = Outbox()
        for number in range(MOST):
            outbox.post({"is": number})
        with pytest.raises(TooFarBehind):
            outbox.post({"is": "last"})

    asyncio.run(fill())
