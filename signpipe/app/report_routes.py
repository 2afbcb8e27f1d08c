"""The report pages, to be shown in a frame of the page."""

import asyncio
from dataclasses import asdict

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, JSONResponse, Response
from starlette.routing import BaseRoute, Route

from signpipe.app.desk import Desk
from signpipe.app.guard import REPORT_POLICY
from signpipe.app.report_pages import SOURCES, report_file, report_states


def routes(desk: Desk) -> list[BaseRoute]:
    """`/reports`: which there are; `/reports/<kind>`: the page itself."""

    async def states(_: Request) -> Response:
        found = await asyncio.to_thread(report_states, desk.workspace)
        return JSONResponse({"reports": [asdict(state) for state in found]})

    async def page(request: Request) -> Response:
        kind = request.path_params["kind"]
        file = report_file(desk.workspace, kind)
        if kind not in SOURCES or not file.is_file():
            raise HTTPException(404, "There is no such report yet.")
        return FileResponse(
            file, media_type="text/html", headers={"Content-Security-Policy": REPORT_POLICY}
        )

    return [Route("/reports", states), Route("/reports/{kind}", page)]
