"""The camera's WebSocket."""

from starlette.routing import BaseRoute, WebSocketRoute
from starlette.websockets import WebSocket

from signpipe.app.desk import Desk
from signpipe.app.live_session import LiveSession


def routes(desk: Desk) -> list[BaseRoute]:
    """`/live`: pictures in, what is said of them out."""

    async def live(websocket: WebSocket) -> None:
        await LiveSession(desk, websocket).run()

    return [WebSocketRoute("/live", live)]
