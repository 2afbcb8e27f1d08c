"""The camera's WebSocket, talked to without a browser."""

import io
import json
import struct
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from websockets.sync.client import ClientConnection, connect

from signpipe.cliptable import read_clips
from signpipe.extraction.clip import extract_clip
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.stored import stored_extraction
from signpipe.landmarks.holistic import Holistic
from signpipe.video.read import Video
from signpipe.workspace import Workspace


@pytest.fixture(scope="module")
def jpegs(person) -> list[bytes]:
    """Pictures of a moving person."""
    return [as_jpeg(np.roll(person, 4 * shift, axis=1)) for shift in range(4)]


@pytest.fixture
def socket(running) -> Iterator[ClientConnection]:
    """A connection such as the page's own, which has the camera's place."""
    headers = {"Cookie": running.cookie()}
    with connect(
        running.place.replace("http", "ws") + "live",
        origin=running.origin,
        additional_headers=headers,
        max_queue=1,
        close_timeout=1,
    ) as made:
        assert told(made, "ready") == {"is": "ready"}
        yield made


@pytest.fixture(scope="module")
def drumming(demo_clips) -> list[bytes]:
    """Pictures, 20 a second, of a drawn person who rests, drums and rests."""
    with Video(demo_clips / "drum" / "ada_0.mp4") as video:
        shown = [pixels for _, pixels in video]
    return [as_jpeg(p) for p in [*[shown[0]] * 6, *shown, *[shown[-1]] * 10]]


def as_jpeg(pixels: np.ndarray) -> bytes:
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def show(socket: ClientConnection, jpegs: list[bytes], begin: float, rate: float = 20) -> None:
    """Send pictures as fast as they are looked at, none passed over."""
    for number, jpeg in enumerate(jpegs):
        socket.send(struct.pack("<d", begin + number / rate) + jpeg)
        told(socket, "frame")


def say(socket: ClientConnection, **wish: object) -> None:
    socket.send(json.dumps(wish))


def told(socket: ClientConnection, *kinds: str) -> dict[str, object]:
    """The next message of one of the kinds."""
    while True:
        message = json.loads(socket.recv(60))
        if message["is"] in kinds:
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


def test_a_take_with_its_video_is_what_extract_makes_of_it(socket, running, drumming):
    workspace = Workspace(running.workspace)
    show(socket, drumming[:3], begin=10)
    say(socket, do="record", sign="drum", signer="ada")
    for number, jpeg in enumerate(drumming[3:]):
        socket.send(struct.pack("<d", 10.15 + number / 20) + jpeg)
        message = told(socket, "frame", "take")
        if message["is"] == "take":
            break
    assert message["sign"] == "drum" and 20 <= len(message["clip"]["frames"]) <= 40
    assert not workspace.clips.exists()  # nothing is kept unasked
    say(socket, do="keep", video=True)
    assert told(socket, "kept")["takes"] == 1
    [clip] = read_clips(workspace.clips).values()
    assert clip.frames == len(message["clip"]["frames"]) and clip.source.endswith(".mkv")
    found = stored_extraction(workspace, read_outcomes(workspace.outcomes)[clip.clip_id])
    with Holistic() as holistic:
        expected = extract_clip(Path(clip.source), holistic).landmarks
    for part in ("pose", "left_hand", "right_hand", "times"):
        one, other = getattr(found.landmarks, part), getattr(expected, part)
        assert np.array_equal(one, other, True), part


def test_ten_idle_seconds_are_kept_without_a_label(socket, running, jpegs):
    workspace = Workspace(running.workspace)
    before = {*read_clips(workspace.clips)}
    show(socket, jpegs[:1], begin=100)
    say(socket, do="idle")
    show(socket, jpegs * 5, begin=100.5, rate=1.9)
    told(socket, "idle kept")
    assert told(socket, "signs")["idle"]
    [new] = {*read_clips(workspace.clips)} - before
    assert new.startswith("takes/idle/") and read_clips(workspace.clips)[new].label == ""
    assert not (workspace.root / "takes/idle").exists()  # no video


def test_a_take_that_cannot_be_written_can_be_kept_later(socket, running, drumming):
    workspace = Workspace(running.workspace)
    say(socket, do="record", sign="drum2", signer="")
    for number, jpeg in enumerate(drumming):
        socket.send(struct.pack("<d", 200 + number / 20) + jpeg)
        if told(socket, "frame", "take")["is"] == "take":
            break
    in_the_way = workspace.keypoints / "takes" / "drum2"
    in_the_way.parent.mkdir(parents=True, exist_ok=True)
    in_the_way.write_text("a file where a folder should be")
    say(socket, do="keep")
    assert "then press “Keep” again" in told(socket, "trouble")["text"]
    in_the_way.unlink()
    say(socket, do="keep")
    assert told(socket, "kept")["takes"] == 1
