"""Commands that bring keypoints into the workspace."""

from pathlib import Path
from typing import Annotated

import typer

from signpipe import show
from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    FileOption,
    PresetOption,
    RedoOption,
    SetOption,
    WorkspaceOption,
)
from signpipe.settings import ExtractSettings, PrepareSettings, parse_changes, resolve
from signpipe.workspace import DEFAULT, Workspace


def extract(
    paths: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The path is this data set's folder: wlasl100 to 2000, msasl100 to 1000, slr500, "
            "nmfs_csl, lsa64, autsl, or csv for a table of your own.",
        ),
    ] = None,
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
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Let the workers of this Dask scheduler do it."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do part I of N, beside the others or without them."),
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
    from signpipe.stages.shards import parse_shard

    part = parse_shard(shard) if shard else None
    changes = parse_changes(set_ or []) | ({"face": True} if face else {})
    result = stage.run(
        Workspace(workspace),
        paths,
        resolve(ExtractSettings, file=settings, changes=changes),
        dataset=dataset,
        labels=labels,
        folder_labels=not no_labels,
        workers=workers,
        scheduler=scheduler,
        shard=part,
        timeout=timeout,
        redo=redo,
        retry_failed=retry_failed,
    )
    show.extraction(result, workspace)
    if result.failures and len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def import_keypoints(
    paths: Annotated[
        list[Path],
        typer.Argument(
            help="Keypoint packs, .pose files, folders of these or of Holistic vectors (numpy), "
            "or the folder of asl-signs."
        ),
    ],
    workspace: WorkspaceOption = DEFAULT,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: clip_id, label and, where known, signer and split."),
    ] = None,
) -> None:
    """Keypoints from elsewhere enter the workspace as if they had been extracted here."""
    from signpipe.stages import import_keypoints as stage

    result = stage.run(Workspace(workspace), paths, labels=labels)
    show.imported(result, workspace)
    if result.failures and len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures or result.refused:
        raise typer.Exit(FAILED_SOME)


def export_poses(
    out: Annotated[
        Path | None, typer.Argument(help="The folder to write to; default: the workspace's poses/.")
    ] = None,
    workspace: WorkspaceOption = DEFAULT,
    clip: Annotated[
        list[str] | None, typer.Option(help="The id of a clip to write; repeatable; default: all.")
    ] = None,
    split: Annotated[
        str | None, typer.Option(help="Only clips that have this split in the clip table.")
    ] = None,
) -> None:
    """Keypoints to .pose files, one a clip, which pose-format and its kin read."""
    from signpipe.stages import export_poses as stage

    result = stage.run(Workspace(workspace), out, clips=clip or (), split=split)
    show.exported(result, workspace)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def prepare(
    workspace: WorkspaceOption = DEFAULT,
    preset: PresetOption = "compact",
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Keypoints to normalised parts; pretrain and finetune do this by themselves."""
    from signpipe.stages import prepare as stage

    given = settings or set_ or preset != "compact"
    chosen = resolve(PrepareSettings, preset, settings, parse_changes(set_ or []))
    result = stage.run(Workspace(workspace), chosen if given else None, redo=redo)
    show.prepared(result, workspace)
