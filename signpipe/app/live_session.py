"""One browser's camera, from its pictures to what is said of them."""

import asyncio
import time
from collections import deque
from contextlib import suppress
from dataclasses import asdict
from typing import Any

from starlette.websockets import WebSocket, WebSocketDisconnect

from signpipe.app.camera_stream import CameraStream
from signpipe.app.desk import Desk
from signpipe.app.drawable import drawable
from signpipe.app.landmark_worker import CameraFrame, SeenFrame
from signpipe.app.outbox import Outbox, TooFarBehind
from signpipe.app.picture_quality import judge_picture
from signpipe.app.shown_signs import ShownSigns
from signpipe.errors import SignpipeError
from signpipe.workspace import parse_json

RATE_FRAMES = 30  # over which the frame rate is measured


class LiveSession:
    """A WebSocket of the page.

    The browser sends pictures (bytes: seconds as float64, then a JPEG) and wishes (JSON with the
    key `do`), and gets JSON with the key `is`: of pictures' results the newest, of all else
    everything.
    """

    def __init__(self, desk: Desk, websocket: WebSocket) -> None:
        self._desk, self._websocket = desk, websocket
        self._outbox = Outbox()
        self._ends: deque[float] = deque(maxlen=RATE_FRAMES)
        self._has_place = asyncio.Event()
        self._begin()

    def _begin(self) -> None:
        """Forget the camera's pictures, and what was to be made of them."""
        self._camera = CameraStream()
        self._shown = ShownSigns(self._desk, self._camera, self._outbox)

    async def run(self) -> None:
        """Serve the browser until it goes."""
        await self._websocket.accept()
        tasks = [
            asyncio.create_task(work) for work in (self._receive(), self._look(), self._send())
        ]
        try:
            await self._enter(by_force=False)
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                with suppress(WebSocketDisconnect, TooFarBehind):
                    task.result()
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            self._shown.close()
            await self._desk.free(self)

    def give_way(self) -> None:
        """Stop looking: another window has the camera now."""
        self._has_place.clear()
        self._shown.close()
        self._outbox.post({"is": "elsewhere"})

    async def _enter(self, *, by_force: bool) -> None:
        if not await self._desk.take(self, by_force=by_force):
            self._outbox.post({"is": "elsewhere"})
            return
        self._begin()
        self._has_place.set()
        self._desk.worker.start()
        self._outbox.post({"is": "ready"})
        self._shown.start()

    async def _receive(self) -> None:
        while True:
            message = await self._websocket.receive()
            if message["type"] == "websocket.disconnect":
                return
            try:
                if message.get("bytes") is None:
                    await self._do(parse_json(message["text"]))
                elif self._has_place.is_set():
                    self._camera.receive(message["bytes"])
            except SignpipeError as error:
                self._outbox.post({"is": "trouble", "text": str(error)})
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                self._outbox.post({"is": "trouble", "text": f"This was not understood: {error}"})

    async def _do(self, wish: dict[str, Any]) -> None:
        if wish["do"] == "take over":
            await self._enter(by_force=True)
        elif self._has_place.is_set():
            self._shown.do(wish)

    async def _look(self) -> None:
        while True:
            await self._has_place.wait()
            camera, shown = self._camera, self._shown
            frame = await camera.newest()
            try:
                seen = await asyncio.to_thread(self._desk.worker.see, frame)
            except SignpipeError as error:
                self._outbox.post({"is": "trouble", "text": str(error)})
                continue
            if camera is self._camera:
                self._ends.append(time.monotonic())
                camera.keep(frame)
                self._show(frame, seen)
                shown.see(frame, seen)

    def _show(self, frame: CameraFrame, seen: SeenFrame) -> None:
        self._outbox.post_newest(
            {
                "is": "frame",
                "seconds": frame.seconds,
                "width": seen.width,
                "height": seen.height,
                "landmarks": drawable(seen.landmarks),
                "quality": asdict(judge_picture(seen.landmarks, seen.brightness)),
                "rate": self._rate(),
            }
        )

    def _rate(self) -> float | None:
        """Pictures looked at a second, of the last ones."""
        if len(self._ends) < 2:
            return None
        return round((len(self._ends) - 1) / max(self._ends[-1] - self._ends[0], 1e-6), 1)

    async def _send(self) -> None:
        while True:
            await self._websocket.send_json(await self._outbox.next())
