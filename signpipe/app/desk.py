"""What all parts of the server share: the workspace, the landmark process, who has the camera."""

import asyncio
from typing import Protocol

from pydantic import ValidationError

from signpipe.app.jobs import Jobs
from signpipe.app.landmark_worker import LandmarkWorker
from signpipe.app.lookup import Lookup
from signpipe.app.teacher import Teacher
from signpipe.errors import SignpipeError, first_fault
from signpipe.settings import ExtractSettings
from signpipe.workspace import Workspace, read_record

HANDOVER_SECONDS = 1.0  # a page that is loaded again comes before the old one's end is noticed


class Holder(Protocol):
    """A browser's session."""

    def give_way(self) -> None:
        """Stop: another window has the camera now."""


class Desk:
    """One workspace's page; `live` is the session that has the camera, one at a time."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.worker = LandmarkWorker(_settings(workspace))
        self.teacher = Teacher(workspace)
        self.jobs = Jobs(workspace)
        self.lookup = Lookup(workspace)
        self._holder: Holder | None = None
        self._is_free = asyncio.Condition()

    async def take(self, holder: Holder, *, by_force: bool = False) -> bool:
        """Get the camera's place; False if another window has it, and does not end within a second.

        By force the other is made to give way.
        """
        async with self._is_free:
            if self._holder is not None and by_force:
                self._holder.give_way()
                self._holder = None
            try:
                async with asyncio.timeout(HANDOVER_SECONDS):
                    await self._is_free.wait_for(lambda: self._holder is None)
            except TimeoutError:
                return False
            self._holder = holder
            return True

    async def free(self, holder: Holder) -> None:
        """Give the place back, if this session has it."""
        async with self._is_free:
            if self._holder is holder:
                self._holder = None
                self._is_free.notify_all()

    def start(self) -> None:
        """Begin to load the landmark models, before a browser asks for anything."""
        self.worker.start()

    def close(self) -> None:
        """End the job and the landmark process."""
        self.jobs.close()
        self.lookup.close()
        self.worker.close()


def _settings(workspace: Workspace) -> ExtractSettings:
    """What the workspace's clips were extracted with, so that takes are made alike."""
    record = read_record(workspace.keypoints)
    if record is None:
        return ExtractSettings()
    try:
        return ExtractSettings.model_validate(record["settings"])
    except ValidationError as error:
        raise SignpipeError(
            f"{workspace.keypoints}/settings.json: {first_fault(error)}; restore it, or use "
            "another workspace"
        ) from error
