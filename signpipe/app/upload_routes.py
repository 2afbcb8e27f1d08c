"""Uploads: one request a file, its content as the body."""

import asyncio

from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from signpipe.app.clip_routes import plain_name
from signpipe.app.desk import Desk
from signpipe.app.uploads import LARGEST, SUFFIXES, Upload, clear_unfinished, store
from signpipe.errors import SignpipeError


def routes(desk: Desk) -> list[BaseRoute]:
    """`/uploads`: what may be sent, and where a file is sent to."""
    begun = asyncio.Lock()
    is_clear = False

    async def rules(_: Request) -> Response:
        return JSONResponse({"endings": sorted(SUFFIXES), "largest": LARGEST})

    async def take(request: Request) -> Response:
        nonlocal is_clear
        async with begun:
            if not is_clear:
                await asyncio.to_thread(clear_unfinished, desk.workspace)
                is_clear = True
        query = request.query_params
        sign, signer = (plain_name(query.get(name, "")) for name in ("sign", "signer"))
        upload = Upload.of(query.get("path", ""), query.get("layout", "none"), sign, signer)
        if int(request.headers.get("content-length", "0")) > LARGEST:
            raise SignpipeError(f"{upload.name!r} is larger than {LARGEST >> 30} GB.")
        try:
            place = await store(desk.workspace, upload, request.stream())
        except ClientDisconnect:  # nobody is there to be told
            return Response(status_code=400)
        return JSONResponse({"path": place})

    return [Route("/uploads", rules), Route("/uploads", take, methods=["PUT"])]
