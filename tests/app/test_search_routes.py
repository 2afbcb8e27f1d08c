"""Looking signs up through the page: by a take of the camera, or a file."""

import pytest
from starlette.testclient import TestClient

from signpipe.app.desk import Desk
from signpipe.app.lookup import REMEMBERED, in_its_frame
from signpipe.app.server import make_server
from signpipe.extraction.clip import Extraction
from signpipe.search import indexing
from signpipe.search.skeletons import landmarks_of, skeleton

OWN = "http://127.0.0.1:8123"


@pytest.fixture
def desk(signs_workspace):
    desk = Desk(signs_workspace)
    yield desk
    desk.close()


@pytest.fixture
def client(desk):
    guard = make_server(desk, "127.0.0.1", 8123)
    client = TestClient(guard, base_url=OWN + guard.folder, headers={"origin": OWN})
    client.get(f"/?token={guard.token}")
    return client


def test_what_was_shown_is_found_and_narrowed(client, desk, walk, make_encoder):
    assert client.get("/search/state").json() == {"exists": False}
    name = desk.lookup.remember(Extraction("ok", "", walk(1, 9, 0), None, 640, 480))
    answer = client.get("/search", params={"shown": name})
    assert answer.status_code == 400 and "no dictionary yet" in answer.json()["error"]

    indexing.run(desk.workspace, encoder=str(make_encoder()))
    assert client.get("/search/state").json() == {"exists": True}
    found = client.get("/search", params={"shown": name}).json()
    assert {sign["sign"] for sign in found["signs"]} == {"drink", "house", "tree"}
    distances = [sign["distance"] for sign in found["signs"]]
    assert distances == sorted(distances)
    assert len(found["shown"]["frames"]) == 20 and found["shown"]["width"] == 640
    example = found["signs"][0]["examples"][0]
    assert len(example["clip"]["frames"]) == 32 and not example["has_video"]
    assert example["clip"]["frames"][16]["right_hand"]

    none = client.get("/search", params={"shown": name, "hands": "2"}).json()
    assert none["signs"] == [] and none["reason"]
    for wrong in ({"hands": "3"}, {"place": "feet"}, {"movement": "1"}):
        assert client.get("/search", params={"shown": name, **wrong}).status_code == 400
    for _ in range(REMEMBERED):
        desk.lookup.remember(Extraction("ok"))
    answer = client.get("/search", params={"shown": name})
    assert answer.status_code == 400 and "show it again" in answer.json()["error"]


def test_only_videos_and_poses_are_looked_at(client):
    for name in ("a.txt", "", "../x"):
        answer = client.put("/search/clip", params={"name": name}, content=b"x")
        assert answer.status_code == 400 and "neither a video" in answer.json()["error"]


def test_an_example_is_drawn_within_its_picture(walk):
    whole = walk(0, 0, 0)
    clip = in_its_frame(landmarks_of(skeleton(whole, 16 / 9)), 2.0)
    across = [
        x
        for frame in clip["frames"]
        for part in frame.values()
        if part
        for x in part[::2]
        if x is not None
    ]
    assert 0 <= min(across) < max(across) <= 1
    assert clip["times"][-1] == 2 and clip["height"] == 1
