"""The signs that one browser's camera was shown: answered, or taught from."""

import asyncio
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from itertools import count
from typing import Any

from signpipe.app.camera_stream import CameraStream
from signpipe.app.desk import Desk
from signpipe.app.drawable import drawable_clip
from signpipe.app.landmark_worker import CameraFrame, SeenFrame, TakeLandmarks
from signpipe.app.outbox import Outbox
from signpipe.app.recording import AskedIdle, AskedTake
from signpipe.app.takes import NewTake, named
from signpipe.errors import SignpipeError
from signpipe.extraction.clip import Extraction
from signpipe.live.sign_stream import HandsUp, SignShown, SignStream

REMEMBERED = 20  # signs of which it can be said what they were

Message = dict[str, Any]
Frames = list[tuple[float, bytes]]  # (seconds, JPEG)


@dataclass(frozen=True)
class ShownSign:
    """A sign that was answered: its pictures, so that it can be taught from."""

    number: int
    frames: Frames


class ShownSigns:
    """Takes what is seen in each picture, and wishes; posts what comes of them.

    Wishes are messages with the key `do`: `record` (`sign`, `signer`), `idle`, `keep` (`video`),
    `throw away`, `correct` (`id`, `sign`, `signer`, `video`), `show take` and `remove take` (`id`),
    `look up` (the take, in the dictionary), `hand` (`left`: whether the signer is left-handed),
    `use` (`run`: whose recogniser answers).
    """

    def __init__(self, desk: Desk, camera: CameraStream, outbox: Outbox) -> None:
        self._desk, self._camera, self._outbox = desk, camera, outbox
        self._stream: SignStream | None = None
        self._size = (0, 0)
        self._now = 0.0
        self._left_handed = False
        self._asked: AskedTake | AskedIdle | None = None
        self._numbers = count(1)
        self._signs: deque[ShownSign] = deque(maxlen=REMEMBERED)
        self._tasks: set[asyncio.Task[None]] = set()
        self._wishes: dict[str, Callable[[Message], None]] = {
            "record": self._record,
            "idle": self._record_idle,
            "keep": self._keep,
            "throw away": self._throw_away,
            "correct": self._correct,
            "look up": self._look_up,
            "hand": self._set_hand,
            "use": self._use,
            "show take": self._show_take,
            "remove take": self._remove_take,
        }

    def close(self) -> None:
        """Give up what is being done."""
        self._throw_away({})
        for task in self._tasks:
            task.cancel()

    def start(self) -> None:
        """Post what is taught, and load what answers, so that the first sign need not wait."""
        self._begin(self._get_ready())

    async def _get_ready(self) -> None:
        await self._tell_signs()
        await asyncio.to_thread(self._desk.teacher.load)

    async def _tell_signs(self) -> None:
        signs = await asyncio.to_thread(self._desk.teacher.summary)
        self._outbox.post({"is": "signs", **signs})
        if signs["trouble"]:
            self._outbox.post({"is": "trouble", "text": signs["trouble"]})

    def do(self, wish: Message) -> None:
        """Begin what the browser wishes. Raises SignpipeError or KeyError if it cannot be."""
        self._wishes[wish["do"]](wish)

    def see(self, frame: CameraFrame, seen: SeenFrame) -> None:
        """Take in what is in the next picture."""
        if self._stream is None or self._size != (seen.width, seen.height):
            self._size = seen.width, seen.height
            self._stream = SignStream(width=seen.width, height=seen.height)
        self._now = frame.seconds
        for event in self._stream.push(frame.seconds, seen.landmarks):
            if isinstance(event, SignShown):
                self._sign(event)
            else:
                up = isinstance(event, HandsUp)
                asked = self._asked
                is_recording = isinstance(asked, AskedTake) and asked.begins(event.time)
                self._outbox.post(
                    {
                        "is": "hands",
                        "up": up,
                        "seconds": event.time,
                        "recording": up and is_recording,
                    }
                )
        if isinstance(self._asked, AskedIdle) and self._asked.is_over(frame.seconds):
            asked_idle, self._asked = self._asked, None
            self._begin(self._keep_idle(self._camera.between(asked_idle.since, frame.seconds)))

    def _sign(self, sign: SignShown) -> None:
        frames = self._camera.between(sign.start, sign.end)
        asked = self._asked
        if asked is None:
            number = next(self._numbers)
            self._signs.append(ShownSign(number, frames))
            self._begin(self._answer(number, sign))
        elif isinstance(asked, AskedTake) and asked.begins(sign.start):
            asked.frames = frames
            # Looked at again, as `extract` would, while the person looks at it.
            work = asyncio.to_thread(self._desk.worker.extract, frames)
            asked.landmarks = asyncio.create_task(work)
            asked.landmarks.add_done_callback(_no_matter)
            self._outbox.post(
                {
                    "is": "take",
                    "sign": asked.label,
                    "signer": asked.signer,
                    "seconds": round(sign.end - sign.start, 2),
                    "clip": {**drawable_clip(sign.landmarks), **self._sizes()},
                }
            )

    def _sizes(self) -> dict[str, int]:
        return {"width": self._size[0], "height": self._size[1]}

    async def _answer(self, number: int, sign: SignShown) -> None:
        answer = await asyncio.to_thread(
            self._desk.teacher.answer,
            sign.landmarks,
            *self._size,
            left_handed=self._left_handed,
        )
        if answer is not None:
            times = {"start": round(sign.start, 3), "end": round(sign.end, 3)}
            self._outbox.post({"is": "answer", "id": number, **times, **answer})

    def _record(self, wish: Message) -> None:
        self._throw_away(wish)
        label, signer = named(wish["sign"], "sign"), _signer(wish)
        self._asked = AskedTake(label, signer, self._now)

    def _record_idle(self, wish: Message) -> None:
        self._throw_away(wish)
        self._asked = AskedIdle(self._now)

    def _set_hand(self, wish: Message) -> None:
        self._left_handed = bool(wish["left"])

    def _use(self, wish: Message) -> None:
        self._begin(self._answer_by(str(wish["run"])))

    async def _answer_by(self, run: str) -> None:
        try:
            await asyncio.to_thread(self._desk.teacher.use, run)
        finally:
            await self._tell_signs()

    def _throw_away(self, _: Message) -> None:
        if isinstance(self._asked, AskedTake) and self._asked.landmarks is not None:
            self._asked.landmarks.cancel()
        self._asked = None

    def _keep(self, wish: Message) -> None:
        asked = self._asked
        if not isinstance(asked, AskedTake) or asked.landmarks is None:
            raise SignpipeError("There is no take to keep; record it again.")
        self._begin(self._keep_take(asked, asked.landmarks, bool(wish.get("video"))))

    async def _keep_take(
        self, asked: AskedTake, finding: "asyncio.Task[TakeLandmarks]", video: bool
    ) -> None:
        found = await asyncio.shield(finding)
        kept = await self._teach(asked.label, asked.signer, found, asked.frames if video else [])
        if self._asked is asked:
            self._asked = None
        self._outbox.post({"is": "kept", "sign": asked.label, "takes": kept})
        await self._tell_signs()

    def _look_up(self, _: Message) -> None:
        asked = self._asked
        if not isinstance(asked, AskedTake) or asked.landmarks is None:
            raise SignpipeError("There is no sign to look up; show it again.")
        self._begin(self._remember(asked, asked.landmarks))

    async def _remember(self, asked: AskedTake, finding: "asyncio.Task[TakeLandmarks]") -> None:
        found = await asyncio.shield(finding)
        if self._asked is asked:
            self._asked = None
        taken = Extraction("ok", "", found.landmarks, None, found.width, found.height)
        self._outbox.post({"is": "to look up", "shown": self._desk.lookup.remember(taken)})

    def _correct(self, wish: Message) -> None:
        label, signer = named(wish["sign"], "sign"), _signer(wish)
        shown = next((sign for sign in self._signs if sign.number == wish["id"]), None)
        if shown is None:
            raise SignpipeError("That sign was too long ago; show it again.")
        self._begin(self._teach_shown(shown, label, signer, bool(wish.get("video"))))

    async def _teach_shown(self, shown: ShownSign, label: str, signer: str, video: bool) -> None:
        found = await asyncio.to_thread(self._desk.worker.extract, shown.frames)
        kept = await self._teach(label, signer, found, shown.frames if video else [])
        self._outbox.post({"is": "corrected", "id": shown.number, "sign": label, "takes": kept})
        await self._tell_signs()

    async def _teach(self, label: str, signer: str, found: TakeLandmarks, frames: Frames) -> int:
        settings = self._desk.worker.settings
        take = NewTake(label, signer, found, settings, self._left_handed, frames)
        return await asyncio.to_thread(self._desk.teacher.teach, take)

    async def _keep_idle(self, frames: Frames) -> None:
        found = await asyncio.to_thread(self._desk.worker.extract, frames)
        await self._teach("", "", found, [])
        self._outbox.post({"is": "idle kept"})
        await self._tell_signs()

    def _show_take(self, wish: Message) -> None:
        self._begin(self._send_take(str(wish["id"])))

    async def _send_take(self, clip_id: str) -> None:
        clip = await asyncio.to_thread(self._desk.teacher.take, clip_id)
        self._outbox.post({"is": "take clip", **clip})

    def _remove_take(self, wish: Message) -> None:
        self._begin(self._remove(str(wish["id"])))

    async def _remove(self, clip_id: str) -> None:
        await asyncio.to_thread(self._desk.teacher.remove, clip_id)
        await self._tell_signs()

    def _begin(self, work: Coroutine[Any, Any, None]) -> None:
        """Do it beside the camera; what goes wrong is told."""
        task = asyncio.create_task(self._told(work))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _told(self, work: Coroutine[Any, Any, None]) -> None:
        try:
            await work
        except SignpipeError as error:
            self._outbox.post({"is": "trouble", "text": str(error)})


def _signer(wish: Message) -> str:
    text = str(wish.get("signer") or "")
    return named(text, "person") if text.strip() else ""


def _no_matter(task: "asyncio.Task[TakeLandmarks]") -> None:
    """What went wrong with a take is told when it is to be kept."""
    if not task.cancelled():
        task.exception()
