"""extract: videos to keypoints."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from signpipe.commands.options import (
    FAILED_SOME,
    NOTHING_DONE,
    FileOption,
    LayoutOption,
    RedoOption,
    SetOption,
    WorkersOption,
    WorkspaceOption,
)
from signpipe.commands.output import (
    counts,
    print_failures,
    print_labels,
    print_listed,
    training_command,
)
from signpipe.progress import duration
from signpipe.settings import ExtractSettings, parse_changes, resolve
from signpipe.wording import counted
from signpipe.workspace import DEFAULT, Workspace

if TYPE_CHECKING:
    from signpipe.extraction.dataset_videos import DatasetSummary
    from signpipe.extraction.extract import ExtractResult


def extract(
    paths: Annotated[list[Path], typer.Argument(help="Videos, and folders to search for videos.")],
    workspace: WorkspaceOption = DEFAULT,
    dataset: Annotated[
        str | None,
        typer.Option(
            metavar="NAME",
            help="The path is this data set's folder: wlasl100 to 2000, msasl100 to 1000, slr500, "
            "nmfs_csl, lsa64, autsl, asl_citizen, elan, or csv for a table of your own.",
        ),
    ] = None,
    tier: Annotated[
        list[str] | None,
        typer.Option(help="With --dataset elan: whose annotations are clips; repeatable."),
    ] = None,
    signer_tier: Annotated[
        str | None,
        typer.Option(help="The tier that names signers; default: the tier's participant."),
    ] = None,
    normalise_glosses: Annotated[
        bool,
        typer.Option(
            "--normalise-glosses", help="ELAN's House-1* is HOUSE, and all pt:... (pointing) is PT."
        ),
    ] = False,
    vocabulary: Annotated[
        Path | None,
        typer.Option(
            help="ELAN: a file of the glosses that are clips, one a line, or gloss, comma, sign."
        ),
    ] = None,
    labels: Annotated[
        Path | None,
        typer.Option(help="A CSV file: path, label and, where known, signer and split."),
    ] = None,
    no_labels: Annotated[
        bool, typer.Option("--no-labels", help="Take no labels from folder names.")
    ] = False,
    layout: LayoutOption = None,
    workers: WorkersOption = None,
    scheduler: Annotated[
        str | None,
        typer.Option(metavar="ADDRESS", help="Let the workers of this Dask scheduler do it."),
    ] = None,
    shard: Annotated[
        str | None,
        typer.Option(metavar="I/N", help="Do only part I of N: one of several machines."),
    ] = None,
    timeout: Annotated[float, typer.Option(min=1, help="Seconds after which a clip fails.")] = 600,
    face: Annotated[bool, typer.Option("--face", help="Keep the face's landmarks too.")] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="Try again the clips that gave no landmarks.")
    ] = False,
    settings: FileOption = None,
    set_: SetOption = None,
    redo: RedoOption = False,
) -> None:
    """Videos to MediaPipe Holistic keypoints; a label is its folder's name, or from --labels.

    **Labels.** A labels file is a table with the columns `path`, `label` and, where known, `signer`
    and `split` (`train`, `val`, `test`). These columns of `clips.csv` in the workspace can be
    edited with a spreadsheet at any time, and columns of your own be added; they are overwritten
    only where `--labels` is given again.

    **Published data sets** are read by their own annotation files, put beside the videos as
    published: labels, signers, official splits, and each clip's own frames of a longer video.
    `signpipe extract --dataset wlasl100 ROOT` (also `wlasl300`, `wlasl1000`, `wlasl2000`;
    `msasl100`, `msasl200`, `msasl500`, `msasl1000`; `slr500`, `nmfs_csl`, `lsa64`, `autsl`,
    `asl_citizen`) names the missing videos in the workspace's `missing-wlasl100.csv` and tells
    which recordings occur under two labels or in two splits. `--dataset csv` reads your own table:
    `path`, and any of `label`, `signer`, `split`, `clip_id`, and `start` and `end` in seconds.

    **ELAN.** `signpipe extract --dataset elan FOLDER --tier NAME` makes a clip of every annotation
    of the tier, from the recordings in the folder that its `.eaf` files link.

    **Several machines** that see the videos and the workspace under the same paths:
    `signpipe extract VIDEOS --shard 3/8` does every eighth clip. Give 1/8 to 8/8 to eight jobs of a
    batch system, which run at the same time or one by one; then run it once without `--shard`,
    which checks the whole. Or `signpipe extract VIDEOS --scheduler tcp://10.0.0.1:8786` has the
    workers of a running Dask cluster do the work, with signpipe's extra `cluster` on each machine;
    every thread of a Dask worker extracts one clip at a time, in a process of its own.
    """
    from signpipe.datasets.elan import ElanTiers
    from signpipe.extraction import extract as stage
    from signpipe.extraction.shards import parse_shard

    elan = None
    if tier or signer_tier or normalise_glosses or vocabulary:
        elan = ElanTiers(tuple(tier or ()), signer_tier, normalise_glosses, vocabulary)
    part = parse_shard(shard) if shard else None
    changes = parse_changes(set_ or []) | ({"face": True} if face else {})
    result = stage.run(
        Workspace(workspace),
        paths,
        resolve(ExtractSettings, file=settings, changes=changes),
        dataset=dataset,
        elan=elan,
        labels=labels,
        folder_labels=not no_labels,
        layout=layout,
        workers=workers,
        scheduler=scheduler,
        shard=part,
        timeout=timeout,
        redo=redo,
        retry_failed=retry_failed,
    )
    show(result, workspace)
    print(training_command(workspace))
    if result.failures and len(result.failures) == result.clips:
        raise typer.Exit(NOTHING_DONE)
    if result.failures:
        raise typer.Exit(FAILED_SOME)


def show(result: "ExtractResult", workspace: Path) -> None:
    """Show what extract did, which clips failed and why."""
    done_now = result.clips - result.done_before
    if done_now:
        rate = f"{result.frames / max(result.seconds, 1e-9):.0f} frames/s"
        by = counted(result.workers, "worker") if result.workers else "a Dask cluster"
        print(
            f"{counted(done_now, 'clip')}, {counted(result.frames, 'frame')} in "
            f"{duration(result.seconds)} ({rate}, {by}) -> {workspace / 'keypoints'}"
        )
    if result.done_before:
        print(f"{counted(result.done_before, 'clip was', 'clips were')} done already")
    print(f"outcomes: {counts(result.statuses) or 'none, no clip falls to this shard'}")
    print_failures(result.failures, workspace)
    if result.dataset:
        _dataset(result.dataset)
    print_labels(result.labels, result.unmatched_labels)
    if result.left_out:
        clips = counted(result.left_out, "clip is", "clips are")
        print(f"{clips} left out of the clip table; signpipe forget --undo takes clips back")
    if result.left:
        left = counted(result.left, "clip is left", "clips are left")
        print(f"{left} to other shards; when these are done,")
    elif result.left is None:
        print("when the other shards are done, too,")


def _dataset(summary: "DatasetSummary") -> None:
    """Show what a data set's annotations say, and what is wrong with them or its files."""
    splits = ", ".join(f"{count} {name or 'no split'}" for name, count in summary.splits.items())
    print(f"{summary.name}: {splits}")
    if summary.missing:
        print(f"videos that are missing: {summary.missing}, listed in {summary.missing_list}")
    leaks = "recordings in several splits or under several labels"
    print_listed(leaks, summary.leaks, ", `signpipe report extraction` shows them")
    print_listed("entries of the annotations that are no good", summary.problems)
