"""Which commands each job of the page is."""

import shlex
from collections.abc import Callable, Mapping
from pathlib import Path

from signpipe import workspace_status
from signpipe.app.uploads import POSES, VIDEOS, new_labels, uploaded
from signpipe.errors import SignpipeError
from signpipe.extraction.outcomes import read_outcomes
from signpipe.extraction.requests import ExtractRequest, unfinished_requests
from signpipe.workspace import Workspace

Steps = list[list[str]]  # arguments of commands, one after the other


def steps_of(workspace: Workspace, kind: str) -> Steps:
    """The commands of a job. Raises SignpipeError if there is none such, or nothing to do it on."""
    if kind not in JOBS:
        raise SignpipeError(f"not understood: no job {kind!r}")
    return JOBS[kind](workspace)


def as_typed(workspace: Workspace, step: list[str]) -> str:
    """A step as a person would type it."""
    return shlex.join(["signpipe", *step, "-w", str(workspace.root)])


def _extract(workspace: Workspace) -> Steps:
    root = workspace.root.absolute()
    steps = [request.arguments for request in _unfinished(workspace)]
    for kind, command in ((VIDEOS, "extract"), (POSES, "import")):
        if uploaded(workspace, kind):
            labels = new_labels(workspace, kind)
            steps.append([command, str(root / kind), *_labels(labels, command)])
    if not steps:
        raise SignpipeError("There are no videos yet. Add some first, under “Add clips”.")
    return steps


def _labels(file: Path | None, command: str) -> list[str]:
    if file is not None:
        return ["--labels", str(file)]
    return ["--no-labels"] if command == "extract" else []


def _unfinished(workspace: Workspace) -> list[ExtractRequest]:
    """What was asked for in a shell and not finished; the uploads come by themselves."""
    own = str(workspace.root.absolute() / VIDEOS)
    requests = unfinished_requests(workspace, read_outcomes(workspace.outcomes))
    return [request for request in requests if request.paths != (own,)]


def _stage(stage: str) -> Callable[[Workspace], Steps]:
    def steps(workspace: Workspace) -> Steps:
        for entry in workspace_status.run(workspace).stages:
            if (entry.stage, entry.name) == (stage, "default") and entry.command:
                return [list(entry.command)]
        return [[stage]]

    return steps


def _train(workspace: Workspace) -> Steps:
    has_uploads = uploaded(workspace, VIDEOS) or uploaded(workspace, POSES)
    first = _extract(workspace) if has_uploads or _unfinished(workspace) else []
    return [*first, *_stage("finetune")(workspace), ["evaluate", "--split", "test"], *RESULTS]


RESULTS: Steps = [["report", "results"]]
JOBS: Mapping[str, Callable[[Workspace], Steps]] = {
    "extract": _extract,
    "pretrain": _stage("pretrain"),
    "finetune": _stage("finetune"),
    "evaluate": lambda _: [["evaluate", "--split", "test"]],
    "train": _train,
    "results": lambda _: RESULTS,
    "extraction": lambda _: [["report", "extraction"]],
    "index": lambda _: [["index"]],
    "labels": lambda _: [["report", "labels"]],
}
