"""Who gets an answer: the page's own requests, with the token, at its own address."""

import pytest
from starlette.testclient import TestClient
from starlette.websockets import WebSocketDisconnect

from signpipe.app.desk import Desk
from signpipe.app.server import make_server
from signpipe.workspace import Workspace

PORT = 8123
OWN = f"http://127.0.0.1:{PORT}"


@pytest.fixture
def guard(tmp_path):
    return make_server(Desk(Workspace(tmp_path)), "127.0.0.1", PORT)


@pytest.fixture
def stranger(guard):
    """A browser that has not opened the address with the token."""
    return TestClient(guard, base_url=OWN)


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
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy and "unsafe" not in policy
    assert stranger.get("/static/app.js").status_code == 200


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


def test_what_changes_something_must_say_its_origin(visitor):
    assert visitor.post("/static/app.js").status_code == 403
    assert visitor.post("/static/app.js", headers={"origin": OWN}).status_code == 405


@pytest.mark.parametrize("headers", [{}, {"origin": "http://evil.example"}, {"origin": "null"}])
def test_the_cameras_socket_is_not_opened_for_others(visitor, headers):
    with pytest.raises(WebSocketDisconnect), visitor.websocket_connect("/live", headers=headers):
        pass


def test_nor_without_the_token(stranger):
    with (
        pytest.raises(WebSocketDisconnect),
        stranger.websocket_connect("/live", headers={"origin": OWN}),
    ):
        pass


def test_with_a_host_for_others_numbers_are_answered_but_no_strange_names(tmp_path):
    guard = make_server(Desk(Workspace(tmp_path)), "0.0.0.0", PORT)
    for host, status in (("192.168.0.5", 200), ("localhost", 200), ("evil.example", 403)):
        client = TestClient(guard, base_url=f"http://{host}:{PORT}")
        assert client.get(f"/?token={guard.token}").status_code == status
