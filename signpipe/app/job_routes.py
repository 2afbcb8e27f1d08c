"""Jobs, and where each stage of the pipeline stands."""

import asyncio
from dataclasses import asdict

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from signpipe import workspace_status
from signpipe.app.asked import asked
from signpipe.app.desk import Desk
from signpipe.errors import SignpipeError


def routes(desk: Desk) -> list[BaseRoute]:
    """`/job`: the one there is; `/job/start`, `/job/stop`; `/stages`: what is done and stale."""
    jobs = desk.jobs

    async def job(_: Request) -> Response:
        return JSONResponse({"job": jobs.shown()})

    async def start(request: Request) -> Response:
        kind = (await asked(request)).get("kind")
        if not isinstance(kind, str):
            raise SignpipeError("not understood: no kind of job")
        await asyncio.to_thread(jobs.start, kind)
        return JSONResponse({"job": jobs.shown()})

    async def stop(_: Request) -> Response:
        jobs.stop()
        return JSONResponse({"job": jobs.shown()})

    async def stages(_: Request) -> Response:
        status = await asyncio.to_thread(workspace_status.run, desk.workspace)
        return JSONResponse({"stages": [asdict(stage) for stage in status.stages]})

    return [
        Route("/job", job),
        Route("/job/start", start, methods=["POST"]),
        Route("/job/stop", stop, methods=["POST"]),
        Route("/stages", stages),
    ]
