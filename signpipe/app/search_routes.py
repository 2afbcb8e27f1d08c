"""Looking signs up: a file to look for, what was found, and whether there is a dictionary."""

import asyncio
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from signpipe.app.desk import Desk
from signpipe.app.uploads import Upload
from signpipe.errors import SignpipeError
from signpipe.search.traits import MOVEMENTS, PLACES

LARGEST = 200 << 20  # bytes of a file that shows one sign


def routes(desk: Desk) -> list[BaseRoute]:
    """`/search`: what fits a sign that was shown; `/search/clip`: show one as a file."""
    lookup = desk.lookup

    async def state(_: Request) -> Response:
        return JSONResponse({"exists": await asyncio.to_thread(lookup.exists)})

    async def find(request: Request) -> Response:
        query = request.query_params
        found = await asyncio.to_thread(lookup.find, query.get("shown", ""), _filters(query))
        return JSONResponse(found)

    async def show(request: Request) -> Response:
        name = Upload.of(request.query_params.get("name", ""), "none", "", "").name
        with tempfile.NamedTemporaryFile(suffix=Path(name).suffix.lower()) as file:
            async for chunk in request.stream():
                file.write(chunk)
                if file.tell() > LARGEST:
                    raise SignpipeError(f"{name!r} is larger than {LARGEST >> 20} MB; cut it.")
            file.flush()
            shown = await asyncio.to_thread(lookup.watch, Path(file.name))
        return JSONResponse({"shown": shown})

    return [
        Route("/search", find),
        Route("/search/state", state),
        Route("/search/clip", show, methods=["PUT"]),
    ]


def _filters(query: Mapping[str, str]) -> dict[str, Any]:
    hands, place, movement = (query.get(name, "") for name in ("hands", "place", "movement"))
    if (
        hands not in ("", "1", "2")
        or place not in ("", *PLACES)
        or movement not in ("", *MOVEMENTS)
    ):
        raise SignpipeError("not understood: no such filter")
    return {
        "hands": int(hands) if hands else None,
        "place": place or None,
        "movement": movement or None,
    }
