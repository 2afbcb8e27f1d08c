"""Who gets an answer: the page's own requests, with the token, at its own address."""

import pytest
from starlette.routing import Route
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from signpipe.app.desk import Desk
from signpipe.app.server import SUBJECTS, make_server
from signpipe.workspace import Workspace

PORT = 8123
OWN = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def guard(tmp_path):
    return make_server(Desk(Workspace(tmp_path)), "127.0.0.1", PORT)


@pytest.fixture
def stranger(guard):
    """A browser that knows the folder, but has not opened the address with the token."""
    return TestClient(guard, base_url=OWN + guard.folder)


@pytest.fixture
def visitor(guard, stranger):
    """A browser that has."""
    assert stranger.get(f"/?token={guard.token}").status_code == 200
    return stranger


def test_the_address_with_its_token_gives_the_page_and_a_cookie(guard, stranger):
    answer = stranger.get(f"/?token={guard.token}")
    assert "<title>signpipe</title>" in answer.text
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie and "SameSite=Strict" in cookie
    assert f"Path={guard.folder}/" in cookie  # other ports of the machine do not get it
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert stranger.get("/static/app.js").status_code == 200


@pytest.fixture
def live(guard):
    """The address of the camera's socket."""
    return f"ws://127.0.0.1:{PORT}{guard.folder}/live"


@pytest.mark.parametrize("path", ["/", "/?token=", "/?token=wrong", "/static/app.js"])
def test_without_the_token_there_is_nothing(stranger, path):
    answer = stranger.get(path)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_the_token_counts_in_the_address_of_the_page_alone(guard, stranger):
    assert stranger.get(f"/static/app.js?token={guard.token}").status_code == 403


@pytest.mark.parametrize(
    "headers",
    [
        {"host": f"evil.example:{PORT}"},
        {"host": "127.0.0.1:1"},
        {"host": f"192.168.0.5:{PORT}"},
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": f"http://127.0.0.1:{PORT + 1}"},
        {"sec-fetch-site": "cross-site"},
        {"sec-fetch-site": "same-site"},
    ],
)
def test_another_host_or_origin_is_refused_in_spite_of_the_cookie(guard, visitor, headers):
    assert visitor.get("/static/app.js").status_code == 200
    assert visitor.get("/static/app.js", headers=headers).status_code == 403
    answer = visitor.get(f"/?token={guard.token}", headers=headers)
    assert answer.status_code == 403 and "set-cookie" not in answer.headers


def test_nothing_is_answered_outside_the_folder(guard):
    client = TestClient(guard, base_url=OWN, cookies={"signpipe": guard.token})
    for path in ("/", f"/?token={guard.token}", "/clips", "/static/app.js", guard.folder):
        assert client.get(path).status_code == 403
    assert client.get(f"{guard.folder}/clips").status_code == 200


def test_the_address_that_a_program_opens_is_good_for_once(guard):
    code = guard.address_for_once("127.0.0.1").partition("?token=")[2]
    assert code != guard.token
    for status in (200, 403):
        client = TestClient(guard, base_url=OWN + guard.folder)
        assert client.get("/static/app.js", params={"token": code}).status_code == 403
        assert client.get("/", params={"token": code}).status_code == status
    assert client.get("/", params={"token": guard.token}).status_code == 200


def test_every_route_is_guarded_and_marked(guard, visitor, tmp_path):
    routes = [route for subject in SUBJECTS for route in subject(Desk(Workspace(tmp_path)))]
    asked = [
        (method, route.path.replace("{kind}", "results"))
        for route in routes
        if isinstance(route, Route)  # and not the camera's socket
        for method in route.methods
    ]
    assert {("GET", "/clips"), ("PUT", "/uploads"), ("POST", "/job/start")} <= {*asked}
    away = TestClient(guard, base_url=OWN + guard.folder)
    for method, path in asked:
        refused = [
            away.request(method, path, headers={"origin": OWN}),
            visitor.request(method, path, headers={"origin": "http://evil.example"}),
            visitor.request(method, path, headers={"origin": OWN, "host": f"evil.example:{PORT}"}),
        ]
        assert [answer.status_code for answer in refused] == [403, 403, 403], (method, path)
        own = visitor.request(method, path, headers={"origin": OWN}, content=b"[]")
        assert own.status_code != 403, (method, path)
        for answer in (*refused, own):
            assert "default-src 'none'" in answer.headers["content-security-policy"]
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["cache-control"] == "no-store"


def test_what_changes_something_must_say_its_origin(visitor):
    assert visitor.post("/static/app.js").status_code == 403
    assert visitor.post("/static/app.js", headers={"origin": OWN}).status_code == 405


@pytest.mark.parametrize("headers", [{}, {"origin": "http://evil.example"}, {"origin": "null"}])
def test_the_cameras_socket_is_not_opened_for_others(visitor, live, headers):
    with pytest.raises(WebSocketDisconnect), visitor.websocket_connect(live, headers=headers):
        pass


def test_nor_without_the_token_or_elsewhere(visitor, guard, live):
    cookie = f"signpipe={guard.token}"
    for path, held in ((live, "signpipe=guessed"), ("/live", cookie)):
        visitor.cookies.clear()
        headers = {"origin": OWN, "cookie": held}
        with pytest.raises(WebSocketDisconnect), visitor.websocket_connect(path, headers=headers):
            pass


def test_with_a_host_for_others_numbers_are_answered_but_no_strange_names(tmp_path):
    guard = make_server(Desk(Workspace(tmp_path)), "0.0.0.0", PORT)
    for host, status in (("192.168.0.5", 200), ("localhost", 200), ("evil.example", 403)):
        client = TestClient(guard, base_url=f"http://{host}:{PORT}{guard.folder}")
        assert client.get(f"/?token={guard.token}").status_code == status
