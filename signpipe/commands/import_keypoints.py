"""import: keypoints from elsewhere."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import FAILED_SOME, NOTHING_DONE, LayoutOption, WorkspaceOption
from signpipe.commands.output import MOST, counts, print_failures, print_labels, training_command
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.extraction.import_keypoints import ImportResult


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
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The path is the folder of this data set's .pose files and annotation files: "
            "asl_citizen.",
        ),
    ] = None,
    layout: LayoutOption = None,
) -> None:
    """Keypoints from elsewhere enter the workspace as if they had been extracted here.

    It takes files and folders and sees for itself what they hold. What was not detected is never
    taken for a zero, the face is passed over. A second run reads only what is new or has changed.

    - **Keypoint packs** (HDF5, as in the workspace's `keypoints/`), one file or many; read whole to
      see whether they have changed.
    - **`.pose`** of MediaPipe Holistic, also reduced ones; a subfolder's name is its clips' label.
    - **Holistic vectors**, `label/sequence/<frame>.npy` with 1,662 numbers a frame.
    - **asl-signs**, the folder with `train.csv`; label and signer come from there.

    `.pose` and parquet need signpipe's extra `formats`. The clips of a folder are kept in packs of
    up to 1,000, `keypoints/<folder>-0001.h5` and so on.
    """
    from signpipe.extraction import import_keypoints as stage

    result = stage.run(Workspace(workspace), paths, labels=labels, dataset=dataset, layout=layout)
    show(result, workspace)
    print(training_command(workspace))
    if result.failures and len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures or result.refused:
        raise typer.Exit(FAILED_SOME)


def show(result: "ImportResult", workspace: Path) -> None:
    """Show what came in, what was there, and what could not be taken and why."""
    for name in result.already:
        print(f"{name} was imported already")
    if result.done_before:
        print(f"{counted(result.done_before, 'clip was', 'clips were')} imported already")
    what = f"{counted(result.clips, 'clip')}, {counted(result.frames, 'frame')}"
    print(f"{what}: {counts(result.statuses)}")
    for reason in result.refused[:MOST]:
        print(f"  left out: {reason}")
    print_failures(result.failures, workspace)
    print_labels(result.labels, result.unmatched_labels)
