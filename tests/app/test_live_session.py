"""The camera's WebSocket, talked to without a browser."""

import io
import json
import struct
import time
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import ClientConnection, connect


@pytest.fixture(scope="module")
def jpegs(person) -> list[bytes]:
    """Pictures of a moving person."""
    found = []
    for shift in range(4):
        file = io.BytesIO()
        Image.fromarray(np.roll(person, 4 * shift, axis=1)).save(file, "JPEG")
        found.append(file.getvalue())
    return found


@pytest.fixture
def socket(running) -> Iterator[ClientConnection]:
    """A connection such as the page's own, which has the camera's place."""
    headers = {"Cookie": running.cookie()}
    with connect(
        running.origin.replace("http", "ws") + "/live",
        origin=running.origin,
        additional_headers=headers,
        max_queue=1,
    ) as made:
        assert told(made, "ready") == {"is": "ready"}
        yield made


def told(socket: ClientConnection, kind: str) -> dict[str, object]:
    """The next message of a kind."""
    while True:
        message = json.loads(socket.recv(60))
        if message["is"] == kind:
            return message


def test_a_client_that_sends_fast_and_reads_slowly(socket, jpegs):
    for number in range(300):
        socket.send(struct.pack("<d", 1 + number / 100) + jpegs[number % 4])
    time.sleep(1)
    seen = []
    while not seen or seen[-1] < 1 + 299 / 100:
        seen.append(told(socket, "frame")["seconds"])
    assert seen == sorted(seen)
    assert len(seen) < 200  # most were passed over for newer ones


def test_what_is_not_understood_is_told_and_costs_only_itself(socket, jpegs):
    for nonsense in (
        "{",
        "[]",
        "{}",
        '{"do": "fly"}',
        '{"do": "record"}',
        '{"do": "keep"}',
        b"short",
    ):
        socket.send(nonsense)
        assert told(socket, "trouble")["text"]
    socket.send(json.dumps({"do": "record", "sign": " ", "signer": ""}))
    assert "a name first" in told(socket, "trouble")["text"]
    socket.send(json.dumps({"do": "show take", "id": "../../clips"}))
    assert "not there any more" in told(socket, "trouble")["text"]
    socket.send(struct.pack("<d", 1.0) + b"no picture")
    assert "cannot be looked at" in told(socket, "trouble")["text"]
    socket.send(struct.pack("<d", 2.0) + jpegs[0])
    frame = told(socket, "frame")
    assert frame["seconds"] == 2.0 and frame["quality"]["shoulders"]
