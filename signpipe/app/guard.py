"""Who may ask: this machine's own page, with the token of the address it was opened by.

A page of another origin, a name that was bent to this machine (DNS rebinding), and another person
of this machine are refused, whatever they ask for. All addresses lie in a folder whose name is
drawn anew: a browser sends a cookie to every port of a machine, so also to another person's server,
but not to folders that the cookie is not of.
"""

import hmac
import ipaddress
import secrets
from collections.abc import Mapping
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; "
    "media-src 'self' blob:; connect-src 'self'; frame-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# A report is one file with its styles and pictures in it, and is shown inside the page.
REPORT_POLICY = (
    "default-src 'none'; img-src 'self' data:; style-src 'unsafe-inline'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'self'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
}
READING = ("GET", "HEAD")
COOKIE = "signpipe"
LOCAL = ("localhost", "127.0.0.1", "[::1]")


class Guard:
    """An ASGI application that lets through to another what comes from its own page alone."""

    def __init__(self, app: ASGIApp, host: str, port: int) -> None:
        self._app, self._host, self.port = app, host, port
        self.token = secrets.token_urlsafe(24)
        self.folder = f"/{secrets.token_urlsafe(12)}"
        self._once: set[str] = set()

    def address(self, host: str) -> str:
        """What a person opens in a browser."""
        return f"http://{host}:{self.port}{self.folder}/?token={self.token}"

    def address_for_once(self, host: str) -> str:
        """What a program opens: others of this machine can see how it was called, but too late."""
        self._once.add(code := secrets.token_urlsafe(24))
        return f"http://{host}:{self.port}{self.folder}/?token={code}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        refusal = self._refusal(scope)
        if refusal and scope["type"] == "websocket":
            await receive()
            await send({"type": "websocket.close", "code": 1008, "reason": refusal})
        elif refusal:
            await PlainTextResponse(refusal, 403, HEADERS)(scope, receive, send)
        else:
            inside = {**scope, "root_path": self.folder}
            await self._app(inside, receive, self._marked(scope, send))

    def _refusal(self, scope: Scope) -> str:
        """Why a request is refused, "" if it is not."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if not self._is_own(host):
            return "This page answers to its own address only."
        origin = headers.get("origin")
        is_reading = scope["type"] == "http" and scope["method"] in READING
        if origin is None and not is_reading:
            return "Only this page's own requests are answered."
        if origin not in (None, f"http://{host}"):
            return "Other pages get no answer."
        if headers.get("sec-fetch-site", "none") not in ("same-origin", "none"):
            return "Other pages get no answer."
        if not self._has_token(scope, headers):
            return "Open the address that `signpipe app` has shown: it has a token."
        return ""

    def _is_own(self, host: str) -> bool:
        name, _, port = host.rpartition(":")
        if port != str(self.port):
            return False
        if name in (*LOCAL, self._host):
            return True
        if self._host in LOCAL:
            return False
        try:  # a number cannot be bent as a name can
            ipaddress.ip_address(name.strip("[]"))
        except ValueError:
            return False
        return True

    def _has_token(self, scope: Scope, headers: Mapping[str, str]) -> bool:
        if not scope["path"].startswith(f"{self.folder}/"):
            return False
        given = self._in_address(scope)
        if given in self._once:
            self._once.remove(given)
            return True
        return any(
            hmac.compare_digest(one.encode(), self.token.encode())
            for one in (given, _in_cookie(headers))
        )

    def _is_page(self, scope: Scope) -> bool:
        return scope["type"] == "http" and scope["path"] == f"{self.folder}/"

    def _in_address(self, scope: Scope) -> str:
        if not self._is_page(scope):
            return ""
        query = parse_qs(scope["query_string"].decode("latin-1"))
        return query.get("token", [""])[0]

    def _marked(self, scope: Scope, send: Send) -> Send:
        """`send` with the headers of every answer, and the cookie of the page itself."""

        async def sending(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
                if self._is_page(scope):
                    headers.append(
                        "Set-Cookie",
                        f"{COOKIE}={self.token}; HttpOnly; SameSite=Strict; Path={self.folder}/",
                    )
            await send(message)

        return sending


def _in_cookie(headers: Mapping[str, str]) -> str:
    try:
        cookies = SimpleCookie(headers.get("cookie", ""))
    except CookieError:
        return ""
    return cookies[COOKIE].value if COOKIE in cookies else ""
