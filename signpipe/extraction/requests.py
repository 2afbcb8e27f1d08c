"""What extract was asked for, so that an extraction that was stopped is named and gone on with.

`keypoints/requests.json` holds the last one, and those before it that are not finished.
"""

from collections.abc import Container, Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from signpipe.errors import SignpipeError
from signpipe.workspace import Workspace, read_json, write_json


@dataclass(frozen=True)
class ExtractRequest:
    """The videos' `paths` and the command's `options` that go with them, and the `clips` found."""

    paths: tuple[str, ...]
    options: tuple[str, ...]
    clips: tuple[str, ...]

    @property
    def arguments(self) -> list[str]:
        """Of the command that goes on with it."""
        return ["extract", *self.paths, *self.options]


def absolute(paths: Iterable[Path]) -> tuple[str, ...]:
    """So that the command can be run in any folder."""
    return tuple(str(path.absolute()) for path in paths)


def add_request(workspace: Workspace, request: ExtractRequest, done: Container[str]) -> None:
    """Write down what is asked for; `done` holds the clips that are finished."""
    before = [one for one in unfinished_requests(workspace, done) if one.paths != request.paths]
    write_json(_path(workspace), {"requests": [asdict(one) for one in (*before, request)]})


def unfinished_requests(workspace: Workspace, done: Container[str]) -> list[ExtractRequest]:
    """Those of which clips are not `done`. Raises SignpipeError if the file is damaged."""
    path = _path(workspace)
    if not path.exists():
        return []
    try:
        fields = ("paths", "options", "clips")
        found = [
            ExtractRequest(*(tuple(map(str, one[name])) for name in fields))
            for one in read_json(path)["requests"]
        ]
    except (KeyError, TypeError) as error:
        raise SignpipeError(f"{path} is damaged; delete it and extract again") from error
    return [one for one in found if any(clip_id not in done for clip_id in one.clips)]


def _path(workspace: Workspace) -> Path:
    return workspace.keypoints / "requests.json"
