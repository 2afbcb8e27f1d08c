"""Where the page is served, to whom, and what is said when it cannot be."""

import builtins
import signal
import socket
import threading
import time
from urllib.error import HTTPError
from urllib.request import urlopen

import pytest

from signpipe.app import serve
from signpipe.errors import SignpipeError
from signpipe.workspace import Workspace


def serving(tmp_path, **options) -> list[str]:
    """The addresses told until the server was told to end, which is as soon as it answers."""
    told: list[str] = []

    def end_it(address: str) -> None:
        told.append(address)
        threading.Thread(
            target=lambda: (time.sleep(0.5), signal.raise_signal(signal.SIGINT))
        ).start()

    serve.run(Workspace(tmp_path), browser=False, tell=end_it, **options)
    return told


def test_on_this_machine_alone_and_on_a_free_port(tmp_path, capfd):
    [address] = serving(tmp_path)
    assert address.startswith("http://127.0.0.1:") and "/?token=" in address
    assert "network" not in capfd.readouterr().err


def test_a_host_for_others_is_warned_of(tmp_path, capfd):
    [address] = serving(tmp_path, host="0.0.0.0")
    assert address.startswith("http://127.0.0.1:")
    assert "others on the network can reach this page at 0.0.0.0" in capfd.readouterr().err


def test_a_port_that_is_taken(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(SignpipeError, match=f"port {port}: .*give another --port"):
            serve.run(Workspace(tmp_path), port=port, browser=False)


def test_without_the_extra_it_says_what_to_install(tmp_path, monkeypatch):
    load = builtins.__import__

    def without(name: str, *rest: object) -> object:
        if name == "uvicorn":
            raise ModuleNotFoundError("No module named 'uvicorn'", name="uvicorn")
        return load(name, *rest)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(SignpipeError, match=r"needs uvicorn; .*'signpipe\[app\]'"):
        serve.run(Workspace(tmp_path))


def test_a_running_page_answers_its_own_address_alone(running):
    with urlopen(running.address) as answer:
        assert answer.status == 200
    with pytest.raises(HTTPError, match="403"):
        urlopen(running.place)
    port = int(running.origin.rpartition(":")[2])
    with pytest.raises(ConnectionRefusedError):  # not on the machine's other addresses
        socket.create_connection(("127.0.0.2", port), 1).close()
