"""The camera's pictures on the server: the newest to look at, and what takes are cut from."""

import asyncio
import math
import struct

import pytest

from signpipe.app import camera_stream as module
from signpipe.app.camera_stream import CameraStream


def message(seconds: float, jpeg: bytes = b"jpeg") -> bytes:
    return struct.pack("<d", seconds) + jpeg


def test_who_is_behind_gets_the_newest_picture_alone():
    async def look() -> None:
        stream = CameraStream()
        for seconds in (1.0, 1.1, 1.2):
            stream.receive(message(seconds))
        first = await stream.newest()
        assert (first.seconds, first.jpeg, first.fresh) == (1.2, b"jpeg", True)
        assert stream.dropped == 2
        waiting = asyncio.create_task(stream.newest())
        await asyncio.sleep(0)
        assert not waiting.done()
        stream.receive(message(1.1))  # late: it is passed over
        stream.receive(message(1.3))
        second = await waiting
        assert (second.seconds, second.fresh) == (1.3, False)
        assert stream.dropped == 2

    asyncio.run(look())


@pytest.mark.parametrize("data", [b"", b"\0" * 8, message(math.nan), message(math.inf)])
def test_what_is_no_picture_is_refused(data):
    with pytest.raises(ValueError, match="picture"):
        CameraStream().receive(data)


def test_takes_are_cut_from_what_was_looked_at_and_memory_is_bounded(monkeypatch):
    monkeypatch.setattr(module, "KEPT_BYTES", 3000)

    async def look() -> CameraStream:
        stream = CameraStream()
        for index in range(1000):
            stream.receive(message(index / 10, bytes(100)))
            stream.keep(await stream.newest())
        return stream

    stream = asyncio.run(look())
    assert [t for t, _ in stream.between(99.0, 99.25)] == [99.0, 99.1, 99.2]
    assert len(stream.between(0, 1000)) == 30  # of 100 bytes


def test_what_is_long_ago_is_forgotten():
    async def look() -> CameraStream:
        stream = CameraStream()
        for seconds in (0.0, 30.0, 45.0):
            stream.receive(message(seconds))
            stream.keep(await stream.newest())
        return stream

    assert [t for t, _ in asyncio.run(look()).between(0, 100)] == [30.0, 45.0]
