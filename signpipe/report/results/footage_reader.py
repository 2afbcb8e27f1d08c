"""The landmarks of single clips, to be looked at."""

from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import read_outcomes
from signpipe.pictures.footage import Footage
from signpipe.report.stored_footage import stored_footage
from signpipe.workspace import Workspace


class FootageReader:
    """Finds clips of a workspace; `failures` says which have nothing to be shown, and why."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self.failures: dict[str, str] = {}
        self._outcomes = read_outcomes(workspace.outcomes)

    def read(self, clip_id: str) -> Footage | None:
        """A clip that has frames, or None."""
        outcome = self._outcomes.get(clip_id)
        if outcome is None:
            self.failures[clip_id] = f"clip {clip_id!r} is no longer in the workspace"
            return None
        try:
            footage = stored_footage(self.workspace, outcome)
        except SignpipeError as error:
            self.failures[clip_id] = str(error)
            return None
        return footage if len(footage.landmarks) else None
