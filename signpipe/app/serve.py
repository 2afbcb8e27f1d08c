"""app: serve the page on this machine, and open it."""

import ipaddress
import socket
import webbrowser
from collections.abc import Callable
from contextlib import suppress

from signpipe.errors import SignpipeError, missing_extra
from signpipe.progress import note
from signpipe.workspace import Workspace

HERE = "127.0.0.1"
LARGEST_MESSAGE = 8 << 20  # bytes; a picture has some 30,000
GOODBYE_SECONDS = 2


def run(
    workspace: Workspace,
    *,
    host: str = HERE,
    port: int = 0,
    browser: bool = True,
    tell: Callable[[str], None] = note,
) -> None:
    """Serve the page for a workspace until Ctrl-C; `tell` is given its address once it answers.

    With port 0 it gets a free one. Another `host` than this machine lets others in who have the
    address with its token. Raises SignpipeError if the extra `app` is not installed or the port is
    taken.
    """
    try:
        import uvicorn

        from signpipe.app.desk import Desk
        from signpipe.app.server import make_server
    except ModuleNotFoundError as error:
        raise missing_extra("the page", str(error.name), "app") from error
    with _listen(host, port) as listening:
        port = listening.getsockname()[1]

        def started() -> None:
            tell(guard.address(_to_open(host)))
            if browser:
                webbrowser.open(guard.address_for_once(_to_open(host)))

        if not _is_local(host):
            note(
                f"others on the network can reach this page at {host}; whoever has its address can "
                "use it, and pictures travel unencrypted"
            )
        guard = make_server(Desk(workspace), host, port, started)
        config = uvicorn.Config(
            guard,
            log_level="warning",
            access_log=False,
            server_header=False,
            ws="websockets-sansio",
            ws_max_size=LARGEST_MESSAGE,
            ws_per_message_deflate=False,  # JPEGs do not get smaller
            timeout_graceful_shutdown=GOODBYE_SECONDS,
        )
        with suppress(KeyboardInterrupt):
            uvicorn.Server(config).run(sockets=[listening])


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        listening = socket.socket(family, socket.SOCK_STREAM)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind((host, port))
        listening.listen()  # who asks before the server is up waits
    except (OSError, OverflowError) as error:
        raise SignpipeError(
            f"cannot listen at {host}, port {port}: {getattr(error, 'strerror', None) or error}; "
            "give another --port or --host"
        ) from error
    return listening


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _to_open(host: str) -> str:
    """The host of the address that opens here."""
    if host in ("0.0.0.0", "::"):
        return HERE
    return f"[{host}]" if ":" in host else host
