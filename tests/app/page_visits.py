"""The page as a person has it: the command running, and browsers that visit it."""

import http.cookies
import os
import re
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from browser import launch


@dataclass(frozen=True)
class RunningPage:
    """`signpipe app`: its address with the token, and its workspace."""

    address: str
    workspace: Path
    process: "subprocess.Popen[str]"

    @property
    def place(self) -> str:
        """The folder of all its addresses."""
        return self.address.partition("?")[0]

    @property
    def origin(self) -> str:
        return "/".join(self.address.split("/")[:3])

    def cookie(self) -> str:
        """What a browser that has opened the address sends."""
        with urlopen(self.address) as answer:
            cookie = http.cookies.SimpleCookie(answer.headers["Set-Cookie"])
        return "; ".join(f"{name}={morsel.value}" for name, morsel in cookie.items())


@contextmanager
def running_page(workspace: Path) -> Iterator[RunningPage]:
    """`signpipe app` on a free port, ended by Ctrl-C."""
    command = [sys.executable, "-m", "signpipe", "app", "-w", str(workspace), "--no-browser"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ})
    try:
        assert process.stdout is not None
        found = re.search(r"http\S+", process.stdout.readline())
        assert found is not None
        yield RunningPage(found[0], workspace, process)
    finally:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            raise


class Visits:
    """Browsers that visit one running page; everything they ask for is seen."""

    def __init__(self, playwright: Any, running: RunningPage, stack: ExitStack) -> None:
        self.running, self._playwright, self._stack = running, playwright, stack
        self.asked: list[str] = []
        self.wrong: list[str] = []

    def open(
        self,
        camera: Path | None,
        *flags: str,
        view: str = "",
        script: str = "",
        sockets: Callable[[Any], None] | None = None,
        **options: Any,
    ) -> Any:
        """A page of a new browser; a `script` runs before the page's own, and what connects to
        the server can be handled by `sockets`."""
        browser = launch(self._playwright, camera, *flags)
        self._stack.callback(browser.close)
        context = browser.new_context(**options)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.add_init_script(script)
        if sockets is not None:
            page.route_web_socket("**/live", sockets)
        self.watch(page)
        page.goto(self.running.address + (f"#{view}" if view else ""))
        return page

    def watch(self, page: Any) -> None:
        page.on("request", lambda request: self.asked.append(request.url))
        page.on("websocket", lambda socket: self.asked.append(socket.url))
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on(
            "console",
            lambda message: message.type == "error" and self.wrong.append(message.text),
        )

    def check(self) -> None:
        """Nothing was asked of another machine, and no script failed."""
        own = self.running.place.removeprefix("http")
        strange = [
            url for url in self.asked if not re.match(rf"(https?|wss?){re.escape(own)}|blob:", url)
        ]
        assert self.asked and strange == []
        assert self.wrong == []


@contextmanager
def visiting(playwright: Any, running: RunningPage) -> Iterator[Visits]:
    """Browsers that visit a page, and are closed at the end."""
    with ExitStack() as stack:
        made = Visits(playwright, running, stack)
        yield made
        made.check()
