"""The server's parts put together: the page's files, and one module of routes a subject."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from signpipe.app import (
    clip_routes,
    job_routes,
    live_routes,
    report_routes,
    search_routes,
    upload_routes,
)
from signpipe.app.desk import Desk
from signpipe.app.guard import Guard
from signpipe.errors import SignpipeError, disk_full

STATIC = Path(__file__).parent / "static"
SUBJECTS: tuple[Callable[[Desk], list[BaseRoute]], ...] = (
    live_routes.routes,
    clip_routes.routes,
    upload_routes.routes,
    job_routes.routes,
    report_routes.routes,
    search_routes.routes,
)


def make_server(
    desk: Desk, host: str, port: int, started: Callable[[], None] = lambda: None
) -> Guard:
    """The whole application, guarded; `started` is called once it can answer."""

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        desk.start()
        started()
        yield
        desk.close()

    async def page(_: Request) -> Response:
        return FileResponse(STATIC / "index.html")

    routes = [route for subject in SUBJECTS for route in subject(desk)]
    app = Starlette(
        routes=[Route("/", page), *routes, Mount("/static", StaticFiles(directory=STATIC))],
        lifespan=lifespan,
        exception_handlers={
            SignpipeError: _refused,
            OSError: _failed,
            HTTPException: _missing,
        },
    )
    return Guard(app, host, port)


def _refused(request: Request, error: Exception) -> Response:
    if error.__cause__ is not None and disk_full(error.__cause__):
        return _failed(request, error.__cause__)  # what it says itself is meant for a shell
    return JSONResponse({"error": str(error)}, 400)


def _failed(_: Request, error: BaseException) -> Response:
    full = "The disk is full: free some space, then try again."
    return JSONResponse({"error": full if disk_full(error) else str(error)}, 507)


def _missing(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code)
