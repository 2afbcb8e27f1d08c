"""Commands that bring keypoints into the workspace."""

from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    FileOption,
    RedoOption,
    SetOption,
    WorkspaceOption,
)
from signpipe.settings import ExtractSettings, PrepareSettings, parse_changes, resolve
from signpipe.workspace import DEFAULT, Workspace


def extract(
    paths: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: path, label and, where known, signer and split."),
    ] = None,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Take no labels from folder names.")
    ] = False,
    workers: Annotated[
        int | None, typer.Option(min=1, help="Processes; default: one a core.")
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which a clip fails.")] = 600,
    face: Annotated[bool, typer.Option("--face", help="Keep the face's landmarks too.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try clips again that gave no landmarks.")
    ] = False,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Videos to MediaPipe Holistic keypoints; a label is its folder's name, or from --labels."""
    from signpipe.stages import extract as stage

    changes = parse_changes(set_ or []) | ({"face": True} if face else {})
    result = stage.run(
        Workspace(workspace),
        paths,
        resolve(ExtractSettings, file=settings, changes=changes),
        labels=labels,
        folder_labels=not no_labels,
        workers=workers,
        timeout=timeout,
        redo=redo,
        retry_failed=retry_failed,
    )
    show.extraction(result, workspace)
    if len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def import_packs(
    packs: Annotated[list[Path], typer.Argument(help="Keypoint packs (HDF5).")],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: clip_id, label and, where known, signer and split."),
    ] = None,
) -> None:
    """Keypoint packs from elsewhere enter the workspace as if they had been extracted here."""
    from signpipe.stages import import_packs as stage

    result = stage.run(Workspace(workspace), packs, labels=labels)
    show.imported(result, workspace)


def prepare(
    workspace: WorkspaceOption = DEFAULT,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Keypoints to normalised parts; pretrain and finetune do this by themselves."""
    from signpipe.stages import prepare as stage

    given = settings or set_
    chosen = resolve(PrepareSettings, file=settings, changes=parse_changes(set_ or []))
    result = stage.run(Workspace(workspace), chosen if given else None, redo=redo)
    show.prepared(result, workspace)
